"""Copies between training and testing are refused; copies elsewhere are stated."""

from pathlib import Path

import pytest

from datayield.data.catalog import find
from datayield.data.leaks import leaks, notes
from datayield.data.split_content import split_listing
from datayield.spec.evaluation import EvalSpec
from datayield.spec.run import Listings, Part
from tests.data.made import png, write


@pytest.fixture
def listings(tmp_path: Path) -> Listings:
    """A pool of 12 images of which 9 are distinct, and a task whose test has two of its train."""
    write(tmp_path / "pool", {f"{i}.png": png(i % 9) for i in range(12)})
    write(tmp_path / "task/train", {f"{'ab'[i % 2]}/{i}.png": png(20 + i) for i in range(6)})
    write(tmp_path / "task/test", {f"{'ab'[i % 2]}/{i}.png": png(24 + i) for i in range(4)})
    write(tmp_path / "task/test", {"a/9.png": png(3)})
    places = [("pool", "train"), ("task", "train"), ("task", "test")]
    return {(name, s): split_listing(find(str(tmp_path / name), s)) for name, s in places}


def task(**more: object) -> EvalSpec:
    raw = {"name": "task", "protocol": "knn@1", "dataset": "task", **more}
    return EvalSpec.model_validate(raw)


def test_a_test_image_in_train_is_refused(listings: Listings) -> None:
    (error,) = leaks([task()], listings)
    assert "2 images of test are also in train" in error.text()
    assert "allow_overlap: true" in error.text()
    assert leaks([task(allow_overlap=True)], listings) == []
    assert leaks([task(protocol="spectrum@1")], listings) == []  # reads no labels


def test_copies_and_pretrained_tests_are_stated(listings: Listings) -> None:
    parts = [Part(dataset="pool", count=4), Part(dataset="pool", count=12)]
    assert list(notes(parts, [task(allow_overlap=True)], listings)) == [
        "pool train: 12 images, 9 of them distinct (3 are copies of others)",
        "task: 2 images of test are also in train (allow_overlap)",
        "task: 1 of its 5 test images are also in pool train, which runs are pretrained on "
        "(without labels)",
    ]
