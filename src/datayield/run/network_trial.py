"""Whether timm's networks take images of a size, by trying: they alone know.

`python -m datayield.run.network_trial` reads uses as JSON and writes what is wrong with each, so
that a plan can ask without importing torch itself.
"""

import json
import sys
import warnings
from collections.abc import Sequence
from typing import NamedTuple


class NetworkUse(NamedTuple):
    """What is asked of a timm network: built for `built` px, to take images of `side` px."""

    name: str  # in timm
    built: int
    side: int
    tokens: bool  # as tokens that tile the image, for segmentation


def trials(uses: Sequence[NetworkUse]) -> list[str]:
    """What is wrong with each use, in a line; empty if it works. Random weights."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [_trial(use) for use in uses]


def _trial(use: NetworkUse) -> str:
    import torch

    from datayield.evals.segment import tiling
    from datayield.nets.encoder import build
    from datayield.spec.errors import DatayieldError
    from datayield.spec.run import EncoderSpec

    try:
        net = build(EncoderSpec(name=f"timm/{use.name}", size=use.built), 0).eval()
        images = torch.zeros(2, use.side, use.side, 3, dtype=torch.uint8)
        if use.tokens:
            tiling(net, images[:1].numpy())
        with torch.no_grad():
            shape = tuple(net(images.permute(0, 3, 1, 2).float()).shape)
    except DatayieldError as error:
        return f"{error.message} (it takes {error.allowed})" if error.allowed else error.message
    except Exception as error:  # any network may raise anything
        return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
    return "" if shape == (2, net.dim) else f"its features have the shape {shape[1:]}"


if __name__ == "__main__":
    asked = [NetworkUse(*use) for use in json.load(sys.stdin)]
    json.dump(trials(asked), sys.stdout)
