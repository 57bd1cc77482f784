"""Published weights in a study: as a start (`init: {weights: FILE}`), and as a baseline."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from datayield.spec.errors import ConfigError
from datayield.spec.frozen import Frozen
from datayield.spec.run import BaselineSpec, EncoderSpec, Raw, WeightsFile, with_digest
from datayield.spec.study.cell import Cell
from datayield.spec.study.shorthands import filled_in, run_spelled_out
from datayield.spec.validate import validated


class WeightsBaseline(Frozen):
    """`{weights: FILE}` among a study's baselines: the encoder of that file, without training.

    With an `encoder`, images are read at the size of that, whatever the side at which the runs are
    evaluated. Without one, it is the study's own, of which there must be one, at the side of each
    evaluation.
    """

    weights: str
    sha256: str | None = None
    encoder: EncoderSpec | None = None


def is_weights(init: Any) -> TypeGuard[Raw]:
    """Whether a value of `init`, as written, names a file of weights."""
    return isinstance(init, dict) and "weights" in init


def weights_of(init: Raw, folder: Path | None, where: str) -> Raw:
    """`{weights: FILE}` as `RunSpec.init` holds it. Raises ConfigError."""
    return validated(WeightsFile, with_digest(init, folder), where=where).model_dump()


def baselines_spelled_out(entries: Any, base: Any) -> Any:
    """The study's `baselines`, their encoders without shorthands. Keeps what has no meaning."""
    if not isinstance(entries, list):
        return entries
    data = base.get("data") if isinstance(base, dict) else None
    return [_spelled_out(each, data) if isinstance(each, dict) else each for each in entries]


def _spelled_out(entry: Raw, data: Any) -> Raw:
    raw = {**run_spelled_out(entry), "data": data}
    filled_in(raw)
    return {key: value for key, value in raw.items() if key != "data"}


def with_digests(
    entries: Iterable[WeightsBaseline], folder: Path | None
) -> tuple[WeightsBaseline, ...]:
    """The entries with their files located, and with the digest of each that is there."""
    return tuple(
        each.model_copy(update=with_digest(each.model_dump(exclude={"encoder"}), folder))
        for each in entries
    )


def file_baselines(
    entries: Sequence[WeightsBaseline], cells: Sequence[Cell], folder: Path | None
) -> list[BaselineSpec]:
    """A baseline for each file of weights: those that the study lists, and those of its starts.

    Raises ConfigError for an entry without an encoder in a study of several.
    """
    made = [
        BaselineSpec(name="weights", encoder=cell.run.encoder, weights=cell.run.init)
        for cell in cells
        if isinstance(cell.run.init, WeightsFile)
    ]
    own = dict.fromkeys(cell.run.encoder for cell in cells)
    for i, entry in enumerate(entries):
        where = f"baselines.{i}"
        encoder = entry.encoder or _only(own, where)
        written = entry.model_dump(include={"weights", "sha256"}, exclude_none=True)
        raw = {"name": "weights", "encoder": encoder.model_dump(mode="json")}
        raw["weights"] = weights_of(written, folder, where)
        made.append(validated(BaselineSpec, raw, where=where))
    return [*{spec.id: spec for spec in made}.values()]


def _only(encoders: Iterable[EncoderSpec], where: str) -> EncoderSpec:
    first, *others = encoders
    if others:
        raise ConfigError(
            "a baseline of weights needs an encoder, since the study has several",
            where=f"{where}.encoder",
            allowed=", ".join(dict.fromkeys(each.name for each in (first, *others))),
            hint="state the encoder that the file belongs to",
        )
    return first
