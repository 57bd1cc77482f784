"""dSprites: the grid and the labels are exact; outlines obey the factors."""

import pickle

import numpy as np
import pytest

from datayield.data.catalog import find
from datayield.data.decoded.arrays import prepare
from datayield.data.sources.dsprites import (
    FACTORS,
    IMAGES,
    DSprites,
    DspritesOptions,
    factors,
    rendered,
)
from datayield.spec.errors import DataError


def number(shape: int = 0, scale: int = 5, orientation: int = 0, x: int = 16, y: int = 16) -> int:
    """By hand: y changes fastest, then x, orientation, scale, shape."""
    return (((shape * 6 + scale) * 40 + orientation) * 32 + x) * 32 + y


def test_the_grid_is_that_of_the_published_file() -> None:
    assert IMAGES == 3 * 6 * 40 * 32 * 32 == np.prod(list(FACTORS.values()))
    every = factors(np.arange(IMAGES))
    assert {name: len(np.unique(v)) for name, v in every.items()} == FACTORS
    got = factors(np.array([number(2, 4, 39, 31, 7)]))
    assert {k: int(v[0]) for k, v in got.items()} == {
        "shape": 2, "scale": 4, "orientation": 39, "x": 31, "y": 7
    }  # fmt: skip


def test_labels_are_vtabs() -> None:
    """x in pairs; orientation by floor(number / 2.5), so classes of 3 and 2 by turns."""
    source = DSprites("train", DspritesOptions(n=5000))
    of = factors(source.numbers)
    labels = source.labels
    assert labels["location"].tolist() == [v // 2 for v in of["x"].tolist()]
    assert labels["orientation"].tolist() == [int(v / 2.5) for v in of["orientation"].tolist()]
    assert [len(np.unique(labels[k])) for k in ("location", "orientation")] == [16, 16]
    sizes = np.bincount([int(v / 2.5) for v in range(40)])
    assert sizes.tolist() == [3, 2] * 8


def test_splits_are_prefixes_and_disjoint() -> None:
    large, small = (
        DSprites("train", DspritesOptions(n=3000)),
        DSprites("train", DspritesOptions(n=1000)),
    )
    assert np.array_equal(large.numbers[:1000], small.numbers)
    assert large.numbers[:4].tolist() == [292479, 258584, 212140, 174468]
    test = DSprites("test", DspritesOptions(n_test=73_728))
    everything = DSprites("train", DspritesOptions(n=IMAGES - 73_728))
    assert not set(test.numbers.tolist()) & set(everything.numbers.tolist())
    assert small.stamp != large.stamp != test.stamp


@pytest.mark.parametrize("shape", range(3))
def test_outlines_obey_the_factors(shape: int) -> None:
    image = rendered(number(shape))
    assert image.dtype == bool
    assert image.shape == (64, 64)
    moved = rendered(number(shape, x=19, y=14))
    assert np.array_equal(np.roll(image, (-2, 3), (0, 1)), moved)
    areas = [rendered(number(shape, scale=s)).sum() for s in range(6)]
    ratios = np.array(areas) / areas[5]
    np.testing.assert_allclose(ratios, (np.arange(0.5, 1.01, 0.1)) ** 2, atol=0.05)
    turned = [rendered(number(shape, orientation=o)).sum() for o in range(40)]
    assert max(turned) / min(turned) < 1.08
    assert np.array_equal(image, rendered(number(shape, orientation=39)))  # a whole turn


def test_closed_areas_and_symmetries() -> None:
    sides = [11, 13, 15, 17, 19, 21]  # centres of pixels within 21.5 * scale
    assert [rendered(number(0, scale=s)).sum() for s in range(6)] == [n**2 for n in sides]
    assert rendered(number(1)).sum() == pytest.approx(np.pi * 12.9 * 6.45, rel=0.03)
    heart = rendered(number(2))  # its axis runs through the centres of column 32
    assert np.array_equal(heart[:, 1:32], heart[:, 33:][:, ::-1])
    rows = np.nonzero(heart.any(axis=1))[0]
    assert heart[rows[-1]].sum() < 0.3 * heart[rows[3]].sum()  # the point is down


def test_nothing_is_cut_off_at_the_edge() -> None:
    for shape in range(3):
        for orientation in range(40):
            for x, y in ((0, 0), (31, 31), (0, 31)):
                image = rendered(number(shape, 5, orientation, x, y))
                assert not image[[0, -1]].any()
                assert not image[:, [0, -1]].any()


def test_prepared_images_are_black_and_white(tmp_path) -> None:  # type: ignore[no-untyped-def]
    arrays = prepare("dsprites?n=20&n_test=5", "train", 64, "squash")
    assert set(np.unique(arrays.images)) == {0, 255}
    source = pickle.loads(pickle.dumps(find("dsprites?n=20&n_test=5", "train")))
    grey = rendered(int(source.numbers[3]))
    assert np.array_equal(np.asarray(arrays.images[3])[..., 1] > 0, grey)


@pytest.mark.parametrize("query", ["m=3", "n=0", "n=737280", "n_test=73729", "n=few"])
def test_bad_options(query: str) -> None:
    with pytest.raises(DataError) as caught:
        find(f"dsprites?{query}", "train")
    assert caught.value.exit_code == 2
    assert caught.value.allowed
