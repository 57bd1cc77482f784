"""The feature network for distances: named on the command line, built with its weights."""

from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from datayield.augment.normalise import MEAN, STD
from datayield.nets import encoder as encoders
from datayield.run.loop import CHECKPOINT, read_tensors, weights_digest
from datayield.spec.atomic_files import read_json
from datayield.spec.errors import ConfigError, StoreError
from datayield.spec.identity import VERSIONS, digest
from datayield.spec.run import (
    PIXEL_STATISTICS,
    EncoderSpec,
    RunSpec,
    WeightsFile,
    feature_options,
    with_digest,
)
from datayield.spec.validate import validated
from datayield.store.folders import Store

FORMS = (
    "pixels, untrained:<encoder>, timm/<name>, weights:<file>?encoder=<encoder>, inception, "
    "run:<id>, run:<id>@<share>"
)
WITHOUT_WEIGHTS = "untrained:convnet and pixels need none"
SIDE = 32  # px, unless a flag or a run sets it


class FeatureNet(NamedTuple):
    """`net` [B, 3, S, S] -> [B, D]; None: raw pixels. `identity` identifies its weights.

    `size`: side of its input images in pixels. `trained_on`: datasets of a run.
    """

    name: str
    net: nn.Module | None
    identity: str
    size: int
    kind: Literal["clip", "other"] = "other"
    trained_on: tuple[str, ...] = ()
    note: str = ""


def feature_net(name: str, size: int | None, store: Store, where: str = "--encoder") -> FeatureNet:
    """The network called `name`, on the CPU. Raises ConfigError or StoreError, at `where`."""
    if name == "pixels":
        return FeatureNet(name, None, digest(["pixels", VERSIONS["pixels"]]), size or SIDE)
    if name.startswith("untrained:"):
        return _untrained(name, size or SIDE, where)
    if name.startswith("timm/"):
        return _timm(name, size or SIDE, where)
    if name.startswith("weights:"):
        return _of_file(name, size or SIDE, where)
    if name == "inception":
        return _inception(size or SIDE, where)
    if name.startswith("run:"):
        return _of_run(name, size, store, where)
    raise ConfigError(
        "unknown encoder for distances",
        where=where,
        got=name,
        allowed=FORMS,
        hint="untrained:convnet needs no weights; untrained:vit_tiny?patch=8 sets options",
    )


def _untrained(name: str, size: int, where: str) -> FeatureNet:
    """`untrained:resnet18?stem=cifar`: its weights as initialised by seed 0."""
    base = name.removeprefix("untrained:").partition("?")[0]
    raw = {"size": size} | feature_options(name) | {"name": base}
    spec = validated(EncoderSpec, raw, where=f"{where} {name}")
    return _named(name, encoders.build(spec, seed=0), size)


def _of_file(name: str, size: int, where: str) -> FeatureNet:
    """`weights:lite0.safetensors?encoder=timm/tf_efficientnet_lite0`: those of a file.

    A network of timm sees images resized and normalised as timm says of it, unless `size` and
    `normalise` do; another sees them as they are.
    """
    written, knobs = name.removeprefix("weights:").partition("?")[0], feature_options(name)
    encoder = knobs.pop("encoder", None)
    if not encoder:
        raise ConfigError(
            "a file of weights needs the name of its encoder",
            where=where,
            got=name,
            allowed=f"weights:{written or '<file>'}?encoder=<name>",
            hint="for example encoder=resnet18&stem=imagenet, or encoder=timm/<name>",
        )
    where = f"{where} {name}"
    file = validated(WeightsFile, with_digest({"weights": written}, Path.cwd()), where=where)
    spec = validated(EncoderSpec, {"size": size} | knobs | {"name": encoder}, where=where)
    loaded = encoders.build(spec, 0, file)
    side = spec.size if "size" in knobs else None
    net: nn.Module = loaded
    about = getattr(loaded.body, "pretrained_cfg", None)
    if spec.timm_name is not None and about:
        side = side or int(about["input_size"][-1])
        stated = PIXEL_STATISTICS[knobs["normalise"]] if "normalise" in knobs else None
        mean, std = stated or (tuple(about["mean"]), tuple(about["std"]))
        net = Seeing(loaded.body, side, mean, std)
    elif side is not None:
        net = Seeing(loaded, side, MEAN, STD)
    return _named(f"weights:{file.name}", net, size, side=side, normalise=spec.normalise)


def _of_run(name: str, size: int | None, store: Store, where: str) -> FeatureNet:
    run_id, _, share_text = name.removeprefix("run:").partition("@")
    folder = store.run(run_id)
    raw = read_json(folder.path / "spec.json") if run_id else None
    if not isinstance(raw, dict) or "encoder" not in raw or "data" not in raw:
        kept = sorted(p.parent.name for p in (store.root / "runs").glob("*/spec.json"))
        raise ConfigError(
            "run not found in the store",
            where=f"{where}, store {store.root}",
            got=run_id or name,
            allowed=kept or "none (the store is empty)",
            hint="datayield status STUDY --json lists the ids of a study's runs",
        )
    spec = RunSpec.model_validate(raw, strict=False)
    share = _share(share_text, name, where)
    path = folder.checkpoint(share)
    if not path.exists():
        there = sorted(float(p.stem) for p in path.parent.glob("*.pt"))
        raise StoreError(
            "no checkpoint at this share of the run's budget",
            where=str(folder.path),
            got=share,
            allowed=", ".join(f"{s:g}" for s in there) or "none yet",
            hint="name one with run:<id>@<share>, or finish the run",
        )
    net = encoders.build(spec.encoder, spec.seed)
    content = read_tensors(path, torch.device("cpu"), CHECKPOINT, run=run_id, share=share)
    net.load_state_dict(content["encoder"], strict=True)
    seen = tuple(part.dataset for _, part in spec.data.members)
    return _named(name, net, size or spec.encoder.size, trained_on=seen)


def _share(text: str, name: str, where: str) -> float:
    try:
        share = float(text or 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ConfigError(
            "invalid share of a run's budget", where=where, got=name, allowed="0 to 1"
        )
    return share


def _timm(name: str, size: int, where: str) -> FeatureNet:
    """A timm network with its published weights, on images preprocessed as in its training."""
    import timm

    bare = name.removeprefix("timm/")
    spec = validated(EncoderSpec, {"name": name, "size": size}, where=where)
    if not timm.is_model(bare):
        encoders.build(spec, seed=0)  # suggests similar names
    tag = getattr(timm.get_pretrained_cfg(bare), "tag", None) or ""
    clip = "_clip" in bare.partition(".")[0] and "ft" not in tag.split("_")
    knobs: dict[str, Any] = {} if clip else {"num_classes": 0}  # CLIP's head is its embedding
    net: Any = encoders.fetched(
        name,
        lambda: timm.create_model(bare, pretrained=True, **knobs),
        where=where,
        instead=WITHOUT_WEIGHTS,
    )
    about = net.pretrained_cfg
    side = int(about["input_size"][-1])
    seeing = Seeing(net, side, tuple(about["mean"]), tuple(about["std"]))
    return _named(name, seeing, size, kind="clip" if clip else "other", side=side)


def _inception(size: int, where: str) -> FeatureNet:
    """torchvision's Inception v3: not the weights used for published FIDs."""
    from torchvision.models import Inception_V3_Weights, inception_v3

    weights = Inception_V3_Weights.IMAGENET1K_V1
    net: Any = encoders.fetched(
        "inception",
        lambda: inception_v3(weights=weights),
        where=where,
        instead=WITHOUT_WEIGHTS,
    )
    net.fc = nn.Identity()
    return _named("inception", Seeing(net, 299, MEAN, STD), size, side=299)


def _named(
    name: str,
    net: nn.Module,
    size: int,
    kind: Literal["clip", "other"] = "other",
    trained_on: tuple[str, ...] = (),
    side: int | None = None,
    normalise: str | None = None,
) -> FeatureNet:
    parts = [name.partition(":")[0], side, weights_digest(net.state_dict())]
    identity = digest([*parts, *filter(None, [normalise])], 16)
    note = f"resized to {side} px" if side and side != size else ""
    return FeatureNet(name, net, identity, size, kind, trained_on, note)


class Seeing(nn.Module):
    """A published network, with images resized and normalised as in its training."""

    def __init__(
        self, body: nn.Module, side: int, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> None:
        super().__init__()
        self.body, self.side = body, side
        ours = [torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD)]
        theirs = [torch.tensor(values).view(3, 1, 1) for values in (mean, std)]
        self.scale: Tensor = nn.Buffer(ours[1] / theirs[1])
        self.shift: Tensor = nn.Buffer((ours[0] - theirs[0]) / theirs[1])

    def forward(self, x: Tensor) -> Tensor:
        """[B, 3, S, S], normalised by ImageNet's statistics -> [B, D]."""
        if x.shape[-1] != self.side:
            x = F.interpolate(x, (self.side, self.side), mode="bilinear", antialias=True)
        out: Tensor = self.body(x * self.scale + self.shift)
        return out
