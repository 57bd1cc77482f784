"""Images chosen by their features instead of drawn at random: the setting `select` of a part."""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from datayield.spec.bounds import Count, DatasetName, Side, SplitName
from datayield.spec.environment import data_dir
from datayield.spec.errors import nearest
from datayield.spec.frozen import Frozen
from datayield.spec.run.encoder import ENCODERS

WAYS = ("random", "diverse", "near_target")
MOST_POOL = 100_000  # images that are chosen from, unless a pool is stated
FEATURES = "pixels, untrained:<encoder>, timm/<name>, inception, weights:<file>"
_WITH_WEIGHTS = ("timm/", "weights:")


def _known_features(name: str) -> str:
    if name.startswith("untrained:"):
        base = name.removeprefix("untrained:").partition("?")[0]
        if base in ENCODERS:
            return name
        near = nearest(base, ENCODERS)
        guess = f"; did you mean untrained:{near}?" if near else ""
        raise ValueError(f"unknown encoder {base!r}{guess} (allowed: {', '.join(ENCODERS)})")
    if name.startswith("weights:") and not feature_options(name).get("encoder"):
        raise ValueError(
            f"{name!r} needs the network that the file belongs to, for example "
            f"{name.partition('?')[0]}?encoder=timm/<name>"
        )
    if name in ("pixels", "inception") or name.startswith(_WITH_WEIGHTS):
        return name
    near = nearest(name, ["pixels", "inception", *(f"untrained:{each}" for each in ENCODERS)])
    guess = f"; did you mean {near!r}?" if near else ""
    raise ValueError(f"unknown features {name!r}{guess} (allowed: {FEATURES})")


def feature_options(name: str) -> dict[str, Any]:
    """The options after `?` in the name of a feature network; digits are whole numbers."""
    return {
        key: int(value) if value.isdigit() else value
        for key, value in parse_qsl(name.partition("?")[2], keep_blank_values=True)
    }


FeatureName = Annotated[str, Field(max_length=2000), AfterValidator(_known_features)]


class Target(Frozen):
    """The images that a task trains on, which `near_target` stays near. Never those it tests on.

    `fingerprint` identifies them by their contents, if they were found: it then stands for dataset
    and split.
    """

    dataset: DatasetName
    split: SplitName = "train"
    fingerprint: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"dataset": value} if isinstance(value, str) else value


class Curation(Frozen):
    """How a part's images are chosen from its pool. Uses no labels; a smaller count is a prefix.

    `diverse` spreads them over the pool; `near_target` takes those nearest to the images of
    `target`. `features` names what images are compared by, computed at `size` px (that of the
    part, unless stated). `pool`: choose from that many first images of the part's own order, the
    whole split (100,000 images at most) unless stated. `weights`: the SHA-256 of the file that
    `features` names, if it names one.
    """

    by: Literal["diverse", "near_target"]
    features: FeatureName = "pixels"
    target: Target | None = None
    pool: Count | None = None
    size: Side | None = None
    weights: str | None = None

    @model_validator(mode="after")
    def _target_where_needed(self) -> "Curation":
        if (self.by == "near_target") != (self.target is not None):
            raise ValueError(
                "select: near_target needs the dataset of a task, for example "
                "{by: near_target, target: cifar10}"
                if self.target is None
                else f"select: {self.by} takes no target; near_target does"
            )
        return self

    @property
    def timm_name(self) -> str | None:
        """The network of timm that computes the features, by its name there; None for others."""
        name = str(feature_options(self.features).get("encoder", self.features))
        return name.removeprefix("timm/") if name.startswith("timm/") else None

    @property
    def words(self) -> str:
        """Readable form: "near_target cifar10 (untrained:convnet, pool 32000)"."""
        near = "" if self.target is None else f" {self.target.dataset}"
        if self.target is not None and self.target.split != "train":
            near += f" {self.target.split}"
        stated = [
            "" if self.features == "pixels" else self.features,
            "" if self.size is None else f"{self.size} px",
            "" if self.pool is None else f"pool {self.pool}",
        ]
        others = ", ".join(filter(None, stated))
        return f"{self.by}{near} ({others})" if others else f"{self.by}{near}"


def _from_short(value: Any) -> Any:
    """`diverse` as `{by: diverse}`; `random` is the same as no `select`."""
    said = {"by": value} if isinstance(value, str) else value
    if not isinstance(said, dict | Curation | None):
        raise ValueError(
            f"images are chosen by one of {', '.join(WAYS)}, or by a mapping, for example "
            "{by: diverse, pool: 2000}"
        )
    if isinstance(said, dict) and said.get("by", WAYS[0]) not in WAYS:
        raise PydanticCustomError(  # as pydantic words it, with the way that is none of its own
            "literal_error", "unknown way", {"expected": ", ".join(WAYS), "tag": str(said["by"])}
        )
    if isinstance(said, dict) and said.get("by") == "random":
        if len(said) > 1:
            raise ValueError("select: random draws by the seed and takes no other setting")
        return None
    return said


Select = Annotated[Curation | None, BeforeValidator(_from_short)]


def select_words(value: Any) -> str:
    """A value of `select` as written, in words: "random" for what is drawn by the seed."""
    said = _from_short(value)
    return "random" if said is None else Curation.model_validate(said, strict=False).words


def weights_file_digest(features: str) -> str | None:
    """SHA-256 of the file that `features` names; None if it names none, or it is not found.

    A relative path is taken from this folder or from DATAYIELD_DATA.
    """
    if not features.startswith("weights:"):
        return None
    path, home = Path(features.removeprefix("weights:").partition("?")[0]), data_dir()
    for there in (path, home / path if home else path):
        with suppress(OSError), there.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return None
