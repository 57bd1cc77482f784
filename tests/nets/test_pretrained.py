"""Published weights as a start. Hubs are not reached here: their files are made by the tests."""

from typing import Any

import pytest
import timm
import torch
from pydantic import ValidationError

from datayield import methods
from datayield.nets.encoder import build
from datayield.spec.errors import ConfigError
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.run import RunSpec
from tests.methods.test_methods import run_spec

RESNET = EncoderSpec(name="resnet18", stem="imagenet", size=32)
VIT = EncoderSpec(name="vit_tiny", patch=8, size=32)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the hub holds: the weights of whole networks, with a classifier, at 224 px."""
    torch.manual_seed(7)
    held = {
        name: timm.create_model(name).state_dict() for name in ("resnet18", "vit_tiny_patch16_224")
    }

    def fetch(hub_id: str, *_: Any, **__: Any) -> dict[str, torch.Tensor]:
        return dict(next(state for name, state in held.items() if name in hub_id))

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", fetch)
    return held


def test_a_resnet_starts_from_what_is_published(hub: dict[str, Any]) -> None:
    state = build(RESNET, seed=0, start="pretrained").body.state_dict()
    assert all(torch.equal(value, hub["resnet18"][name]) for name, value in state.items())
    assert not torch.equal(build(RESNET, seed=0).body.conv1.weight, state["conv1.weight"])


def test_a_vits_blocks_are_as_published_and_its_patches_and_positions_resampled(
    hub: dict[str, Any],
) -> None:
    net = build(VIT, seed=0, start="pretrained").body
    published = hub["vit_tiny_patch16_224"]
    assert torch.equal(net.blocks[3].mlp.fc1.weight, published["blocks.3.mlp.fc1.weight"])
    assert net.patch_embed.proj.weight.shape[-1] == 8
    assert net.pos_embed.shape == (1, 17, 192)
    assert torch.equal(net.pos_embed[:, 0], published["pos_embed"][:, 0])


def test_a_run_starts_there_whatever_its_seed(hub: dict[str, Any]) -> None:
    spec = run_spec("simclr").model_copy(update={"encoder": RESNET, "init": "pretrained"})
    first, second = (methods.build(spec.model_copy(update={"seed": seed})) for seed in (0, 1))
    assert torch.equal(first.encoder.body.conv1.weight, hub["resnet18"]["conv1.weight"])
    assert torch.equal(second.encoder.body.conv1.weight, hub["resnet18"]["conv1.weight"])
    assert spec.id != run_spec("simclr").model_copy(update={"encoder": RESNET}).id


def test_weights_that_cannot_be_fetched_are_an_error_that_helps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise OSError("no route to host\nand more")

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", fails)
    with pytest.raises(ConfigError) as caught:
        build(RESNET, 0, start="pretrained")
    text = caught.value.text()
    assert "resnet18: no route to host" in text
    assert "HF_HOME" in text
    with pytest.raises(ConfigError, match="published weights cannot be downloaded"):
        build(EncoderSpec(name="timm/resnet18d.no_such_tag", size=32), 0, start="pretrained")


@pytest.mark.parametrize(
    ("encoder", "says"),
    [
        ({"name": "convnet", "size": 16}, "no pretrained weights exist for convnet"),
        ({"name": "resnet18", "stem": "cifar", "size": 16}, "are for stem: imagenet"),
    ],
)
def test_encoders_without_published_weights_are_refused(encoder: dict[str, Any], says: str) -> None:
    spec = {**run_spec("simclr").model_dump(), "encoder": encoder, "init": "pretrained"}
    with pytest.raises(ValidationError, match=says):
        RunSpec.model_validate(spec)
