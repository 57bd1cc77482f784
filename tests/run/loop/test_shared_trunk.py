"""What is dear is done once: features of a checkpoint, and the decoding of a ladder's images."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from datayield.run import decoded_splits
from datayield.run.evaluation import evaluate as module
from datayield.session import open_study
from tests.conftest import Call

STUDY = """
study: shared
base:
  data: {dataset: digits, size: 16}
  encoder: {name: convnet, size: 16, width: 4}
  views: {recipe: mild, size: 16}
  method: {name: simclr, projector: [16, 16]}
  optim: {lr: 2e-3}
  batch: 32
  budget: {images: 64}
axes: {data.count: [50, 200], seed: [0, 1]}
evaluations:
  - {name: digit, protocol: linear@1, dataset: digits, label: digit, size: 16}
  - {name: ink, protocol: knn@1, dataset: digits, label: ink, size: 16}
  - {name: near, protocol: knn@1, dataset: digits, label: digit, size: 16, seed: 3}
  - {name: few, protocol: linear@1, dataset: digits, label: digit, size: 16, label_fraction: 0.2,
     draws: 2}
  - {name: fewer, protocol: knn@1, dataset: digits, label: digit, size: 16, per_class: 2}
  - {name: rank, protocol: spectrum@1, dataset: digits, size: 16}
"""


def test_features_are_extracted_once_and_a_ladder_is_decoded_once(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shared.yaml").write_text(STUDY)
    decoded: Counter[Any] = Counter()
    extracted: Counter[Any] = Counter()
    prepare, extract = decoded_splits.prepare, module.extract

    def counted_prepare(*which: Any, **more: Any) -> Any:
        decoded[which] += 1
        return prepare(*which, **more)

    def counted_extract(net: torch.nn.Module, pixels: Any, *more: Any, **named: Any) -> Any:
        extracted[len(pixels)] += 1
        return extract(net, pixels, *more, **named)

    monkeypatch.setattr(decoded_splits, "prepare", counted_prepare)
    monkeypatch.setattr(decoded_splits, "_DECODED", {})
    monkeypatch.setattr(module, "extract", counted_extract)
    done = datayield("run", "shared.yaml", "--device", "cpu")
    assert done.code == 0, done.err
    encoders = 2 * 2 + 2  # runs, and an untrained encoder for each seed
    n = {split: listing.images for (_, split), listing in _listings(tmp_path).items()}
    assert extracted == {n["train"]: encoders, n["test"]: encoders}
    assert len(list((tmp_path / "store").glob("runs/*/evals/*.json"))) == 6 * (encoders + 1)
    assert decoded == {("digits", "train", 16, "crop"): 1, ("digits", "test", 16, "crop"): 1}


def _listings(folder: Path) -> Any:
    return open_study(str(folder / "shared.yaml")).listings
