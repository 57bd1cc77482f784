"""An encoder as an ONNX file, which runs without torch: the optional extra `onnx`."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from datayield.spec.errors import UnexpectedError

FILE = "model.onnx"


def write_onnx(net: nn.Module, images: Tensor, path: Path) -> Tensor:
    """Write `net` to `path`, for any number of images; what ONNX Runtime makes of `images`.

    Input `images` [B, 3, S, S], output `features` [B, D], with the weights inside. Raises
    UnexpectedError if torch cannot translate the network.
    """
    import onnxruntime
    import onnxscript  # noqa: F401 - torch's exporter needs it, and says so less clearly

    try:
        torch.onnx.export(
            net,
            (images,),
            path,
            input_names=["images"],
            output_names=["features"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    except Exception as error:  # the exporter raises whatever its passes do
        raise UnexpectedError(
            "torch cannot write this network as ONNX",
            where=path.name,
            got=(str(error).splitlines() or [type(error).__name__])[0],
            hint="export it without --onnx",
        ) from error
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    out: Any = session.run(["features"], {"images": images.numpy()})[0]
    return torch.from_numpy(out)
