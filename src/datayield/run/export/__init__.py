"""Trained encoders for use elsewhere: as files of other libraries, as features, as a module."""

from datayield.run.export.embed import Embedded, embed, embeddable
from datayield.run.export.frozen_encoder import FrozenEncoder, frozen_file, frozen_run
from datayield.run.export.image_features import kept_features
from datayield.run.export.network import Network, network_of, snippet
from datayield.run.export.write import ExportRequest, check_out, write_export

__all__ = [
    "Embedded",
    "ExportRequest",
    "FrozenEncoder",
    "Network",
    "check_out",
    "embed",
    "embeddable",
    "frozen_file",
    "frozen_run",
    "kept_features",
    "network_of",
    "snippet",
    "write_export",
]
