"""An encoder as a folder that other libraries load: whole or not at all, and checked."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from datayield import __version__
from datayield.evals.features import extract
from datayield.run.export.frozen_encoder import FrozenEncoder
from datayield.run.export.network import Network, network_of, timm_config
from datayield.run.export.onnx_file import FILE as ONNX
from datayield.run.export.onnx_file import write_onnx
from datayield.spec.atomic_files import (
    cannot_write,
    part_name,
    write_bytes,
    write_json,
    write_text,
)
from datayield.spec.errors import ConfigError, UnexpectedError
from datayield.spec.run import WEIGHTS_NAME, EncoderSpec
from datayield.spec.run.weights_file import file_digest
from datayield.store.exported import RECORD, Exported, read_exported

CARD, MODELING, ATTRIBUTES = "README.md", "modeling.py", ".gitattributes"
LARGE_FILES = "".join(f"*.{kind} filter=lfs diff=lfs merge=lfs -text\n" for kind in
                      ("safetensors", "onnx"))  # fmt: skip
MOST = 1e-3  # of the largest feature: a network that differs by more is another one
IMAGES = 4  # that the networks are compared on


class ExportRequest(NamedTuple):
    """Which encoder, and what is written of it."""

    run: str
    share: float
    evaluation: str  # empty: the preprocessing of training
    hub: str = ""
    onnx: bool = False


def check_out(out: Path, request: ExportRequest) -> Exported | None:
    """The record of `out` if it is just this export; None if nothing is there yet.

    Raises ConfigError for any other folder or file.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    there = read_exported(out) if out.is_dir() else None
    if there is None:
        raise ConfigError(
            "the output exists already, and is no export of an encoder",
            where=str(out),
            got="a folder with other files" if out.is_dir() else "a file",
            allowed="a new folder, or an empty one",
            hint="choose another folder",
        )
    onnx = there.onnx_difference is not None
    if ExportRequest(there.run, there.share, there.evaluation, there.hub, onnx) != request:
        raise ConfigError(
            "the output exists already, and is another export",
            where=str(out),
            got=_told(ExportRequest(there.run, there.share, there.evaluation, there.hub, onnx)),
            allowed=_told(request),
            hint="choose another folder, or remove this one",
        )
    there.weights(out).found()
    return there


def write_export(
    out: Path,
    request: ExportRequest,
    spec: EncoderSpec,
    frozen: FrozenEncoder,
    card: Callable[[Exported, Network], str],
) -> Exported:
    """Write the folder; `card` gives its README.

    The network is built as other libraries build it, loaded strictly from the written file, and
    compared with the encoder. Raises UnexpectedError if they differ, StoreError for the disk.
    """
    network = network_of(spec, frozen.encoder.size is not None)
    building = out.with_name(f".{out.name}.{part_name()}.tmp")
    try:
        building.mkdir(parents=True)
        write_bytes(building / WEIGHTS_NAME, _safetensors(frozen.encoder.body))
        images, features = _compared_on(frozen)
        net = _loaded(network, building / WEIGHTS_NAME)
        with torch.inference_mode():
            difference = _difference(net(images), features, "the exported network")
        onnx = None
        if request.onnx:
            onnx = _difference(write_onnx(net, images, building / ONNX), features, ONNX)
        record = Exported(
            datayield=__version__,
            run=request.run,
            share=request.share,
            evaluation=request.evaluation,
            hub=request.hub,
            encoder=spec,
            preprocessing=frozen.preprocessing,
            features=frozen.features,
            parameters=sum(p.numel() for p in frozen.parameters()),
            timm_loads=network.timm_loads,
            sha256=file_digest(building / WEIGHTS_NAME),
            difference=difference,
            onnx_difference=onnx,
        )
        about = timm_config(network, frozen.features, frozen.preprocessing)
        write_json(building / "config.json", about)
        write_json(building / RECORD, record.model_dump(mode="json"))
        if network.source is not None:
            write_text(building / MODELING, network.source.read_text(encoding="utf-8"))
        if request.hub:
            write_text(building / ATTRIBUTES, LARGE_FILES)
        write_text(building / CARD, card(record, network))
        building.replace(out)
    except OSError as error:
        raise cannot_write(out, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return record


def _told(of: ExportRequest) -> str:
    kinds = [f"preprocessed as for {of.evaluation}"] if of.evaluation else []
    kinds += [f"for {of.hub}"] if of.hub else []
    kinds += ["with ONNX"] if of.onnx else []
    return ", ".join([f"run {of.run} at {of.share:g} of its budget", *kinds])


def _safetensors(body: nn.Module) -> bytes:
    from safetensors.torch import save

    tensors = {name: t.detach().cpu().contiguous() for name, t in body.state_dict().items()}
    return save(tensors, {"format": "pt"})


def _loaded(network: Network, weights: Path) -> nn.Module:
    """The network as the snippet of the card loads it."""
    from safetensors.torch import load_model

    net = network.build().eval()
    load_model(net, weights, strict=True)
    return net


def _compared_on(frozen: FrozenEncoder) -> tuple[Tensor, Tensor]:
    """Some noise as other libraries normalise it, and the encoder's features of it."""
    seen = frozen.preprocessing
    shape = (IMAGES, seen.size, seen.size, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    features = extract(frozen.encoder, pixels, torch.device("cpu"))
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (seen.mean, seen.std))
    images = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - mean) / std
    return images.contiguous(), features


def _difference(got: Tensor, features: Tensor, what: str) -> float:
    """The largest difference, relative to the largest feature."""
    if got.shape == features.shape:
        largest = float(features.abs().max())
        difference = float((got - features).abs().max()) / (largest or 1.0)
        if difference <= MOST:
            return difference
    raise UnexpectedError(
        f"{what} does not compute the encoder's features",
        got=f"shape {[*got.shape]}"
        if got.shape != features.shape
        else f"a difference of {difference:.1e} of the largest",
        allowed=f"shape {[*features.shape]}, at most {MOST:g}",
        hint="this is an error of datayield or of the installed timm: please report it with the "
        "encoder and the versions that datayield doctor prints",
    )
