"""Each family of encoders, exported: what it loads strictly into, and how far its features are off.

    OMP_NUM_THREADS=1 python benchmarks/exported.py [--onnx] [--photos FOLDER] [--families NAME ...]

One JSON line per family, with random weights: the largest difference from the encoder's own
features over the largest feature, of the network that the model card builds (compared when it is
exported, on noise), of model.onnx in ONNX Runtime (with --onnx), and the megabytes of the weights.
With --photos, one line more: on those image files, the largest and the median difference of the
features when timm's transform reads the image instead of ours, as the distance over the length.
"""

import argparse
import json
import tempfile
from pathlib import Path

import torch
from PIL import Image

from datayield.nets.encoder import build
from datayield.run.export import ExportRequest, FrozenEncoder, network_of, write_export
from datayield.spec.run import EncoderSpec, preprocessing

SIDE = 64
FAMILIES = {
    "convnet": EncoderSpec(name="convnet", size=SIDE),
    "resnet18, stem imagenet": EncoderSpec(name="resnet18", stem="imagenet", size=SIDE),
    "resnet18, stem cifar": EncoderSpec(name="resnet18", stem="cifar", size=SIDE),
    "resnet18, stem cifar_pad2": EncoderSpec(name="resnet18", stem="cifar_pad2", size=SIDE),
    "resnet50, stem imagenet": EncoderSpec(name="resnet50", stem="imagenet", size=SIDE),
    "vit_tiny": EncoderSpec(name="vit_tiny", patch=8, size=SIDE),
    "vit_tiny, pool avg": EncoderSpec(name="vit_tiny", patch=8, size=SIDE, pool="avg"),
    "viny": EncoderSpec(name="viny", patch=8, size=SIDE),
    "timm/convnext_atto": EncoderSpec(name="timm/convnext_atto", size=SIDE),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--onnx", action="store_true")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--families", nargs="*", default=list(FAMILIES), choices=FAMILIES)
    asked = parser.parse_args()
    for name in asked.families:
        print(json.dumps(exported(name, asked.onnx)), flush=True)
    if asked.photos:
        print(json.dumps(by_timm(asked.photos)), flush=True)


def frozen(spec: EncoderSpec) -> FrozenEncoder:
    return FrozenEncoder(build(spec, seed=0), preprocessing(spec, spec.size, "crop"))


def exported(name: str, onnx: bool) -> dict[str, object]:
    """A line on one family."""
    spec, encoder = FAMILIES[name], frozen(FAMILIES[name])
    network = network_of(spec, encoder.encoder.size is not None)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "encoder"
        request = ExportRequest("0" * 12, 1.0, "", onnx=onnx)
        record = write_export(out, request, spec, encoder, lambda *_: "")
        size = (out / "model.safetensors").stat().st_size
    return {
        "family": name,
        "network": network.name,
        "arguments": network.arguments,
        "timm_loads": network.timm_loads,
        "difference": record.difference,
        "onnx_difference": record.onnx_difference,
        "megabytes": round(size / 1e6, 2),
    }


def by_timm(folder: Path) -> dict[str, object]:
    """How far features are off where timm resizes the images, of a ViT and a ResNet."""
    from timm.data import create_transform

    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".jpeg", ".png"))
    line: dict[str, object] = {"photos": len(paths)}
    for name in ("resnet18, stem imagenet", "vit_tiny"):
        encoder = frozen(FAMILIES[name])
        theirs = create_transform(**encoder.preprocessing.as_timm())
        off = []
        for path in paths:
            with torch.inference_mode(), Image.open(path) as image:
                ours = encoder(encoder.transform(path)[None])
                other = encoder(theirs(image.convert("RGB"))[None])
            off.append(float((ours - other).norm() / ours.norm()))
        line |= {f"largest, {name}": max(off), f"median, {name}": sorted(off)[len(off) // 2]}
    return line


if __name__ == "__main__":
    main()
