"""What an exported folder says of itself, so that datayield can use it again."""

from pathlib import Path

from pydantic import Field, ValidationError

from datayield.spec.atomic_files import read_json
from datayield.spec.errors import ConfigError
from datayield.spec.frozen import Frozen
from datayield.spec.run import WEIGHTS_NAME, EncoderSpec, Preprocessing, WeightsFile

RECORD = "datayield.json"


class Exported(Frozen):
    """The encoder of a run at a share of its budget, as files. `encoder` builds it here."""

    schema_version: int = 1
    datayield: str = Field(description="version that wrote it")
    run: str
    share: float
    evaluation: str = Field(description="whose preprocessing it has; empty: that of training")
    hub: str = Field(description="name of the repository that the folder is prepared as, if any")
    encoder: EncoderSpec
    preprocessing: Preprocessing
    features: int
    parameters: int
    timm_loads: bool = Field(description="whether timm builds and loads it from the folder alone")
    sha256: str = Field(description="of the weights file")
    difference: float = Field(
        description="largest difference from the run's features over the largest feature, of the "
        "network that other libraries load"
    )
    onnx_difference: float | None = Field(description="the same of model.onnx, if there is one")

    def weights(self, folder: Path) -> WeightsFile:
        """The file of weights, known by its bytes."""
        return WeightsFile(weights=str((folder / WEIGHTS_NAME).absolute()), sha256=self.sha256)


def read_exported(folder: Path) -> Exported | None:
    """The record of an exported folder; None for any other folder.

    Raises ConfigError if the record cannot be read.
    """
    path = folder / RECORD
    if not path.is_file():
        return None
    try:
        return Exported.model_validate(read_json(path), strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(
            "this is no record of an exported encoder",
            where=str(path),
            got=f"{'.'.join(map(str, first['loc'])) or 'content'}: {first['msg']}",
            hint="export the encoder again into another folder",
        ) from None


def exported(folder: Path) -> Exported:
    """As `read_exported`. Raises ConfigError for any other folder, and for changed weights."""
    record = read_exported(folder)
    if record is None:
        raise ConfigError(
            "this folder holds no exported encoder",
            where=str(folder),
            got=f"no {RECORD}",
            hint="datayield export STUDY OUT writes one",
        )
    record.weights(folder).found()
    return record
