"""A tiny real study that other scripts kill or take the disk from, and what must come of it."""

import importlib
import io
import json
import shutil
from pathlib import Path

STUDY = """
study: tiny
base:
  data: {dataset: digits, size: 16}
  encoder: {name: convnet, size: 16, width: 4}
  views: {recipe: mild, size: 16}
  method: {name: simclr, projector: [8, 8]}
  optim: {lr: 0.001}
  batch: 20
  budget: {images: 120}
axes: {data.count: [20, 40]}
evaluations:
  - {name: digit, protocol: knn@1, dataset: digits, label: digit, size: 16, train_count: 60,
     test_count: 60, at: [0.5, 1.0]}
"""
STACKED = STUDY.replace("simclr", "barlow_twins").replace(
    "axes: {data.count: [20, 40]}", "axes: {data.count: [20, 40], seed: [0, 1, 2]}"
)
IMPORTED = (
    "matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg", "sklearn.datasets",
    "datayield.cli", "datayield.session", "datayield.run.engines.choose",
    "datayield.run.scheduler", "datayield.report.page.page", "datayield.report.files.index",
)  # fmt: skip


def prepared(folder: Path, keep_cache: bool = False, study: str = STUDY) -> Path:
    """A folder with the `study`, and with nothing done; the cache is kept if asked for."""
    if folder.exists():
        for each in folder.iterdir():
            if each.is_dir() and not (keep_cache and each.name == "cache"):
                shutil.rmtree(each)
    folder.mkdir(exist_ok=True)
    (folder / "output").write_bytes(b"")
    (folder / "tiny.yaml").write_text(study)
    return folder


def outcome(folder: Path) -> dict[str, bytes]:
    """Every file of store and cache -> what must be the same bit by bit; empty if nothing.

    Without samples of this machine's speed, which are kept where there is room for them.
    """
    found = {}
    for path in (*(folder / "store").rglob("*"), *(folder / "cache").rglob("*")):
        if path.is_dir() or (path.parent.name == "speeds" and path.suffix == ".json"):
            continue
        name = path.relative_to(folder).as_posix()
        if path.name == "spent.json":
            found[name] = json.loads(path.read_text())["weights"].encode()
        elif "/evals/" in name and path.suffix == ".json":
            told = json.loads(path.read_text())
            found[name] = json.dumps([told["metrics"], told["intervals"]]).encode()
        else:
            same = path.suffix in (".pt", ".items") or path.name in (
                "table.csv",
                "curves.csv",
                "spec.json",
            )
            found[name] = path.read_bytes() if same else b""
    return found


def differences(wanted: dict[str, bytes], got: dict[str, bytes]) -> dict[str, list[str]]:
    """Names of files that were lost, that are left over, and whose content differs."""
    both = wanted.keys() & got.keys()
    return {
        "lost": sorted(wanted.keys() - got.keys()),
        "left_over": sorted(got.keys() - wanted.keys()),
        "differing": sorted(name for name in both if wanted[name] != got[name]),
    }


def warm_up() -> None:
    """Import what an attempt imports, so that a fork of this process starts at once."""
    for name in IMPORTED:
        importlib.import_module(name)
    import matplotlib.figure
    import torch

    from datayield.report.templates import template

    template("template.html")
    figure = matplotlib.figure.Figure()
    figure.add_subplot().set_title("fonts, read once")
    for kind in ("pdf", "svg", "png"):
        figure.savefig(io.BytesIO(), format=kind)
    torch.set_num_threads(1)
