"""An encoder of each family that is exported, small enough for tests, and its card's snippet."""

import re
from pathlib import Path

from datayield.nets.encoder import build
from datayield.run.export import ExportRequest, FrozenEncoder, snippet, write_export
from datayield.run.export.network import Network
from datayield.spec.run import EncoderSpec, preprocessing
from datayield.store.exported import Exported

FAMILIES = {
    "convnet": EncoderSpec(name="convnet", size=32, width=8),
    "convnet_half": EncoderSpec(name="convnet", size=32, width=4, normalise="half"),
    "resnet18_imagenet": EncoderSpec(name="resnet18", stem="imagenet", size=32),
    "resnet18_cifar": EncoderSpec(name="resnet18", stem="cifar", size=32),
    "resnet18_cifar_pad2": EncoderSpec(name="resnet18", stem="cifar_pad2", size=32),
    "vit_tiny": EncoderSpec(name="vit_tiny", patch=8, size=32),
    "vit_tiny_avg": EncoderSpec(name="vit_tiny", patch=8, size=32, pool="avg"),
    "viny": EncoderSpec(name="viny", patch=8, size=32, width=32),
    "timm_sized": EncoderSpec(name="timm/test_vit", size=64),
    "timm_any_size": EncoderSpec(name="timm/test_resnet", size=64),
}


def frozen(spec: EncoderSpec, seed: int = 3) -> FrozenEncoder:
    """The encoder with random weights."""
    return FrozenEncoder(build(spec, seed), preprocessing(spec, spec.size, "crop"))


def card_of(record: Exported, network: Network) -> str:
    """A card with nothing but the snippet."""
    lines = "\n".join(snippet(network, record.preprocessing))
    return f"```python\n{lines}\n```\n"


def export(spec: EncoderSpec, out: Path, onnx: bool = False) -> Exported:
    """Write the encoder with random weights to `out`."""
    request = ExportRequest("0" * 12, 1.0, "", onnx=onnx)
    return write_export(out, request, spec, frozen(spec), card_of)


def snippet_in(folder: Path) -> str:
    """The Python of the folder's card."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return str(code)
