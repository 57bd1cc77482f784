"""`datayield distance` from end to end on sprites, and all that it refuses."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from rich.console import Console
from torchvision.models import inception_v3

from datayield.nets.activations import watched
from datayield.nets.encoder import build
from datayield.report.terminal.distances import show
from datayield.run.decoded_splits import arrays_of
from datayield.run.distances import feature_cache as samples
from datayield.run.distances.feature_cache import Chosen, counts_of, features_of
from datayield.run.distances.feature_net import Seeing, feature_net
from datayield.run.loop.tensor_files import CHECKPOINT, write_tensors
from datayield.spec.errors import ConfigError, StoreError
from datayield.spec.run import EncoderSpec, RunSpec
from datayield.store.distances import DistanceRecord
from datayield.store.folders import RunFolder, Store
from tests.conftest import Call
from tests.methods.test_methods import run_spec

SPRITES = "sprites?n=120&n_test=120"
SMALL = ("--encoder", "untrained:convnet?width=4")


def figures(out: str) -> list[dict[str, dict[str, object]]]:
    return [{m["metric"]: m for m in pair["metrics"]} for pair in json.loads(out)["distances"]]


def test_sprites_are_farther_the_more_they_are_shifted(datayield: Call) -> None:
    by_shift = []
    for shift in (0.2, 0.6, 1.0):
        done = datayield("distance", SPRITES, f"{SPRITES}&shift={shift}", "--json", *SMALL)
        assert done.code == 0, done.err
        by_shift.append(figures(done.out)[0])
    assert set(by_shift[0]) == {
        "fid_inf", "fid", "fid_shrunk", "kid", "mmd_median", "vdna", "domain_auc"
    }  # fmt: skip
    for metric in ("fid_inf", "fid", "kid", "mmd_median", "vdna", "domain_auc"):
        values = [one[metric]["value"] for one in by_shift]
        assert values == sorted(values), metric  # type: ignore[type-var]


def test_tables_of_80_columns(datayield: Call, capsys: pytest.CaptureFixture[str]) -> None:
    shifts = [f"{SPRITES}&shift={shift}" for shift in (0.3, 0.6, 1.0)]
    done = datayield("distance", SPRITES, *shifts, "--json", *SMALL)
    pairs = [
        DistanceRecord.model_validate(p, strict=False) for p in json.loads(done.out)["distances"]
    ]
    for records in (pairs[2:3], pairs):
        show(Console(width=80, file=sys.stdout), records)
        text = capsys.readouterr().out
        assert max(map(len, text.splitlines())) <= 80
        assert "n = 120 images per dataset, 32 px" in text
        assert "*" in text
    assert len(pairs) == 6


def test_two_splits_of_one_set_and_several_sets_at_once(datayield: Call) -> None:
    splits = datayield("distance", SPRITES, SPRITES, "--split-b", "test", "--json", *SMALL)
    assert splits.code == 0, splits.err
    pair = json.loads(splits.out)["distances"][0]
    assert (pair["a"], pair["b"]) == (f"{SPRITES} (train)", f"{SPRITES} (test)")
    low, high = figures(splits.out)[0]["kid"]["interval"]  # type: ignore[misc]
    assert low <= 0 <= high
    several = datayield(
        "distance", SPRITES, f"{SPRITES}&shift=0.5", "digits", "--count", "60", *SMALL
    )
    assert several.code == 0, several.err
    assert "KID (diagonal" in several.out
    assert "3  digits" in several.out
    assert "n = 60 images" in several.out


def test_what_was_measured_once_is_free(datayield: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    first = datayield("distance", SPRITES, "digits", "--count", "60", "--json", *SMALL)
    monkeypatch.setattr(samples, "extract", None)
    again = datayield("distance", SPRITES, "digits", "--count", "60", "--json", *SMALL)
    assert json.loads(again.out) == json.loads(first.out)
    # Another figure of the same features takes no pass either.
    cache = Path.cwd() / "cache" / "distances"
    for path in cache.iterdir():
        path.write_text("{}")
    again = datayield("distance", SPRITES, "digits", "--count", "60", "--json", *SMALL)
    assert json.loads(again.out) == json.loads(first.out)


def test_it_says_how_far_it_is(datayield: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datayield.cli.image_progress.PLAIN_SECONDS", 0.0)
    done = datayield("distance", SPRITES, f"{SPRITES}&shift=0.5", "digits", "--count", "60", *SMALL)
    said = [line.split(", about")[0] for line in done.err.splitlines()]
    wanted = [f"features: {k} of 180 images" for k in (60, 120)]
    wanted += [f"distances: {k} of 3 pairs" for k in (1, 2)]
    assert [line for line in said if " of " in line] == wanted


def test_a_vit_judges_too_and_says_how_many_images_fid_needs(datayield: Call) -> None:
    vit = "untrained:viny?patch=16"
    done = datayield("distance", SPRITES, "digits", "--count", "60", "--encoder", vit, "--json")
    assert done.code == 0, done.err
    by_metric = figures(done.out)[0]
    assert by_metric["fid_inf"]["value"] is None
    assert "needs 258 images of each at a width of 128" in str(by_metric["fid_inf"]["note"])
    assert "mean of 1,664 neurons" in str(by_metric["vdna"]["note"])


def test_pixels_are_their_own_features_and_colours(datayield: Call) -> None:
    net = feature_net("pixels", 32, Store(Path("none")))
    arrays = arrays_of(SPRITES, "train", 32, "crop")
    chosen = Chosen(arrays, 60, net, torch.device("cpu"))
    features, ranges = features_of(chosen)
    assert features.shape == (60, 768)
    images = arrays.images[np.concatenate(chosen.groups())]
    (stage, (low, high)) = next(iter(ranges.items()))
    assert stage == "pixels"
    assert low.tolist() == images.min(axis=(0, 1, 2)).tolist()
    assert high.tolist() == images.max(axis=(0, 1, 2)).tolist()
    counts = counts_of(chosen, ranges)["pixels"]
    assert counts.shape == (12, 3, 1000)
    assert counts.sum(dim=(1, 2)).tolist() == [5 * 32 * 32 * 3] * 12


def test_a_file_of_weights_judges_as_its_network_does(tmp_path: Path) -> None:
    store, spec = Store(Path("none")), EncoderSpec(name="convnet", size=32, width=4)
    torch.save(build(spec, 3).body.state_dict(), tmp_path / "mine.pt")
    named = f"weights:{tmp_path}/mine.pt?encoder=convnet&width=4"
    plain, other = (feature_net(named + more, 32, store) for more in ("", "&normalise=half"))
    assert plain.name == "weights:mine"
    images = torch.randn(2, 3, 32, 32)
    assert plain.net is not None
    assert other.net is not None
    assert torch.equal(plain.net.eval()(images), build(spec, 3).eval()(images))
    assert plain.identity != other.identity
    for wrong, says in (("", "needs the name of its encoder"), ("?encoder=convnet", "do not fit"),
                        ("?encoder=convnt", "did you mean 'convnet'")):  # fmt: skip
        with pytest.raises(ConfigError, match=says):
            feature_net(f"weights:{tmp_path}/mine.pt{wrong}", 32, store)


def test_a_network_of_timm_sees_what_timm_says_of_it(tmp_path: Path) -> None:
    spec = EncoderSpec(name="timm/test_efficientnet", size=32)
    torch.save(build(spec, 3).body.state_dict(), tmp_path / "small.pt")
    net = feature_net(f"weights:{tmp_path}/small.pt?encoder=timm/test_efficientnet", 32,
                      Store(Path("none")))  # fmt: skip
    assert isinstance(net.net, Seeing)
    assert net.note == f"resized to {net.net.side} px"
    at_32 = f"weights:{tmp_path}/small.pt?encoder=timm/test_efficientnet&size=32"
    small = feature_net(at_32, 32, Store(Path("none")))
    assert isinstance(small.net, Seeing)
    assert (small.net.side, small.note) == (32, "")


def keep(folder: RunFolder, spec: RunSpec, state: dict[str, Any]) -> None:
    """Leave a checkpoint at half of the run's budget."""
    content = {"run": spec.id, "share": 0.5, "encoder": state}
    write_tensors(folder, folder.checkpoint(0.5), CHECKPOINT, content)


@pytest.fixture
def kept_run(tmp_path: Path) -> RunSpec:
    """A run whose checkpoint at half its budget is in the store."""
    spec = run_spec("simclr")
    folder = Store(tmp_path / "store").run(spec.id)
    (folder.path / "checkpoints").mkdir(parents=True)
    folder.write_spec(spec)
    state = build(spec.encoder, spec.seed + 1).state_dict()
    keep(folder, spec, state)
    return spec


def test_the_encoder_of_a_run(tmp_path: Path, kept_run: RunSpec) -> None:
    store = Store(tmp_path / "store")
    net = feature_net(f"run:{kept_run.id}@0.5", None, store)
    assert net.size == kept_run.encoder.size
    assert net.trained_on == ("sprites",)
    expected = build(kept_run.encoder, kept_run.seed + 1)
    assert net.net is not None
    assert all(
        torch.equal(a, b) for a, b in zip(net.net.parameters(), expected.parameters(), strict=True)
    )
    with pytest.raises(StoreError, match=r"allowed: 0\.5"):
        feature_net(f"run:{kept_run.id}", None, store)
    with pytest.raises(ConfigError, match="run not found"):
        feature_net("run:abc", None, store)
    with pytest.raises(ConfigError, match="invalid share"):
        feature_net(f"run:{kept_run.id}@half", None, store)


def test_a_run_trained_on_a_set_is_called_a_biased_judge(
    datayield: Call, kept_run: RunSpec
) -> None:
    judge = f"run:{kept_run.id}@0.5"
    done = datayield(
        "distance", kept_run.data.dataset, "digits", "--count", "60", "--encoder", judge
    )
    assert done.code == 0, done.err
    assert "distances are biased" in done.out


def test_a_published_network_sees_its_own_size_and_scale() -> None:
    mean, std = (0.5, 0.4, 0.3), (0.1, 0.2, 0.3)
    net = Seeing(torch.nn.Identity(), 4, mean, std)
    pixels = torch.rand(2, 3, 4, 4)
    ours = (pixels - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(3, 1, 1)
    theirs = (pixels - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    assert torch.allclose(net(ours), theirs, atol=1e-5)
    assert net(torch.zeros(1, 3, 8, 8)).shape == (1, 3, 4, 4)


def test_published_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(Path("none"))
    held = timm.create_model("resnet18").state_dict()
    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", lambda *_, **__: dict(held))
    resnet = feature_net("timm/resnet18", None, store)
    assert (resnet.size, resnet.kind, resnet.note) == (32, "other", "resized to 224 px")
    theirs = inception_v3(weights=None, init_weights=False).state_dict()
    weights = "torchvision.models.inception.Inception_V3_Weights.get_state_dict"
    monkeypatch.setattr(weights, lambda *_, **__: theirs)
    inception = feature_net("inception", 64, store)
    assert inception.note == "resized to 299 px"
    assert inception.identity != resnet.identity
    for net, width, last in ((resnet, 512, "layer4"), (inception, 2048, "Mixed_7c")):
        assert net.net is not None
        with torch.inference_mode(), watched(net.net.eval()) as seen:
            features = net.net(torch.zeros(2, 3, net.size, net.size))
        assert features.shape == (2, width)
        assert list(seen)[-1] == last
        assert torch.allclose(seen[last].view(2, -1, width).mean(dim=1), features, atol=1e-4)


@pytest.mark.parametrize(
    ("encoder", "target"),
    [
        ("inception", "torchvision.models.inception.Inception_V3_Weights.get_state_dict"),
        ("timm/resnet18", "timm.models._builder.load_state_dict_from_hf"),
    ],
)
def test_weights_that_cannot_be_fetched(
    datayield: Call, monkeypatch: pytest.MonkeyPatch, encoder: str, target: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("no route to host\nand more")

    monkeypatch.setattr(target, fails)
    done = datayield("distance", SPRITES, "digits", "--encoder", encoder)
    assert done.code == 2
    assert f"{encoder}: no route to host" in done.err
    assert "untrained:convnet and pixels need none" in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((SPRITES,), "needs two different sets"),
        ((SPRITES, SPRITES), "two different sets"),
        ((SPRITES, "nowhere"), "dataset 'nowhere' not found"),
        ((SPRITES, "digits", "--split-b", "val"), "no split 'val'"),
        ((SPRITES, "digits", "--count", "500"), "has 120 images"),
        ((SPRITES, "digits", "--count", "20"), "too few images"),
        ((SPRITES, "digits", "--encoder", "vgg"), "unknown encoder"),
        ((SPRITES, "digits", "--encoder", "untrained:resnet18"), "explicit stem"),
        ((SPRITES, "digits", "--encoder", "untrained:convnet?with=3"), "with"),
        ((SPRITES, "digits", "--encoder", "timm/resnet1"), "unknown timm network"),
        ((SPRITES, "digits", "--encoder", "untrained:viny?patch=16", "--size", "40"), "multiple"),
    ],
    ids=str,
)
def test_what_is_refused(datayield: Call, arguments: tuple[str, ...], says: str) -> None:
    done = datayield("distance", *arguments)
    assert done.code == 2
    assert says in done.err


def test_features_that_are_not_finite(datayield: Call, kept_run: RunSpec, tmp_path: Path) -> None:
    state = build(kept_run.encoder, 0).state_dict()
    next(iter(state.values())).fill_(np.nan)
    keep(Store(tmp_path / "store").run(kept_run.id), kept_run, state)
    judge = f"run:{kept_run.id}@0.5"
    done = datayield("distance", SPRITES, "digits", "--count", "60", "--encoder", judge)
    assert done.code == 1
    assert "not finite" in done.err
