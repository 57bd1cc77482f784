"""Wrong inputs: each names what was wrong and what to do, has its exit code, and loses nothing."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datayield.run import scheduler
from datayield.run import task as task_module
from datayield.store import run_lock
from tests.conftest import Call

Spoil = Callable[[Path], None]


def edit(old: str, new: str) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / "tiny.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return spoil


def images(good: int, bad: int, dataset: str = "./mine") -> Spoil:
    """A folder of `good` images and `bad` damaged ones, unlabeled, that the study pretrains on."""

    def spoil(folder: Path) -> None:
        (folder / "mine").mkdir()
        rng = np.random.default_rng(0)
        for i in range(good):
            pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "mine" / f"good{i:03}.png")
        for i in range(bad):
            (folder / "mine" / f"bad{i:03}.jpg").write_bytes(b"\xff\xd8 not an image")
        edit('data: {dataset: "sprites?n=300&n_test=600"', f"data: {{dataset: {dataset}")(folder)

    return spoil


def a_file(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / name).write_text("in the way")

    return spoil


def both(*parts: Spoil) -> Spoil:
    def spoil(folder: Path) -> None:
        for part in parts:
            part(folder)

    return spoil


def nothing(folder: Path) -> None:
    pass


RUN = ("run", "tiny.yaml")
LABELS = '"sprites?n=300&n_test=600", label: texture'
CASES: list[tuple[str, Spoil, tuple[str, ...], int, tuple[str, ...]]] = [
    # configuration
    ("unknown key", edit("batch:", "bacth:"), RUN, 2, ("'bacth'", "did you mean 'batch'", "tiny")),
    ("missing file", nothing, ("run", "dmeo"), 2, ("study not found", "did you mean 'demo'")),
    ("not YAML", edit("[60, 240]", "[60, 240"), RUN, 2, ("invalid YAML", "line")),
    ("not a mapping", both(a_file("tiny.yaml")), RUN, 2, ("must be a mapping", "got:     str")),
    ("unknown scale", nothing, (*RUN, "--scale", "papr"), 2, ("has no scales", "papr")),
    ("unknown method", edit("simclr,", "simcrl,"), RUN, 2, ("did you mean 'simclr'", "vicreg")),
    ("unknown encoder", edit("name: convnet", "name: resnet19, stem: cifar"), RUN, 2,
     ("did you mean 'resnet18'",)),
    ("unknown timm model", edit("convnet, size: 32, width: 4", "timm/resnet18x, size: 32"), RUN, 2,
     ("timm", "resnet18")),
    ("ResNet without stem", edit("convnet, size: 32, width: 4", "resnet18, size: 32"), RUN, 2,
     ("explicit stem: cifar, cifar_pad2 or imagenet",)),
    ("ViT of another size", edit("convnet, size: 32, width: 4", "vit_tiny, patch: 8, size: 64"),
     RUN, 2, ("views of 32 px", "encoder.size = 64")),
    ("budget of nothing", edit("images: 640", "images: 0"), RUN, 2, ("above 0",)),
    ("budget of an unknown unit", edit("images: 640", "imges: 640"), RUN, 2,
     ("did you mean 'images'",)),
    ("unknown protocol", edit("knn@1", "knn@2"), RUN, 2, ("knn@1",)),
    ("an axis without values", edit("seed: [0, 1]", "seed: []"), RUN, 2, ("axes.seed has no",)),
    ("nothing to list", nothing, ("ls", "metods"), 2, ("did you mean 'methods'",)),
    # data
    ("unknown dataset", edit("sprites?n=300", "spirtes?n=300"), RUN, 2, ("sprites",)),
    ("unknown split", edit("size: 32}\n  enc", "size: 32, split: trian}\n  enc"), RUN, 2,
     ("trian", "train")),
    ("unknown label", edit("label: texture", "label: textur"), RUN, 2,
     ("no labels called 'textur'", "did you mean 'texture'")),
    ("unlabeled set, linear probe", both(images(300, 0), edit(LABELS, "./mine")), RUN, 2,
     ("mine",)),
    ("more images than there are", edit("[60, 240]", "[60, 400]"), RUN, 2,
     ("holds 300 images", "n=400")),
    ("damaged images cut N", images(230, 20), RUN, 2,
     ("20 of 250 images skipped", "1 to 230", "doctor --data")),
    ("all images damaged", images(0, 250), RUN, 2, ("none of the",)),
    ("an option sprites lacks", edit("?n=300", "?m=300"), RUN, 2, ("unknown sprites option", "m")),
    # device
    ("unknown device", nothing, (*RUN, "--device", "gpu"), 2, ("unknown device", "cuda")),
    ("no such GPU", nothing, (*RUN, "--device", "cuda:99"), 2, ("this machine has", "cuda:99")),
    # store
    ("store is a file", a_file("store"), RUN, 2, ("cannot write to the store", "--store")),
    ("cache is a file", a_file("cache"), RUN, 2, ("cache path is a file", "DATAYIELD_CACHE")),
    # training
    ("a learning rate that explodes", edit("lr: 1e-3", "lr: 1e30"), RUN, 1,
     ("at step", "learning rate", "optim.clip")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "command", "code", "says"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_bad_input(
    datayield: Call, tmp_path: Path,
    spoil: Spoil, command: tuple[str, ...], code: int, says: tuple[str, ...],
) -> None:  # fmt: skip
    spoil(tmp_path)
    done = datayield(*command)
    assert done.code == code
    for text in says:
        assert text in done.err
    assert "Traceback" not in done.err
    left = [p for p in tmp_path.rglob("*") if p.name.endswith(".tmp") or "building" in p.name]
    assert left == []


def test_data_folder_that_is_not_there(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit("sprites?n=300&n_test=600", "flowers")(tmp_path)
    monkeypatch.setenv("DATAYIELD_DATA", str(tmp_path / "absent"))
    done = datayield(*RUN)
    assert done.code == 2
    assert "flowers" in done.err
    assert "DATAYIELD_DATA" in done.err


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test that needs a finished study leaves it for copies."""
    return tmp_path_factory.mktemp("finished") / "study"


@pytest.fixture
def finished(datayield: Call, tmp_path: Path, original: Path) -> Path:
    """The store of a finished study of one run, the test's own to damage: it is run once."""
    if not original.exists():
        edit("[60, 240]", "[60]")(tmp_path)
        edit("seed: [0, 1]", "seed: [0]")(tmp_path)
        edit("[simclr, barlow_twins]", "[simclr]")(tmp_path)
        assert datayield(*RUN).code == 0
        shutil.copytree(tmp_path, original)
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    return tmp_path / "store"


def _run_folder(store: Path) -> Path:
    return next(path.parent for path in store.glob("runs/*/spent.json"))


def test_a_damaged_result_is_named_and_only_it_is_made_again(
    datayield: Call, finished: Path
) -> None:
    results = sorted(finished.glob("runs/*/evals/*.json"))
    table = (finished / "studies/tiny/table.csv").read_bytes()
    results[0].write_text("{ half")
    assert results[0].name in datayield("plan", "tiny.yaml", "--json").out
    done = datayield("report", "tiny.yaml")
    assert done.code == 3
    kept = {p: p.read_bytes() for p in results[1:]}
    again = datayield(*RUN)
    assert again.code == 0
    assert "1 finished" in again.err
    assert f"{results[0].name}.damaged" in again.err
    assert all(p.read_bytes() == content for p, content in kept.items())
    assert (finished / "studies/tiny/table.csv").read_bytes() == table


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["truncated", "flipped", "swapped", "folder"])
def test_a_damaged_checkpoint_is_named_and_made_again(
    datayield: Call, finished: Path, how: str
) -> None:
    folder = _run_folder(finished)
    spent = json.loads((folder / "spent.json").read_text())
    checkpoint, early = (folder / "checkpoints" / f"{s}.pt" for s in ("1.000000", "0.500000"))
    whole = checkpoint.read_bytes()
    if how == "flipped":
        _flip(checkpoint)
    elif how == "folder":
        checkpoint.unlink()
        checkpoint.mkdir()
    else:
        checkpoint.write_bytes(early.read_bytes() if how == "swapped" else whole[:-1000])
    next((folder / "evals").glob("1.000000-*.json")).unlink()
    done = datayield(*RUN)
    assert done.code == 0
    assert f"damaged file: {checkpoint}" in done.err
    assert json.loads((folder / "spent.json").read_text())["weights"] == spent["weights"]
    assert checkpoint.read_bytes() == whole
    assert checkpoint.with_name("1.000000.pt.damaged").exists()


def test_a_damaged_state_is_named_and_the_run_starts_again(datayield: Call, finished: Path) -> None:
    folder = _run_folder(finished)
    (folder / "spent.json").unlink()
    (folder / "state.pt").write_bytes(b"half a state")
    done = datayield(*RUN)
    assert done.code == 0
    assert f"damaged file: {folder / 'state.pt'}" in done.err


def test_a_run_that_another_process_holds_is_left_alone(
    datayield: Call, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lock, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(scheduler, "WATCH_SECONDS", 0.5)
    folder = _run_folder(finished)
    (folder / "spent.json").unlink()
    with run_lock.run_lock(folder):
        done = datayield(*RUN)
        assert done.code == 3
        assert "another process is working on this run" in done.err
        assert (folder / "lock.json").exists()
    assert datayield(*RUN).code == 0


def test_an_edited_spec_is_noticed(datayield: Call, finished: Path) -> None:
    folder = _run_folder(finished)
    (folder / "spent.json").unlink()
    (folder / "spec.json").write_text('{"edited": true}')
    done = datayield(*RUN)
    assert done.code == 0
    assert "spec.json: does not describe this run" in done.err


@pytest.mark.parametrize("error", [MemoryError(), ZeroDivisionError("a bug")])
def test_an_error_of_any_kind_ends_one_task_and_is_kept(
    datayield: Call, finished: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _run_folder(finished)
    for path in finished.glob("runs/*/evals/*.json"):
        path.unlink()
    real = task_module.evaluate

    def breaks(spec: Any, *others: Any) -> Any:
        if spec.id == folder.name:
            raise error
        return real(spec, *others)

    monkeypatch.setattr(task_module, "evaluate", breaks)
    done = datayield(*RUN)
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "2 finished, 1 left" in done.err
    failure = json.loads((folder / "failed.json").read_text())
    assert type(error).__name__ in failure["traceback"]
    assert failure["message"] in done.err
    monkeypatch.setattr(task_module, "evaluate", real)
    assert datayield(*RUN).code == 0
    assert not (folder / "failed.json").exists()
