"""What to write instead of a budget in time: the images that it is enough for on this machine.

A budget is never read as a time. Of nine runs of one kind on one machine the fastest was four times
as fast as the slowest, and others differed by twelve, as other work came and went: a study would
mean other runs at each plan.
"""

from datayield.spec.errors import ConfigError
from datayield.spec.study import TimeBudgetError
from datayield.store.estimate import likely_device, pretraining
from datayield.store.format import duration
from datayield.store.speeds import Speeds, kind_of


def in_images(error: TimeBudgetError, device: str) -> ConfigError:
    """The error with the budget to write, by the speed of such a run, or how to come by that."""
    kind = likely_device() if device == "auto" else device.partition(":")[0]
    one_step = pretraining(error.run, 1.0, Speeds(kind_of(kind)))
    if one_step is None or one_step.basis == "scaled":  # may miss by a factor of 4 and more
        error.hint = (
            "state images, any for now: datayield plan --measure times the run, and this message "
            f"then says how many are {duration(error.seconds)} on this machine"
        )
        return error
    step = error.run.steps * error.run.batch
    shown = one_step.likely, one_step.high, one_step.low
    likely, low, high = (float(f"{error.seconds / s * step:.3g}") for s in shown)
    measured = "in earlier runs" if one_step.basis == "runs" else "measured"
    error.hint = (
        f"write budget: {{images: {likely:.0f}}}, which take {duration(error.seconds)} at "
        f"{step / one_step.likely:,.0f} images/s, {measured} on this machine "
        f"({low:,.0f} to {high:,.0f} are possible)"
    )
    return error
