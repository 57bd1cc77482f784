"""A trained encoder as a torch module with the preprocessing that it was evaluated with."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from datayield.augment.normalise import normalise
from datayield.data.decoded import decode
from datayield.evals.features import central
from datayield.nets.encoder import Encoder, build
from datayield.run.loop import load_weights_into, read_checkpoint
from datayield.spec.errors import DataError
from datayield.spec.run import Preprocessing, RunSpec
from datayield.store.exported import Exported
from datayield.store.folders import RunFolder

if TYPE_CHECKING:
    from PIL.Image import Image


class FrozenEncoder(nn.Module):
    """An encoder in evaluation mode: what `transform` returns, [B, 3, S, S] -> [B, features].

    `preprocessing` says what `transform` does; images of another size may be passed where the
    network takes them. Features are those that evaluations measured.
    """

    def __init__(self, encoder: Encoder, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.encoder, self.preprocessing = encoder, preprocessing
        self.features = encoder.dim
        self.eval()

    def forward(self, x: Tensor) -> Tensor:
        """Images [B, 3, S, S] as `transform` returns them -> features [B, features]."""
        features: Tensor = self.encoder(x)
        return features

    def transform(self, image: "Image | bytes | str | Path") -> Tensor:
        """A path, an encoded file or a Pillow image -> [3, S, S], decoded as for evaluations.

        They reduce a JPEG more than twice too large while decoding, which a Pillow image no longer
        allows: pass its path for the same pixels. Raises DataError for what is no image.
        """
        seen = self.preprocessing
        raw = Path(image).read_bytes() if isinstance(image, str | Path) else image
        decoded = decode(raw, seen.side, seen.fit)
        if isinstance(decoded, str):
            where = str(image) if isinstance(image, str | Path) else "the image"
            raise DataError(f"this image cannot be used: {decoded}", where=where)
        pixels = np.array(central(decoded.pixels[None], seen.size))
        return normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2))[0]


def frozen_run(
    spec: RunSpec, folder: RunFolder, share: float, preprocessing: Preprocessing
) -> FrozenEncoder:
    """The encoder of a run's checkpoint, on the CPU. Raises StoreError."""
    net = build(spec.encoder, spec.seed)
    kept = read_checkpoint(folder, spec.id, share)
    load_weights_into(net, kept["encoder"], folder.checkpoint(share))
    return FrozenEncoder(net, preprocessing)


def frozen_file(record: Exported, folder: Path) -> FrozenEncoder:
    """The encoder of an exported folder, on the CPU. Raises ConfigError for changed weights."""
    return FrozenEncoder(build(record.encoder, 0, record.weights(folder)), record.preprocessing)
