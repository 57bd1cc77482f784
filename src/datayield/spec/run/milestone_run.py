"""Which milestones of a run are runs in their own right: only those may stand for a smaller budget.

The learning rate of a cosine has not come down at a milestone as it has at the end of a run, nor
that of `wsd`; at a constant rate on a trunk it is, bit for bit, the run of that budget.
"""

from datayield.spec.run.budget import Budget, steps_for
from datayield.spec.run.run import RunSpec


def run_at(run: RunSpec, share: float) -> RunSpec | None:
    """The run that ends as `run` stands at `share` of its budget, or None where none does.

    `run` itself at share 1. Before that: for a constant schedule on a trunk, past its warm-up, the
    run of the same trunk whose budget is that share of the images. Without a warm-up it needs no
    trunk: no step knows how long the run is. Where the step of the milestone is not that of the
    rounded images, the budget is what had been presented.
    """
    step = round(share * run.steps)
    if step == run.steps:
        return run
    warm = run.optim.warmup * run.trunk_steps
    if run.optim.schedule != "constant" or step < max(1, warm):
        return None
    if run.optim.trunk is None and (warm > 0 or run.method.sees_t):
        return None
    images = round(share * run.images)
    if steps_for(images, run.batch) != step:
        images = step * run.batch
    budget = Budget(unit="images", amount=images)
    return RunSpec.model_validate({**run.model_dump(), "budget": budget.model_dump()})
