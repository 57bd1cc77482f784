"""Images chosen by their features: nested, seeded, without labels, and computed once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datayield.run import training_data
from datayield.run.curation import set_features
from datayield.run.decoded_splits import arrays_of, forget_decoded
from datayield.run.training_data import draw_images
from datayield.spec.errors import DataError
from datayield.spec.run import Curation, Listings, Subset, Target, fixed
from datayield.store.curation import is_chosen, order_path
from tests.data.made import png, write

NET = "untrained:convnet?width=4"


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DATAYIELD_STORE", str(tmp_path / "store"))
    forget_decoded()
    training_data._drawn.cache_clear()
    yield
    forget_decoded()
    training_data._drawn.cache_clear()


def listings_of(*datasets: str) -> Listings:
    from datayield.data.catalog import find
    from datayield.data.split_content import split_listing

    return {(name, "train"): split_listing(find(name, "train")) for name in datasets}


def part(count: int, select: Curation | None, **more: Any) -> Subset:
    raw = Subset(dataset="digits", count=count, size=8, select=select, **more)
    listings = listings_of("digits", *([select.target.dataset] if select and select.target else []))
    known = fixed(raw, listings)
    assert isinstance(known, Subset)
    return known


def taken(data: Subset) -> list[int]:
    (member,) = draw_images(data).members
    chosen: list[int] = np.asarray(member.indices).tolist()
    return chosen


DIVERSE = Curation(by="diverse")
NEAR = Curation(by="near_target", target=Target(dataset="sprites?n=60"))


@pytest.mark.parametrize("select", [DIVERSE, NEAR, Curation(by="diverse", features=NET)])
def test_a_smaller_set_is_a_prefix_of_a_larger_one(select: Curation) -> None:
    small = taken(part(20, select))
    assert len(set(small)) == 20
    training_data._drawn.cache_clear()
    large = taken(part(600, select))  # more than the order that was kept
    assert large[:20] == small
    assert len(set(large)) == 600
    assert taken(part(20, select, seed=1)) != small
    assert small != taken(part(20, None))


def test_a_diverse_set_is_farther_apart_than_a_random_one() -> None:
    images = arrays_of("digits", "train", 8, "crop").images.reshape(-1, 8 * 8 * 3).astype(float)

    def nearest(chosen: list[int]) -> float:
        x = images[chosen]
        apart = ((x[:, None] - x) ** 2).sum(-1)
        np.fill_diagonal(apart, np.inf)
        return float(np.sqrt(apart.min(1)).mean())

    assert nearest(taken(part(40, DIVERSE))) > 1.2 * nearest(taken(part(40, None)))


def test_a_set_near_a_task_is_nearer_to_it(tmp_path: Path) -> None:
    """Noise of one colour is nearer to other noise of it than to noise of all colours."""
    rng = np.random.default_rng(0)
    task = {f"{i}.png": _tinted(rng, 0) for i in range(12)}
    pool = {f"{i}.png": _tinted(rng, i % 3) for i in range(60)}
    write(tmp_path / "task/train", task)
    write(tmp_path / "pool/train", pool)
    names = str(tmp_path / "pool"), str(tmp_path / "task")
    select = Curation(by="near_target", target=Target(dataset=names[1]))
    data = fixed(Subset(dataset=names[0], count=15, size=8, select=select), listings_of(*names))
    assert isinstance(data, Subset)
    assert {int(Path(n).stem) % 3 for n in _names(data)} == {0}


def _tinted(rng: np.random.Generator, channel: int) -> bytes:
    from tests.data.made import encoded

    image = rng.integers(0, 60, (8, 8, 3), np.uint8)
    image[..., channel] += 150
    return encoded(image)


def _names(data: Subset) -> list[str]:
    (member,) = draw_images(data).members
    return [member.arrays.source.names(int(i)) for i in np.asarray(member.indices)]


def test_only_the_pool_is_chosen_from() -> None:
    pool = taken(part(50, None))
    chosen = taken(part(20, Curation(by="diverse", pool=50)))
    assert set(chosen) < set(pool)
    assert set(taken(part(20, Curation(by="diverse")))) - set(pool)
    assert sorted(taken(part(50, Curation(by="diverse", pool=50)))) == sorted(pool)
    with pytest.raises(DataError, match="usable images"):
        taken(Subset(dataset="digits", count=20, size=8, select=Curation(by="diverse", pool=9000)))


def test_no_label_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    before = taken(part(20, NEAR))
    blind = {
        key: replace(arrays_of(key, "train", 8, "crop"), labels={}, classes={})
        for key in ("digits", "sprites?n=60")
    }
    monkeypatch.setattr(training_data, "arrays_of", lambda name, *_, **__: blind[name])
    training_data._drawn.cache_clear()
    path = order_path(part(20, NEAR))
    assert path is not None
    path.unlink()
    assert taken(part(20, NEAR)) == before


def test_features_and_order_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[int] = []
    extract = set_features.extract

    def counted(net: Any, images: Any, *more: Any, **named: Any) -> Any:
        passes.append(len(images))
        return extract(net, images, *more, **named)

    monkeypatch.setattr(set_features, "extract", counted)
    select = Curation(by="diverse", features=NET)
    data = part(20, select)
    assert not is_chosen(data)
    first = taken(data)
    assert is_chosen(data)
    assert sum(passes) == len(arrays_of("digits", "train", 8, "crop"))
    training_data._drawn.cache_clear()
    assert taken(part(20, select)) == first
    taken(part(30, select, seed=1))  # another pool order, the same features
    taken(part(600, select))
    assert sum(passes) == len(arrays_of("digits", "train", 8, "crop"))
    path = order_path(data)
    assert path is not None
    path.write_bytes(b"damaged")
    assert not is_chosen(data)
    training_data._drawn.cache_clear()
    assert taken(data) == first


def test_the_order_is_by_content_wherever_the_images_are(tmp_path: Path) -> None:
    def drawn(folder: str) -> list[str]:
        name = str(tmp_path / folder)
        data = fixed(Subset(dataset=name, count=6, size=8, select=DIVERSE), listings_of(name))
        assert isinstance(data, Subset)
        return _names(data)

    write(tmp_path / "one/train", {f"{i}.png": png(i) for i in range(20)})
    write(tmp_path / "two/train", {f"{19 - i:02d}.png": png(i) for i in range(20)})
    one, two = drawn("one"), drawn("two")
    assert [int(Path(n).stem) for n in one] == [19 - int(Path(n).stem) for n in two]


def test_without_knowing_the_images_nothing_is_kept() -> None:
    data = Subset(dataset="digits", count=20, size=8, select=DIVERSE)  # no fingerprint
    assert order_path(data) is None
    assert taken(data) == taken(part(20, DIVERSE))
