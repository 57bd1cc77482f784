"""`folds` in a study: what it fills in, what it excludes, and that it is another evaluation."""

from typing import Any

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.evaluation.eval_spec import EvalSpec
from datayield.spec.study.shorthands import study_spelled_out
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.made_study import study_of


def _study(**entry: Any) -> Study:
    raw = study_of({"data.count": [100]})
    raw["evaluations"][0] |= entry
    return validated(Study, study_spelled_out(raw), where="test")


def test_every_image_of_train_is_tested() -> None:
    (whole,) = _study(folds=5).evaluations
    assert (whole.train, whole.test, whole.splits) == ("train", "train", ("train",))
    (grouped,) = _study(folds=5, train="train[: by patient]").evaluations
    assert grouped.test == "train[: by patient]"
    assert [whole.training_items(n) for n in (100, 101)] == [80, 81]
    (few,) = _study(folds=5, train_count=30).evaluations
    assert few.training_items(100) == 30


def test_it_is_another_evaluation() -> None:
    plain = EvalSpec(name="a", protocol="knn@1", dataset="digits", label="digit")
    made = {"name": "a", "protocol": "knn@1", "dataset": "digits", "label": "digit"}
    ids = [EvalSpec.model_validate(made | {"test": "train", "folds": k}).id for k in (4, 5)]
    assert len({plain.id, *ids}) == 3
    assert plain.id == EvalSpec.model_validate(made | {"folds": None}).id


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"test": "test"}, "folds tests every image of train, 'train', not 'test': leave out"),
        ({"protocol": "finetune@1"}, "folds applies to linear@1 and knn@1 and vtab@1, not to"),
        ({"protocol": "vtab@1", "val": "val"}, "val and folds are mutually exclusive"),
        ({"test_count": 50}, "test_count and folds are mutually exclusive: use all images"),
        ({"per_class": 5}, "per_class and folds are mutually exclusive: use train_count"),
    ],
)
def test_what_does_not_go_with_it_is_told(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        _study(folds=5, **entry)
