"""Bytes and files that a plan will use on disk: decoded images, checkpoints, one run's state."""

from datayield.spec.run import (
    JointEmbedding,
    Listings,
    RunSpec,
    SimMIMSpec,
    SupervisedSpec,
    decoder_macs,
    encoder_dim,
    encoder_params,
)
from datayield.store.plan import Plan


def decoded_bytes(plan: Plan, listings: Listings) -> int:
    """Pixels of every split that the plan's tasks read, at each size; stored in the cache."""
    wanted = set()
    for task in plan.todo:
        if isinstance(task.spec, RunSpec):
            for _, part in task.spec.data.members:
                wanted |= {(part.dataset, part.split, part.size, part.fit), *part.compared}
        for _, ev in task.pending:
            wanted |= {(ev.dataset, split, ev.decoded_side, ev.fit) for split in ev.splits}
    return sum(
        listings[dataset, split].images * size * size * 3
        for dataset, split, size, _ in wanted
        if (dataset, split) in listings
    )


def checkpoint_bytes(plan: Plan) -> int | None:
    """Encoders and projectors kept in the store, and the largest state of a running run."""
    kept, largest = 0, 0
    for task in plan.todo:
        if isinstance(task.spec, RunSpec) and task.share_left > 0:
            params, dim = encoder_params(task.spec.encoder), encoder_dim(task.spec.encoder)
            if params is None or dim is None:
                return None
            moments = 3 if task.spec.optim.name in ("adamw", "adam") else 2
            method, evaluated = task.spec.method, params
            if isinstance(method, SimMIMSpec):  # one token's worth: weights are shared
                head = decoder_macs(task.spec.encoder, task.spec.encoder.stride or 0) or 0.0
            elif isinstance(method, SupervisedSpec):
                head = dim * method.classes
            else:
                head = method.head_macs(dim)
                evaluated += method.layer_macs(dim)
            numbers = moments * (params + round(head))
            if isinstance(method, JointEmbedding) and method.has_teacher:  # a copy without moments
                numbers += params + round(method.projector_macs(dim))
            kept += 4 * evaluated * len(task.shares)
            if task.part is not None:  # until the last run of the trunk has started
                kept += 4 * numbers * len(task.part.leaves)
            largest = max(largest, 4 * numbers)
    return kept + largest


def least_files(plan: Plan) -> int:
    """Files that the plan will add to the store at least, without the report."""
    count = 0
    for task in plan.todo:
        count += len(task.pending)
        if task.share_left == 1.0:  # its folder, checkpoints and their folder, log, cost
            count += len(task.shares) + 4
    return count
