"""One run: everything that determines the result of a pretraining, and nothing else."""

from collections.abc import Iterator
from functools import cache, cached_property
from typing import Literal

from pydantic import Field, model_validator

from datayield.spec.bounds import Seed
from datayield.spec.frozen import Frozen
from datayield.spec.identity import VERSIONS, canonical, digest_of_text, versioned_digest
from datayield.spec.run.budget import Budget, steps_for
from datayield.spec.run.encoder import EncoderSpec, loadable, published
from datayield.spec.run.method import MethodSpec, SimMIMSpec, SupervisedSpec
from datayield.spec.run.optim import OptimSpec
from datayield.spec.run.subset import Data, Mixture
from datayield.spec.run.views import ViewSpec
from datayield.spec.run.weights_file import WeightsFile


class Stage(Frozen):
    """An earlier run, whose final encoder a run starts from."""

    run: "RunSpec"


class RunSpec(Frozen):
    """A pretraining. `id` is a digest of all fields and of the versions of the components used.

    `init: pretrained` starts from timm's published weights for the encoder; a `WeightsFile` from
    those in a file; a `Stage` from the final weights of another run, which a study writes as
    differences from its base.
    """

    data: Data
    encoder: EncoderSpec
    method: MethodSpec
    views: tuple[ViewSpec, ...] = Field(min_length=1)
    optim: OptimSpec
    batch: int = Field(256, ge=2, le=1_000_000)
    precision: Literal["fp32", "bf16"] = "fp32"
    budget: Budget
    seed: Seed = 0
    init: Literal["pretrained"] | Stage | WeightsFile | None = None

    @model_validator(mode="after")
    def _stages_fit(self) -> "RunSpec":
        if isinstance(self.init, Stage):
            before = self.init.run.encoder
            # How tokens are pooled does not affect the weights.
            if before.model_copy(update={"pool": None}) != self.encoder.model_copy(
                update={"pool": None}
            ):
                raise ValueError(
                    "init: the run to start from must train the same encoder, not "
                    f"{_written(before)} where this one is {_written(self.encoder)}"
                )
        return self

    @model_validator(mode="after")
    def _weights_are_published(self) -> "RunSpec":
        if self.init == "pretrained":
            published(self.encoder)
        elif isinstance(self.init, WeightsFile):
            loadable(self.encoder)
        return self

    @model_validator(mode="after")
    def _views_fit(self) -> "RunSpec":
        least = self.method.min_views
        if self.view_count < least:
            raise ValueError("a joint-embedding method needs at least two views of an image")
        if self.view_count > 16:
            raise ValueError(f"{self.method.name} takes {least} to 16 views, not {self.view_count}")
        sizes = [view.size for view in self.views]
        if len(set(sizes)) > 1:
            self._crops_fit(sizes)
        if self.encoder.is_vit and sizes[0] != self.encoder.size:
            raise ValueError(
                f"views of {sizes[0]} px, but the positions of {self.encoder.name} are laid out "
                f"for encoder.size = {self.encoder.size}"
            )
        return self

    @model_validator(mode="after")
    def _labels_mean_one_thing(self) -> "RunSpec":
        if isinstance(self.method, SupervisedSpec) and isinstance(self.data, Mixture):
            raise ValueError(
                "supervised learns from the labels of one dataset, and data is a mixture of "
                f"{', '.join(name for name, _ in self.data.members)}: name one dataset, with "
                "classes where only some are wanted"
            )
        return self

    @model_validator(mode="after")
    def _masks_fit(self) -> "RunSpec":
        if isinstance(self.method, SimMIMSpec):
            mask, stride = self.method.mask_patch, self.encoder.stride
            if stride is None:
                raise ValueError(f"simmim does not support the tokens of {self.encoder.name}")
            if mask % stride:
                part = "patch" if self.encoder.is_vit else "stride of the last map"
                raise ValueError(
                    f"method.mask_patch {mask} is not a multiple of {stride} px, the {part} of "
                    f"{self.encoder.name}"
                )
            for size in sorted({view.size for view in self.views}):
                if size % mask:
                    raise ValueError(f"views of {size} px do not divide into mask_patch {mask}")
                cells = (size // mask) ** 2
                if self.method.ratio * cells > cells - 1:
                    raise ValueError(
                        f"method.ratio {self.method.ratio} hides all of a view: {size} px are "
                        f"{cells} squares of mask_patch {mask}; lower one of them"
                    )
        return self

    @model_validator(mode="after")
    def _trunk_is_shared(self) -> "RunSpec":
        trunk = self.optim.trunk
        if trunk is None:
            return self
        if self.method.sees_t:
            raise ValueError(
                f"optim.trunk: what {self.method.name} does at a step depends on the share of its "
                "own budget that is spent, so runs of different budgets do not take the same steps"
            )
        if trunk.unit == self.budget.unit == "images":  # resolved
            if self.trunk_steps < self.steps:
                raise ValueError(
                    f"optim.trunk: {trunk.label()} is less than the budget of the run, "
                    f"{self.budget.label()}; give the largest budget or more"
                )
            if (warmup := self.optim.warmup * self.trunk_steps) > self.shared_steps:
                raise ValueError(
                    f"optim.warmup: {warmup * self.batch:,.0f} images of the trunk, but the run "
                    f"leaves it after {self.shared_steps * self.batch:,}"
                )
        return self

    def _crops_fit(self, sizes: list[int]) -> None:
        """Check views of several sizes: whether the method accepts them, and their order."""
        if not self.method.takes_crops:
            raise ValueError(f"{self.method.name} takes views of one size, not {sizes}")
        if sizes != sorted(sizes, reverse=True) or self.large_views < 2:
            raise ValueError(
                f"{self.method.name} takes two large views or more, then smaller ones, not {sizes}"
            )
        if self.encoder.patch and any(size % self.encoder.patch for size in sizes):
            raise ValueError(
                f"the sizes of views must be multiples of patch {self.encoder.patch}, not {sizes}"
            )

    @property
    def view_count(self) -> int:
        """Views made of each image."""
        return sum(view.count for view in self.views)

    @property
    def large_views(self) -> int:
        """The number of views as large as the first: all except multi-crop's small crops."""
        return sum(view.count for view in self.views if view.size == self.views[0].size)

    @property
    def before(self) -> "RunSpec | None":
        """The run whose encoder this one starts from."""
        return self.init.run if isinstance(self.init, Stage) else None

    @property
    def chain(self) -> "tuple[RunSpec, ...]":
        """The runs that must be executed in sequence, this one last."""
        return (*(self.before.chain if self.before else ()), self)

    @property
    def label(self) -> str | None:
        """The label column that the objective learns from; None if it uses no labels."""
        return self.method.label if isinstance(self.method, SupervisedSpec) else None

    @property
    def images(self) -> int:
        """Images requested. Only defined for specs resolved by a study, with a budget in images."""
        if self.budget.unit != "images":
            raise ValueError(f"the budget is in {self.budget.unit}; resolve it to images first")
        return round(self.budget.amount)

    @property
    def steps(self) -> int:
        """Optimizer steps of the whole run."""
        return steps_for(self.images, self.batch)

    @property
    def trunk_steps(self) -> int:
        """Optimizer steps of the trunk; of the run if it has none."""
        trunk = self.optim.trunk
        return self.steps if trunk is None else steps_for(round(trunk.amount), self.batch)

    @property
    def shared_steps(self) -> int:
        """Steps in common with every longer run on the same trunk; 0 if it has none."""
        if self.optim.trunk is None:
            return 0
        if self.optim.decay is None:  # constant
            return self.steps
        return min(self.steps - 1, round((1 - self.optim.decay) * self.steps))

    @cached_property
    def trunk(self) -> str | None:
        """Digest of all that determines the shared steps: equal for runs that share them."""
        if self.optim.trunk is None:
            return None
        kept = self.model_dump(mode="json", exclude_none=True, exclude={"budget"})
        for own in ("schedule", "decay", "final"):
            kept["optim"].pop(own, None)
        return versioned_digest("trunk", kept, self._versions)

    @cached_property
    def id(self) -> str:
        """12 hex digits: equal for equal work, different for anything that could differ.

        Unset options (None) are not part of it, so an option added later changes no older id.
        """
        text = ",".join(f"{key}:{text}" for key, text in self._texts())  # equals `content_text`
        return digest_of_text("run", f"{{{text}}}", self._versions)

    def _texts(self) -> Iterator[tuple[str, str]]:
        """Canonical JSON of each field; a part caches its own, and runs share parts."""
        for name, key in _keys(type(self)):
            value = getattr(self, name)
            if isinstance(value, Frozen):
                yield key, value.content_text
            elif isinstance(value, tuple):
                yield key, f"[{','.join(view.content_text for view in value)}]"
            elif value is not None:
                yield key, canonical(value)

    @property
    def _versions(self) -> dict[str, int]:
        """Versions of every component of the run: a change in any of them changes its numbers."""
        parts = ["subset", "order", "views", "encoder", "optim", "loop"]
        for run in self.chain:
            if isinstance(run.init, WeightsFile):
                parts.append("weights")
            if isinstance(run.data, Mixture):
                parts.append("mixture")
            if any(member.classes is not None for _, member in run.data.members):
                parts.append("classes")
            if chosen := [s for _, part in run.data.members if (s := part.select) is not None]:
                pixels = any(select.features == "pixels" for select in chosen)
                parts += ["curation", "pixels"] if pixels else ["curation"]
        methods = {run.method.name: run.method.version for run in self.chain}
        return {part: VERSIONS[part] for part in parts} | methods


@cache
def _keys(spec: "type[RunSpec]") -> tuple[tuple[str, str], ...]:
    """The fields, each with its name as canonical JSON, in the order of that."""
    return tuple((name, canonical(name)) for name in sorted(spec.model_fields))


def _written(encoder: EncoderSpec) -> str:
    return ", ".join(f"{k}={v}" for k, v in encoder.model_dump(exclude_none=True).items())


class BaselineSpec(Frozen):
    """What pretraining must beat: the encoder before pretraining, or raw pixels.

    `untrained` is the encoder initialised by `seed`, `pretrained` the one with timm's weights
    (seed 0, unused), `weights` the one with those of a file (seed 0, unused). `pixels` features are
    the image averaged down to 16 x 16, flattened.
    """

    name: Literal["untrained", "pretrained", "weights", "pixels"]
    encoder: EncoderSpec | None = None
    seed: Seed = 0
    weights: WeightsFile | None = None

    @model_validator(mode="after")
    def _encoder_where_needed(self) -> "BaselineSpec":
        if (self.name == "pixels") != (self.encoder is None):
            raise ValueError("a pixels baseline takes no encoder; every other baseline needs one")
        if (self.name == "weights") != (self.weights is not None):
            raise ValueError("only a weights baseline takes a file of weights, and it needs one")
        if self.weights is not None and self.encoder is not None:
            loadable(self.encoder)
        return self

    @property
    def start(self) -> Literal["pretrained"] | WeightsFile | None:
        """The published weights that the encoder has, as `RunSpec.init` names them."""
        return "pretrained" if self.name == "pretrained" else self.weights

    @cached_property
    def id(self) -> str:
        """Like `RunSpec.id`; the untrained encoder is shared by all methods with that seed."""
        parts = (self.name,) if self.encoder is None else ("encoder", self.name)
        kept = self.model_dump(mode="json", exclude_none=True)
        return versioned_digest("baseline", kept, {part: VERSIONS[part] for part in parts})
