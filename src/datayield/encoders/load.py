"""An encoder ready to use: an exported folder's, or a study's."""

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from datayield.encoders.choice import study_encoder
from datayield.session import Session, open_study
from datayield.spec.errors import ConfigError
from datayield.spec.study import Overrides
from datayield.store.exported import exported, read_exported

if TYPE_CHECKING:  # the engine is imported only where weights are read
    from datayield.run.export import FrozenEncoder


class OpenedEncoder(NamedTuple):
    """An encoder ready to use, and what its features are filed under besides its weights."""

    module: "FrozenEncoder"
    identity: dict[str, Any]


def open_encoder(
    path_or_study: str | Path,
    run: str | None = None,
    evaluation: str | None = None,
    scale: str | None = None,
    store: Path | None = None,
    overrides: Overrides = MappingProxyType({}),
) -> OpenedEncoder:
    """An exported folder, or a study's encoder: see `load_encoder`."""
    folder = Path(path_or_study)
    if is_export(folder):
        if run is not None or evaluation is not None:
            raise ConfigError(
                "an exported folder holds one encoder, so there is none to choose",
                where="--run" if run is not None else "--eval",
                got=run if run is not None else evaluation,
                hint="name the study instead of the folder",
            )
        from datayield.run.export import frozen_file

        record = exported(folder)
        identity = {"run": record.run, "share": record.share}
        return OpenedEncoder(frozen_file(record, folder), identity)
    return loaded(
        open_study(str(path_or_study), scale, store, overrides=overrides), run, evaluation
    )


def loaded(session: Session, run: str | None, evaluation: str | None) -> OpenedEncoder:
    """A study's encoder: see `study_encoder`."""
    from datayield.run.export import frozen_run

    of = study_encoder(session, run, evaluation)
    module = frozen_run(of.spec, of.folder, of.share, of.preprocessing)
    return OpenedEncoder(module, {"run": of.spec.id, "share": of.share})


def load_encoder(
    path_or_study: str | Path,
    run: str | None = None,
    evaluation: str | None = None,
    scale: str | None = None,
    store: Path | None = None,
    overrides: Overrides = MappingProxyType({}),
) -> "FrozenEncoder":
    """An exported folder, or a study's encoder, as a torch module in evaluation mode on the CPU.

    Its `features` is their number, its `transform` makes an input of an image. `run` (ID or
    ID@SHARE) and `evaluation` are as for `study_encoder`: by default the checkpoint of the best
    validation score. `scale`, `store` and `overrides` are as for `open_study`. Raises ConfigError
    or StoreError.
    """
    return open_encoder(path_or_study, run, evaluation, scale, store, overrides).module


def is_export(name: str | Path) -> bool:
    """Whether it is an exported folder, and not a study."""
    return read_exported(Path(name)) is not None
