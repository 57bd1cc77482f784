"""Files of weights: what each kind says, and that the right tensors arrive."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor

from datayield.nets.encoder import build
from datayield.nets.weights import load_weights
from datayield.spec.errors import ConfigError
from datayield.spec.run import EncoderSpec, WeightsFile

RESNET = EncoderSpec(name="resnet18", stem="imagenet", size=32)
CONVNET = EncoderSpec(name="convnet", size=32, width=8)
State = dict[str, Tensor]


@pytest.fixture
def published() -> State:
    """A whole network, with its classifier, that somebody else has trained."""
    head = {"fc.weight": torch.ones(10, 64), "fc.bias": torch.ones(10)}
    return dict(build(CONVNET, 7).body.state_dict()) | head


def saved(path: Path, held: Any) -> WeightsFile:
    if path.suffix == ".safetensors":
        save_file(held, path)
    else:
        torch.save(held, path)
    return WeightsFile(weights=str(path))


def prefixed(prefix: str) -> Callable[[State], State]:
    return lambda state: {prefix + key: value for key, value in state.items()}


@pytest.mark.parametrize(
    ("name", "kept", "note"),
    [
        ("a.safetensors", lambda s: s, "its classifier not used (fc.bias, fc.weight)"),
        ("a.pt", lambda s: s, "its classifier not used (fc.weight, fc.bias)"),
        ("a.pth", lambda s: {"epoch": 3, "state_dict": s}, "taken from its key 'state_dict'"),
        ("b.pth", lambda s: {"model": prefixed("module.")(s)}, "the prefix 'module.' removed"),
        ("c.pth", lambda s: {"state_dict": prefixed("module.encoder.")(s)
                             | {"module.projector.0.weight": torch.ones(2)}},
         "the prefix 'module.encoder.' removed; 1 tensor of other parts not used"),
        ("d.pth", prefixed("momentum_encoder."), "the prefix 'momentum_encoder.' removed"),
    ],
)  # fmt: skip
def test_every_way_to_keep_weights_gives_the_same_encoder(
    tmp_path: Path, published: State, name: str, kept: Callable[[State], Any], note: str
) -> None:
    file = saved(tmp_path / name, kept(published))
    net = build(CONVNET, seed=0)
    assert note in load_weights(net, file)
    state = net.body.state_dict()
    assert all(torch.equal(value, published[key]) for key, value in state.items())


def test_features_are_those_of_timm(tmp_path: Path) -> None:
    torch.manual_seed(3)
    theirs = timm.create_model("tf_efficientnet_lite0").eval()
    file = saved(tmp_path / "lite0.safetensors", dict(theirs.state_dict()))
    spec = EncoderSpec(name="timm/tf_efficientnet_lite0", size=32, normalise="half")
    ours = build(spec, seed=0, start=file).eval()
    pixels = torch.rand(2, 3, 32, 32)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (
        (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))  # fmt: skip
    with torch.no_grad():
        wanted = theirs.forward_head(theirs.forward_features(2 * pixels - 1), pre_logits=True)
        got = ours((pixels - mean) / std)
    assert float((got - wanted).abs().max()) < 1e-5 * max(1.0, float(wanted.abs().max()))


@pytest.mark.parametrize(
    "spec", [CONVNET, EncoderSpec(name="viny", patch=8, size=16)], ids=lambda spec: spec.name
)
def test_a_checkpoint_of_a_run_is_a_file_of_weights(tmp_path: Path, spec: EncoderSpec) -> None:
    trained = build(spec, seed=5)
    held = {"kind": "checkpoint", "run": "abc", "share": 1.0, "encoder": trained.state_dict(),
            "projector": {"0.weight": torch.ones(2)}, "seal": "x"}  # fmt: skip
    net = build(spec, seed=0, start=saved(tmp_path / "1.0.pt", held))
    for key, value in net.state_dict().items():
        assert torch.equal(value, trained.state_dict()[key])


def test_counters_that_old_files_lack_begin_at_zero(tmp_path: Path, published: State) -> None:
    old = {key: value for key, value in published.items() if "num_batches" not in key}
    net = build(CONVNET, seed=0, start=saved(tmp_path / "old.pt", old))
    assert int(net.body.stages[0][1].num_batches_tracked) == 0


def refusal(path: Path, held: Any, spec: EncoderSpec = CONVNET) -> str:
    file = saved(path, held)
    with pytest.raises(ConfigError) as caught:
        build(spec, seed=0, start=file)
    return str(caught.value)


def test_what_does_not_fit_is_named_and_counted(tmp_path: Path, published: State) -> None:
    less = {k: v for k, v in published.items() if not k.startswith("stages.3")}
    said = refusal(tmp_path / "less.pt", less)
    assert "5 missing: stages.3.0.weight, " in said  # its counter is no weight
    renamed = {k.replace("stages.0", "stage1.0"): v for k, v in published.items()}
    said = refusal(tmp_path / "renamed.pt", renamed)
    assert "5 missing: stages.0.0.weight" in said
    assert "6 unexpected: stage1.0." in said
    assert "may be stages.0.0.weight" in said
    broken = published | {"stages.0.0.weight": published["stages.0.0.weight"] * float("nan")}
    assert "NaN or infinity in stages.0.0.weight" in refusal(tmp_path / "nan.pt", broken)


def test_a_resnet_of_torchvision_fits_one_with_its_stem(tmp_path: Path) -> None:
    from torchvision.models import resnet18

    torch.manual_seed(7)
    theirs = dict(resnet18(num_classes=10).state_dict())
    net = build(RESNET, seed=0, start=saved(tmp_path / "r18.pth", theirs))
    assert torch.equal(net.body.layer4[1].conv2.weight, theirs["layer4.1.conv2.weight"])
    said = refusal(tmp_path / "stem.pt", theirs, RESNET.model_copy(update={"stem": "cifar"}))
    assert "1 of another shape: conv1.weight [64, 3, 7, 7] where the encoder has [64, 3, 3" in said
    assert "set the encoder's stem" in said


def test_a_file_that_is_no_weights_is_refused(tmp_path: Path) -> None:
    assert "no state dict" in refusal(tmp_path / "list.pt", [1, 2])
    counted = refusal(tmp_path / "settings.pt", {"epoch": 3, "lr": 0.1})
    assert "no tensors" in counted
    assert "the keys epoch, lr" in counted
    torch.save({"a": CONVNET}, tmp_path / "object.pt")
    (tmp_path / "text.pt").write_text("not a checkpoint")
    (tmp_path / "cut.safetensors").write_bytes(b'\x40\0\0\0\0\0\0\0{"a":')
    (tmp_path / "empty.pt").touch()
    (tmp_path / "table.csv").write_text("image,label\na.png,cat\n")
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n" + bytes(90))
    for name, says in (
        ("object.pt", r"(?s)more than weights.*got: +an object of datayield\.spec"),
        ("text.pt", "(?s)not a file of weights.*text: 'not a checkpoint'"),
        ("table.csv", "(?s)not a file of weights.*text: 'image,label'"),
        ("empty.pt", "(?s)not a file of weights.*an empty file"),
        ("image.png", "(?s)not a file of weights.*neither safetensors"),
        ("cut.safetensors", "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=says):
            build(CONVNET, seed=0, start=WeightsFile(weights=str(tmp_path / name)))
    with pytest.raises(ConfigError, match=r"did you mean 'cut\.safetensors'"):
        build(CONVNET, seed=0, start=WeightsFile(weights=str(tmp_path / "cat.safetensors")))
