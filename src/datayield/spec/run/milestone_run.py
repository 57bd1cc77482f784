"""Which milestones of a run equal a complete run: only those are valid for a smaller budget.

At a milestone the learning rate of a cosine or of `wsd` has not decayed as it has at the end of a
run; at a constant rate on a trunk the milestone is bit-identical to the run of that budget.
"""

from datayield.spec.run.budget import Budget, steps_for
from datayield.spec.run.run import RunSpec


def run_at(run: RunSpec, share: float) -> RunSpec | None:
    """The run whose final state equals that of `run` at `share` of its budget, or None.

    `run` itself at share 1. Before that: for a constant schedule on a trunk, after warm-up, the run
    on the same trunk whose budget is that fraction of the images. Without a warm-up no trunk is
    needed where no step depends on the run's length. If the milestone's step is not that of the
    rounded images, the budget is the number of images presented by then.
    """
    step = round(share * run.steps)
    if step == run.steps:
        return run
    warm = run.optim.warmup * run.trunk_steps
    if run.optim.schedule != "constant" or step < max(1, warm):
        return None
    moves = warm > 0 or run.method.sees_t or run.optim.weight_decay_end is not None
    if run.optim.trunk is None and moves:
        return None
    images = round(share * run.images)
    if steps_for(images, run.batch) != step:
        images = step * run.batch
    budget = Budget(unit="images", amount=images)
    return RunSpec.model_validate({**run.model_dump(), "budget": budget.model_dump()})
