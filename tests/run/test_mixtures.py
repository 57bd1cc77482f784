"""Runs on mixtures: which images they see, in memory or streamed, and what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from datayield.data.sampling import positions
from datayield.data.selection import Indices, indices
from datayield.run import decoded_splits, training_data
from datayield.run.evaluation.evaluate import _features, _labels
from datayield.run.evaluation.labels import chosen_images
from datayield.spec.errors import DataError
from datayield.spec.evaluation.eval_spec import EvalSpec
from datayield.spec.run.subset import Classes, Mixture, Part, Subset
from tests.conftest import TINY, Call

CPU = torch.device("cpu")
DATA = 'data: {dataset: "sprites?n=300&n_test=600", size: 32}'
PARTS = 'data: {size: 32, parts: {B: {dataset: digits, count: 24}, A: {dataset: "sprites?n=64"}}}'
MIXED = (
    TINY.replace(DATA, PARTS)
    .replace("data.count: [60, 240]", "data.parts.A.count: [16, 32]")
    .replace("seed: [0, 1]", "seed: [0]")
)
LOW = Classes(slice="[:5]")
HIGH = Classes(slice="[5:]")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    training_data._training_data.cache_clear()
    yield
    training_data._training_data.cache_clear()


def _part(classes: Classes | None, count: int, skip: int | None = None, seed: int = 0) -> Part:
    label = None if classes is None else "digit"
    return Part(
        dataset="digits", classes=classes, label=label, count=count, skip=skip, seed=seed
    )  # fmt: skip


def _mix(**parts: Part) -> Mixture:
    return Mixture(parts=parts, size=8)


def test_a_mixture_holds_the_images_of_its_parts() -> None:
    arrays = decoded_splits.arrays_of("digits", "train", 8, "crop")
    digits = arrays.labels["digit"]
    data = _mix(B=_part(LOW, 90), A=_part(HIGH, 30))
    source = training_data._training_data(training_data.draw_images(data), None, CPU)
    assert len(source.images) == 120
    members = training_data.draw_images(data).members
    drawn = {
        name: np.asarray(member.indices)
        for (name, _), member in zip(data.members, members, strict=True)
    }
    assert set(digits[drawn["A"]]) == set(range(5, 10))
    assert set(digits[drawn["B"]]) == set(range(5))
    end_to_end = np.concatenate([drawn["A"], drawn["B"]])
    for step in range(3):
        want = arrays.images[end_to_end[positions(120, 7, step, 16)]]
        got = source.images.batch(7, step, 16).permute(0, 2, 3, 1).numpy()
        np.testing.assert_array_equal(got, want)


def test_streamed_it_gives_the_bits_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Mixture(parts={"B": _part(LOW, 90), "A": Part(dataset="sprites?n=64", count=30)}, size=8)
    one = training_data._training_data(training_data.draw_images(data), None, CPU)
    assert one.note == ""
    training_data._training_data.cache_clear()
    monkeypatch.setattr(training_data, "images_fit", lambda nbytes, device: False)
    other = training_data._training_data(training_data.draw_images(data), None, CPU)
    assert "sprites?n=64 train + digits train: 120 images" in other.note
    assert one.digests == other.digests
    for step in range(12):
        assert torch.equal(one.images.batch(1, step, 16), other.images.batch(1, step, 16))
    other.images.close()


def test_digests_tell_parts_apart() -> None:
    mixtures = [
        _mix(B=_part(LOW, 90), A=_part(HIGH, 30)),
        _mix(B=_part(LOW, 89), A=_part(HIGH, 30)),
        _mix(B=_part(LOW, 90, seed=1), A=_part(HIGH, 30)),
        _mix(B=_part(LOW, 90), A=_part(LOW, 30, skip=90)),
    ]
    assert (
        len(
            {
                training_data._training_data(training_data.draw_images(data), None, CPU).digests
                for data in mixtures
            }
        )
        == 4
    )


def test_parts_that_share_images_are_refused() -> None:
    training_data.draw_images(_mix(B=_part(LOW, 90), A=_part(LOW, 30, skip=90)))
    training_data.draw_images(_mix(B=_part(LOW, 90), A=_part(HIGH, 30, seed=4)))
    with pytest.raises(DataError, match=r"parts A and B share 30 images"):
        training_data.draw_images(_mix(B=_part(LOW, 90), A=_part(LOW, 30)))
    with pytest.raises(DataError, match="share 300 images") as caught:
        training_data.draw_images(_mix(B=_part(LOW, 300), A=_part(None, 700)))
    assert "skip: 700" in str(caught.value)


def test_more_than_a_part_has_is_refused() -> None:
    with pytest.raises(DataError, match=r"usable images of \[5:\]") as caught:
        training_data.draw_images(_mix(B=_part(LOW, 90), A=_part(HIGH, 5000)))
    assert "data.parts.A.count" in str(caught.value)
    with pytest.raises(DataError, match="usable images") as caught:
        training_data.draw_images(Subset(dataset="digits", count=90_000, size=8))
    assert "data.count" in str(caught.value)


def test_what_a_run_takes_is_drawn_once(
    datayield: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for the checks before the study, for its source, and for every member."""
    (tmp_path / "mixed.yaml").write_text(MIXED)
    calls: list[str] = []

    def counted(part: Part, *rest: Any) -> Indices:
        calls.append(f"{part.dataset}, {part.count} of {part.split}")
        return indices(part, *rest)

    monkeypatch.setattr(decoded_splits, "_DECODED", {})
    monkeypatch.setattr(training_data, "indices", counted)
    assert datayield("run", "mixed.yaml").code == 0
    b, small, large = (
        "digits, 24 of train",
        "sprites?n=64, 16 of train",
        "sprites?n=64, 32 of train",
    )
    assert sorted(calls) == [b, b, small, large]  # of two mixtures, each of two runs


def test_an_evaluation_of_some_classes_sees_those_alone() -> None:
    def ev(**more: object) -> EvalSpec:
        raw = {"name": "n", "protocol": "linear@1", "dataset": "digits", "label": "digit",
               "size": 8, **more}  # fmt: skip
        return EvalSpec.model_validate(raw)

    some = ev(classes=["7", 3])
    arrays, chosen = chosen_images(some, "train", 40)
    assert len(chosen) == 40
    assert set(arrays.labels["digit"][chosen]) == {3, 7}
    labels = _labels(_features(some, "train", 40, torch.from_numpy), some, "train")
    np.testing.assert_array_equal(labels, arrays.labels["digit"][chosen] == 7)
    assert len({ev().id, some.id, ev(classes=[3]).id}) == 3
    with pytest.raises(ValueError, match="uses all images"):
        ev(protocol="finetune@1", classes=[3])
