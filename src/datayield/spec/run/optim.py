"""How a run is optimised."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from datayield.spec.frozen import Frozen, unset_if
from datayield.spec.run.budget import Budget

# Options of an optimizer or a schedule that do not apply to the others.
_OPTIM_KNOBS = {
    "name": {
        "momentum": ("sgd", "lars"),
        "betas": ("adamw", "adam"),
        "eta": ("lars",),
        "trust_clip": ("lars",),
    },
    "schedule": {
        "final": ("cosine", "wsd"),
        "decay": ("wsd",),
        "milestones": ("step",),
        "gamma": ("step",),
    },
}
Share = Annotated[float, Field(ge=0, le=1)]


class OptimSpec(Frozen):
    """Optimizer and schedule. `lr` is used as written: it is not rescaled with batch or views.

    `warmup` and `milestones` are fractions of the budget. `adam` adds weight decay to the gradient,
    as L2; `adamw` decays the weight directly. Options of other optimizers or schedules are errors.

    `trunk` is a length common to all nested budgets, of which `warmup` is then a fraction: runs
    that differ only in budget take the same steps until the shorter one decays (`wsd`) or ends
    (`constant`), so the longer can start from its state. `decay` is a fraction of the run's own
    budget.
    """

    name: Literal["adamw", "adam", "sgd", "lars"] = "adamw"
    lr: float = Field(gt=0)
    bias_lr: float = Field(1.0, gt=0, description="factor on lr for biases and norms")
    weight_decay: float = Field(0.0, ge=0)
    weight_decay_end: float | None = Field(
        None, ge=0, description="at t = 1, on half a cosine from weight_decay; None: constant"
    )
    momentum: float = Field(0.9, ge=0, lt=1)
    betas: tuple[float, float] = (0.9, 0.999)
    eta: float = Field(0.02, gt=0, description="LARS trust coefficient")
    trust_clip: bool = Field(True, description="LARS: lr is an upper bound, not a factor")
    schedule: Literal["cosine", "constant", "wsd", "step"] = "cosine"
    warmup: float = Field(0.05, ge=0, lt=1)
    final: float = Field(0.0, ge=0, le=1, description="final lr as a fraction of lr")
    milestones: tuple[Share, ...] = ()
    gamma: float = Field(0.1, gt=0, description="factor on lr at each milestone")
    decay: float | None = Field(
        None, gt=0, lt=1, description="fraction of the run at its end; None: 0.2"
    )
    trunk: Budget | None = None
    clip: float | None = Field(None, gt=0, description="maximum gradient norm")
    clip_per: Annotated[Literal["model", "parameter"] | None, unset_if("model")] = Field(
        None, description="clip the norm of all gradients, or of each parameter's (DINO)"
    )

    @model_validator(mode="after")
    def _what_applies(self) -> "OptimSpec":
        fields = type(self).model_fields
        for part, knobs in _OPTIM_KNOBS.items():
            chosen = getattr(self, part)
            for knob, owners in knobs.items():
                if chosen not in owners and getattr(self, knob) != fields[knob].default:
                    raise ValueError(f"{knob} applies to {' and '.join(owners)}, not to {chosen}")
        if self.weight_decay_end is not None and not self.weight_decay:
            raise ValueError("weight_decay_end needs a weight_decay to start from, above 0")
        if self.clip_per is not None and self.clip is None:
            raise ValueError("clip_per needs clip, the largest norm, for example clip: 3.0")
        if self.trunk is not None:
            self._check_trunk()
        if self.schedule == "step":
            steps = (self.warmup, *self.milestones)
            if len(steps) == 1 or any(a >= b for a, b in pairwise(steps)):
                raise ValueError("step needs milestones, rising shares of the run after warmup")
        return self

    def _check_trunk(self) -> None:
        if self.schedule not in ("constant", "wsd"):
            raise ValueError(
                "trunk: the rate must not depend on the run's own budget before it ends or "
                f"decays, as with schedule constant or wsd; with {self.schedule} it does"
            )
        if self.weight_decay_end is not None:
            raise ValueError(
                "trunk: the weight decay at a step depends on the run's own budget with "
                "weight_decay_end; leave it out"
            )
        if self.schedule == "wsd" and self.decay is None:
            raise ValueError(
                "trunk: wsd must say its decay, the share of the run's own budget in which it "
                "leaves the trunk, for example decay: 0.2"
            )
