"""The page of images: what it shows is what is there, and what training gets."""

import base64
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from datayield.augment.normalise import normalise
from datayield.run.first_views import as_pixels, first_views
from datayield.run.loop.batches import batches
from datayield.run.loop.state import Meter
from datayield.run.training_data import training_data_of
from datayield.session import open_study
from tests.conftest import Call


def _folder(root: Path) -> Path:
    """Two classes with train and test; an image is in both, one is cut, one file is no image."""
    for split in ("train", "test"):
        for k, name in enumerate(("<cat>", "dog")):
            place = root / split / name
            place.mkdir(parents=True)
            for i in range(3):
                made = np.random.default_rng(9 * k + i + 50 * (split == "test"))
                pixels = made.integers(0, 256, (40, 60, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{i}.png")
    same = root / "train/dog/0.png"
    (root / "test/dog/same.png").write_bytes(same.read_bytes())
    (root / "train/dog/cut.png").write_bytes(same.read_bytes()[:900])
    (root / "train/notes.txt").write_text("x")
    return root


def test_a_dataset_is_shown_with_what_is_wrong_in_it(datayield: Call, tmp_path: Path) -> None:
    done = datayield("show", str(_folder(tmp_path / "pets")), "--page", "look/at.html")
    assert (done.code, done.out) == (0, "look/at.html\n")
    page = (tmp_path / "look/at.html").read_text()
    assert "train, label: &lt;cat&gt;" in page  # names are text
    assert "<cat>" not in page
    assert "notes.txt" in page
    assert "damaged 1" in page
    assert "pets test and pets train: copies" in page or "pets train and pets test: copies" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)  # self-contained
    uri = re.findall(r"data:image/jpeg;base64,([^\"]+)", page)[0]
    assert Image.open(BytesIO(base64.b64decode(uri))).size == (60, 40)


def test_a_study_is_shown_with_its_views_and_tests(datayield: Call, tmp_path: Path) -> None:
    done = datayield("show", "tiny.yaml")
    assert done.code == 0
    page = Path(done.out.strip()).read_text()
    assert len(page) < 2_000_000
    for said in ("simclr: 2 views of 32 px", "count (linear@1), test: 600 images at 32 px"):
        assert said in page
    run = open_study("tiny.yaml").cells[0].run
    device = torch.device("cpu")
    data = training_data_of(run, device)
    trained = next(batches(data, run, slice(0, run.batch), 0, 1, device, Meter()))
    for view, whole in zip(first_views(run, 4).views, trained.views, strict=True):
        assert np.array_equal(view, as_pixels(whole[:4]))


def test_normalisation_is_undone() -> None:
    pixels = torch.randint(0, 256, (1, 3, 8, 8), dtype=torch.uint8)
    assert np.array_equal(as_pixels(normalise(pixels)), pixels.permute(0, 2, 3, 1).numpy())


@pytest.mark.parametrize("what", ["pets", "pets.yaml", "empty"])
def test_what_cannot_be_shown_is_an_error(datayield: Call, tmp_path: Path, what: str) -> None:
    (tmp_path / "empty").mkdir()
    done = datayield("show", "./empty" if what == "empty" else what)
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert what in done.err
    assert not list(tmp_path.rglob("*.html"))
