"""The stages of networks: which, in what order, and that all positions are seen."""

import pytest
import timm
import torch
from torch import nn

from datayield.nets.activations import stages, watched
from datayield.nets.encoder import Encoder, build
from datayield.spec.run.encoder import EncoderSpec

PIXELS = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("spec", "shapes"),
    [
        (
            {"name": "convnet", "width": 4},
            {
                "stages.0": (2048, 4),
                "stages.1": (512, 8),
                "stages.2": (128, 16),
                "stages.3": (32, 32),
            },
        ),
        (
            {"name": "resnet18", "stem": "cifar"},
            {"layer1": (2048, 64), "layer2": (512, 128), "layer3": (128, 256), "layer4": (32, 512)},
        ),
        (
            {"name": "vit_tiny", "patch": 16},
            {f"blocks.{k}": (10, 192) for k in range(12)} | {"norm": (10, 192)},
        ),
        (
            {"name": "viny", "patch": 16},
            {f"blocks.{k}": (10, 128) for k in range(12)} | {"norm": (10, 128)},
        ),
    ],
    ids=lambda value: value.get("name", ""),
)
def test_every_stage_at_every_position(
    spec: dict[str, object], shapes: dict[str, tuple[int, int]]
) -> None:
    net = build(EncoderSpec.model_validate({"size": 32, **spec}), seed=0).eval()
    with watched(net) as seen:
        features = net(PIXELS)
    assert {name: tuple(values.shape) for name, values in seen.items()} == shapes
    last = list(shapes)[-1]
    if last == "norm":  # the class token is among the tokens
        assert torch.allclose(seen[last].view(2, -1, shapes[last][1])[:, 0], features)
    else:
        assert torch.allclose(
            seen[last].view(2, -1, shapes[last][1]).mean(dim=1), features, atol=1e-5
        )
    kept = {name: values.clone() for name, values in seen.items()}
    net(PIXELS + 1)  # no longer watched
    assert all(torch.equal(seen[name], kept[name]) for name in kept)


def test_maps_with_channels_last() -> None:
    body = timm.create_model("swin_tiny_patch4_window7_224", num_classes=0, img_size=64)
    net = Encoder(body, size=64).eval()
    with watched(net) as seen, torch.no_grad():
        net(torch.zeros(1, 3, 64, 64))
    assert [values.shape[1] for values in seen.values()] == [96, 192, 384, 768]


def test_a_network_of_unknown_parts_has_none() -> None:
    assert stages(nn.Sequential(nn.Linear(2, 2))) == {}
