"""Measures of the sets that runs train on."""

from pathlib import Path

import numpy as np
import pytest
import torch

from datayield.evals.features import pixel_features
from datayield.maths.vendi import vendi_score
from datayield.run.curation import measured_set
from datayield.run.decoded_splits import arrays_of
from datayield.spec.run import Curation, Subset
from datayield.store.curation import features_used, set_record
from tests.data.made import encoded, png, write

FEATURES = ("pixels", "untrained:convnet?width=4")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Twenty images of noise, and one of them again, in another format."""
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    from PIL import Image

    files = {f"{i:02d}.png": png(i, 40, 40) for i in range(20)}
    files["20.bmp"] = encoded(Image.fromarray(np.asarray(_opened(png(3, 40, 40)))), "BMP")
    write(tmp_path / "pool/train", files)
    return str(tmp_path / "pool")


def _opened(data: bytes) -> "np.ndarray":
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data)))


def test_vendi_and_near_copies(folder: str) -> None:
    pytest.importorskip("imagehash")
    arrays = arrays_of(folder, "train", 16, "crop")
    part = Subset(dataset=folder, count=21, size=16, fingerprint="abc")
    record = measured_set(part, arrays, np.arange(21), FEATURES)
    pixels = pixel_features(arrays.images).double()
    expected = vendi_score(pixels - pixels.mean(0))
    assert record.vendi["pixels"] == pytest.approx(expected, rel=1e-6)
    assert 1 < record.vendi[FEATURES[1]] < 21
    assert (record.near_copies, record.count, record.measured) == (2, 21, 21)
    assert record.select == "random"
    assert set_record(part, FEATURES) == record
    assert set_record(part, ("pixels",)) is None
    again = measured_set(part, arrays, np.arange(3), FEATURES)  # kept: not measured again
    assert again == record
    few = part.model_copy(update={"count": 4, "select": Curation(by="diverse")})
    four = measured_set(few, arrays, np.array([3, 20, 5, 6]), ("pixels",))
    assert (four.near_copies, four.select) == (2, "diverse")
    assert four.vendi["pixels"] < 3.2  # of four, two are the same
    torch.testing.assert_close(pixels[3], pixels[20])


def test_sets_are_measured_where_some_are_chosen() -> None:
    drawn = Subset(dataset="digits", count=4)
    assert features_used([drawn]) == ()
    chosen = Subset(dataset="digits", select=Curation(by="diverse", features="untrained:convnet"))
    assert features_used([drawn, chosen]) == ("pixels", "untrained:convnet")
