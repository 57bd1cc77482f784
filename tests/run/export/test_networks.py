"""What is exported loads strictly elsewhere, and computes the encoder's features."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from datayield.run.export import network_of
from datayield.run.export.network import Network
from datayield.run.export.write import _difference
from datayield.spec.errors import ConfigError, UnexpectedError
from datayield.spec.run import EncoderSpec, WeightsFile, preprocessing
from datayield.store.exported import exported, read_exported
from tests.encoder_families import FAMILIES, export, frozen, snippet_in

# What the card shows, without datayield: its import fails, as where it is not installed.
ELSEWHERE = """
import os, re, sys
from pathlib import Path
sys.modules["datayield"] = None
import numpy as np, torch
from PIL import Image
image = Image.open(sys.argv[1]).convert("RGB")
for folder in sys.argv[2:]:
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.modules.pop("modeling", None)
    code = re.findall(r"```python\\n(.*?)```", Path("README.md").read_text(), re.DOTALL)[0]
    made = {}
    exec(code, made)
    with torch.inference_mode():
        np.save("elsewhere.npy", made["model"](made["transform"](image)[None]).numpy())
    sys.path.remove(folder)
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "image.png")
    for name, spec in FAMILIES.items():
        export(spec, folder / name)
    command = [sys.executable, "-c", ELSEWHERE, str(folder / "image.png")]
    command += [str(folder / name) for name in FAMILIES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", FAMILIES)
def test_the_cards_snippet_gives_the_same_features_without_datayield(
    name: str, exports: Path
) -> None:
    encoder = frozen(FAMILIES[name])
    with torch.inference_mode():
        own = encoder(encoder.transform(exports / "image.png")[None]).numpy()
    got = np.load(exports / name / "elsewhere.npy")
    assert own.shape == got.shape == (1, encoder.features)
    assert np.abs(own - got).max() <= 1e-5 * np.abs(own).max()
    assert len(snippet_in(exports / name).splitlines()) <= 6


@pytest.mark.parametrize("name", FAMILIES)
def test_the_configuration_has_timms_layout(name: str, exports: Path) -> None:
    told = json.loads((exports / name / "config.json").read_text())
    about, spec, record = told["pretrained_cfg"], FAMILIES[name], exported(exports / name)
    assert told["num_classes"] == 0
    assert told["num_features"] == record.features
    assert about["input_size"] == [3, spec.size, spec.size]
    half = [0.5, 0.5, 0.5]
    imagenet = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    stated = (half, half) if spec.normalise == "half" else imagenet
    assert (about["mean"], about["std"]) == stated
    assert (about["interpolation"], about["crop_pct"]) == ("bicubic", 1.0)


def test_a_resnet_loads_into_torchvision(exports: Path) -> None:
    from torchvision.models import resnet18

    net = resnet18()
    net.fc = torch.nn.Identity()
    net.load_state_dict(load_file(exports / "resnet18_imagenet/model.safetensors"), strict=True)
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        own, theirs = frozen(FAMILIES["resnet18_imagenet"])(x), net.eval()(x)
    assert torch.allclose(own, theirs, atol=1e-5 * float(own.abs().max()))


@pytest.mark.parametrize("name", ["convnet", "vit_tiny", "timm_sized"])
def test_an_export_is_a_file_of_weights(name: str, exports: Path) -> None:
    from datayield.nets.encoder import build

    spec = FAMILIES[name]
    loaded = build(spec, 0, WeightsFile(weights=str(exports / name / "model.safetensors")))
    x = torch.zeros(2, 3, spec.size, spec.size)
    with torch.inference_mode():
        assert torch.equal(loaded.eval()(x), frozen(spec)(x))


def test_timm_refuses_the_changed_stem_as_its_own_network(exports: Path) -> None:
    import timm

    with pytest.raises(RuntimeError, match="conv1"):
        timm.create_model(f"local-dir:{exports / 'resnet18_cifar'}", pretrained=True)


def test_a_network_that_differs_is_not_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = network_of(FAMILIES["resnet18_imagenet"], sized=False)
    monkeypatch.setattr(
        "datayield.run.export.write.network_of",
        lambda *_: wrong._replace(arguments={"act_layer": "gelu"}),
    )
    with pytest.raises(UnexpectedError, match="does not compute the encoder's features"):
        export(FAMILIES["resnet18_imagenet"], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_difference_is_relative_and_its_limit_is_kept() -> None:
    features = torch.tensor([[100.0, 0.0]])
    assert _difference(features + 0.01, features, "a net") == pytest.approx(1e-4, rel=1e-3)
    for other in (features + 1.0, features[:, :1], features * torch.nan):
        with pytest.raises(UnexpectedError):
            _difference(other, features, "a net")


def test_timm_rounds_the_crop_as_evaluations_do() -> None:
    spec = FAMILIES["convnet"]
    for size in range(8, 400):
        for side in (size, size + 1, round(size * 256 / 224)):
            seen = preprocessing(spec, size, "crop", side)
            assert int(size / seen.crop_pct) == side


def test_a_cropped_and_a_squashed_image_are_those_of_timm(tmp_path: Path) -> None:
    from timm.data import create_transform

    spec, pixels = FAMILIES["convnet"], np.random.default_rng(1)
    for fit, shape in (("crop", (90, 90, 3)), ("squash", (60, 90, 3))):
        image = Image.fromarray(pixels.integers(0, 256, shape, dtype=np.uint8))
        encoder = frozen(spec)
        encoder.preprocessing = preprocessing(spec, 32, fit, 37)  # type: ignore[arg-type]
        keys = encoder.preprocessing.as_timm()
        theirs = create_transform(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in keys.items()}
        )
        assert torch.allclose(encoder.transform(image), theirs(image), atol=1e-5)


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    from datayield.spec.errors import DataError

    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="not an image format") as refused:
        frozen(FAMILIES["convnet"]).transform(tmp_path / "a.png")
    assert "a.png" in str(refused.value)


def test_onnx_computes_the_same_features(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    ort = pytest.importorskip("onnxruntime")
    for name in ("convnet", "vit_tiny"):
        record = export(FAMILIES[name], tmp_path / name, onnx=True)
        assert record.onnx_difference is not None
        assert record.onnx_difference < 1e-4
        session = ort.InferenceSession(tmp_path / name / "model.onnx")
        for batch in (1, 5):  # any number of images
            x = np.zeros((batch, 3, 32, 32), np.float32)
            (out,) = session.run(None, {"images": x})
            assert out.shape == (batch, record.features)


def test_a_name_with_a_tag_is_that_of_the_network() -> None:
    spec = EncoderSpec(name="timm/resnet18.a1_in1k", size=32)
    assert network_of(spec, sized=False) == Network("resnet18", {})
    assert network_of(spec, sized=True).arguments == {"img_size": 32}


def test_a_folder_that_is_no_export_is_refused(tmp_path: Path) -> None:
    assert read_exported(tmp_path) is None
    with pytest.raises(ConfigError, match="holds no exported encoder"):
        exported(tmp_path)
    (tmp_path / "datayield.json").write_text('{"run": 3}')
    with pytest.raises(ConfigError, match="no record of an exported encoder") as refused:
        read_exported(tmp_path)
    assert "datayield.json" in str(refused.value)
