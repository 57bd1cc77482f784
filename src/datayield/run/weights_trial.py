"""Whether files of weights fit their encoders, by trying.

`python -m datayield.run.weights_trial` reads uses as JSON and writes what is wrong with each, so
that a plan can ask without importing torch itself.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from datayield.spec.run import PIXEL_STATISTICS, EncoderSpec, WeightsFile

FitAnswer = dict[str, Any]  # `problem`: parts of an error, or None; `notes`: lines


def weights_trials(uses: Sequence[tuple[Any, Any]]) -> list[FitAnswer]:
    """An answer for each pair of an encoder and a file, both as JSON."""
    return [_weights_trial(*use) for use in uses]


def _weights_trial(encoder: Any, file: Any) -> FitAnswer:
    from datayield.nets.encoder import build
    from datayield.nets.weights import load_weights
    from datayield.spec.errors import DatayieldError

    spec = EncoderSpec.model_validate(encoder, strict=False)
    try:
        net = build(spec, 0)
        told = [*load_weights(net, WeightsFile.model_validate(file, strict=False))]
    except DatayieldError as error:
        return {"problem": error.parts(), "notes": []}
    about = getattr(net.body, "pretrained_cfg", None) or {}
    return {"problem": None, "notes": [*told, *_other_statistics(spec, about)]}


def _other_statistics(spec: EncoderSpec, about: Any) -> list[str]:
    """A line where timm's own weights of the network expect images normalised otherwise."""
    theirs = tuple(about.get("mean") or ()), tuple(about.get("std") or ())
    ours = spec.normalise or "imagenet"
    if not all(theirs) or theirs == tuple(PIXEL_STATISTICS[ours]):
        return []
    known = [name for name, values in PIXEL_STATISTICS.items() if tuple(values) == theirs]
    means, deviations = (", ".join(f"{x:g}" for x in values) for values in theirs)
    return [
        f"timm's own weights of {spec.name} are for images of mean {means} and deviation "
        f"{deviations}, and these are normalised by {ours}"
        + (f": if the file is theirs, set encoder.normalise: {known[0]}" if known else "")
    ]


if __name__ == "__main__":
    json.dump(weights_trials([tuple(use) for use in json.load(sys.stdin)]), sys.stdout)
