"""The procedural world: deterministic, nested, balanced, with labels that nothing gives away."""

import itertools

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from sklearn.linear_model import RidgeClassifier

from datayield.data.catalog import find
from datayield.data.sprites.random_draws import rgb
from datayield.data.sprites.render import draw
from datayield.data.sprites.scene import CLASSES, label_block, scene_block
from datayield.data.sprites.shapes import FILLS, SHAPES
from datayield.data.sprites.sprites import Sprites, SpritesOptions, parse
from datayield.spec.errors import DataError

GOLDEN: dict[str, list[float]] = {
    "category": [5, 5, 8, 2, 4, 0, 9, 9],
    "count": [3, 0, 1, 1, 4, 1, 4, 3],
    "means": [108.72, 117.24, 119.8],
}


def images(source: Sprites, count: int) -> np.ndarray:
    return np.stack([source.read(i) for i in range(count)])


def test_prefixes_nest_whatever_n() -> None:
    small, large = (find(f"sprites?n={n}", "train") for n in (300, 1000))
    for i in (0, 255, 256, 299):
        np.testing.assert_array_equal(small.read(i), large.read(i))
    for name, column in small.labels.items():
        np.testing.assert_array_equal(column, large.labels[name][:300])
    assert len(small) == len(small.labels["category"]) == 300


def test_the_same_in_any_order_and_for_a_copy() -> None:
    source = Sprites("train", SpritesOptions(n=600))
    forward = [source.read(i).copy() for i in (5, 300, 599)]
    backward = [Sprites("train", SpritesOptions(n=9999)).read(i) for i in (599, 300, 5)]
    for one, two in zip(forward, reversed(backward), strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_world_never_changes() -> None:
    labels = label_block(0, 0)
    assert labels["category"][:8].tolist() == GOLDEN["category"]
    assert labels["count"][:8].tolist() == GOLDEN["count"]
    channel_means = draw(0, 0, 32, 0.0, 1.0).mean(axis=(0, 1, 2))
    np.testing.assert_allclose(channel_means, GOLDEN["means"], atol=0.02)  # float32 may round


def test_splits_and_images_differ() -> None:
    train, test = (images(Sprites(split), 256) for split in ("train", "test"))
    flat = np.concatenate([train, test]).reshape(512, -1)
    assert len({row.tobytes() for row in flat}) == 512


def test_labels_are_balanced_in_every_prefix_of_blocks() -> None:
    for name, column in Sprites("train", SpritesOptions(n=1000)).labels.items():
        counts = np.bincount(column, minlength=len(CLASSES[name]))
        assert counts.max() - counts.min() <= 12, name
        assert counts.sum() == 1000


def test_labels_are_independent_of_each_other() -> None:
    labels = Sprites("train", SpritesOptions(n=25_600)).labels
    values = []
    for one, two in itertools.combinations(labels, 2):
        table = np.zeros((len(CLASSES[one]), len(CLASSES[two])))
        np.add.at(table, (labels[one], labels[two]), 1)
        values.append(chi2_contingency(table).pvalue)
    assert min(values) > 0.001  # ten pairs
    assert np.mean(values) > 0.2


def test_labels_are_what_is_drawn() -> None:
    """The main object of the scene, and how many there are, in the words of the labels."""
    labels, objects = label_block(1, 3), scene_block(1, 3, 0.4, 1.0).objects
    rows = np.arange(256)
    main = np.where(objects.there, objects.radius, 0).argmax(axis=1)
    np.testing.assert_array_equal(objects.shape[rows, main], labels["category"])
    np.testing.assert_array_equal(objects.fill[rows, main], labels["texture"])
    np.testing.assert_array_equal(objects.there.sum(axis=1), labels["count"] + 1)
    cell = ((np.stack([objects.y, objects.x])[:, rows, main] - 0.24) / 0.52 * 3).astype(int)
    np.testing.assert_array_equal(cell[0] * 3 + cell[1], labels["position"])
    turn = np.rint(objects.turn[rows, main] / (np.pi / 4)).astype(int) % 8
    np.testing.assert_array_equal(turn, labels["orientation"])


def test_pixels_alone_hardly_tell_the_category() -> None:
    train, test = (Sprites(split) for split in ("train", "test"))
    x, z = (images(s, n).reshape(n, -1) / 255 for s, n in ((train, 1024), (test, 768)))
    model = RidgeClassifier(1000.0).fit(x, train.labels["category"][:1024])
    assert model.score(z, test.labels["category"][:768]) < 0.2  # chance 0.1


def test_shift_moves_the_images_and_keeps_the_labels() -> None:
    base, far = (Sprites("train", SpritesOptions(shift=s)) for s in (0.0, 1.0))
    for name, column in base.labels.items():
        np.testing.assert_array_equal(column, far.labels[name])
    a, b = images(base, 512).astype(float), images(far, 512).astype(float)
    assert b.std(axis=(1, 2)).mean() < 0.9 * a.std(axis=(1, 2)).mean()  # less contrast
    # A palette that moved: the mean colours of the two worlds are told apart by a line.
    means = np.concatenate([a.mean(axis=(1, 2)), b.mean(axis=(1, 2))])
    which = np.repeat([0, 1], 512)
    score = RidgeClassifier(1.0).fit(means[::2], which[::2]).score(means[1::2], which[1::2])
    assert score > 0.75
    near = images(Sprites("train", SpritesOptions(shift=0.1)), 512).astype(float)
    assert np.abs(near - a).mean() < 0.5 * np.abs(b - a).mean()


def test_larger_images_show_the_same_scene() -> None:
    small, large = draw(0, 0, 32, 0.0, 1.0)[:64], draw(0, 0, 64, 0.0, 1.0)[:64]
    shrunk = large.reshape(64, 32, 2, 32, 2, 3).mean(axis=(2, 4))
    plain = (
        scene_block(0, 0, 0.0, 1.0).backdrop.rough[:64].max(axis=1) < 0.06
    )  # noise is drawn anew
    assert plain.sum() > 3
    pairs = [(small[i].ravel(), shrunk[i].ravel()) for i in np.flatnonzero(plain)]
    assert np.mean([np.corrcoef(a, b)[0, 1] for a, b in pairs]) > 0.85


@pytest.mark.parametrize("field", [*SHAPES.values()], ids=[*SHAPES])
def test_outlines_are_symmetric_bounded_and_never_steeper_than_a_distance(field: object) -> None:
    assert callable(field)
    axis = np.linspace(-1.6, 1.6, 321, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    distance = field(x, y)
    np.testing.assert_allclose(distance, distance[:, ::-1], atol=1e-6)
    steep = np.hypot(*np.gradient(distance, 0.01))
    assert np.quantile(steep, 0.99) < 1.1
    inside = distance < 0
    assert 0.12 < inside.mean() * 3.2**2 / 4 < 0.75
    assert np.hypot(x, y)[inside].max() < 1.3
    for turned in (inside[::-1], np.rot90(inside), np.rot90(inside, -1)):
        assert (turned != inside).mean() > 0.02  # so that orientation is defined


def test_fills_differ_and_stay_between_two_colours() -> None:
    axis = np.linspace(-9, 9, 64, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    made = {name: field(x, y) for name, field in FILLS.items()}
    assert all(share.min() >= 0 and share.max() <= 1 for share in made.values())
    for one, two in itertools.combinations(made.values(), 2):
        assert np.abs(one - two).mean() > 0.1


def test_rgb() -> None:
    import colorsys

    draws = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    expected = [colorsys.hsv_to_rgb(*map(float, row)) for row in draws]
    np.testing.assert_allclose(rgb(*draws.T), expected, atol=1e-5)


def test_options() -> None:
    assert parse("") == SpritesOptions()
    assert parse("shift=0.5&n=64") == SpritesOptions(n=64, shift=0.5)
    one, two = (
        find(f"sprites?{q}", "train").listing() for q in ("n=64&shift=0.5", "shift=.5&n=64")
    )
    assert one == two
    test = [find(f"sprites?n={n}", "test").listing() for n in (10, 20)]
    assert test[0] == test[1]
    for query, said in [
        ("count=3", "unknown sprites option"),
        ("shfit=1", "did you mean 'shift'"),
        ("n=0", "from 1"),
        ("n=many", "got:     many"),
        ("shift=1.5", "from 0.0 to 1.0"),
        ("shift=nan", "from 0.0 to 1.0"),
        ("size=16", "from 32"),
    ]:
        with pytest.raises(DataError, match=said):
            parse(query)
