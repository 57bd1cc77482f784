"""The order of the items that were right: decided by class and content, whatever the evaluation."""

import numpy as np
import torch

from datayield.run.evaluation.labels import chosen_images, labels_in
from datayield.run.evaluation.right_items import right_items
from datayield.spec.evaluation.eval_spec import EvalSpec


def _ev(**more: object) -> EvalSpec:
    made = {"name": "d", "protocol": "linear@1", "dataset": "digits", "label": "digit", "size": 8}
    return EvalSpec.model_validate(made | more)


def _solved(ev: EvalSpec) -> torch.Tensor:
    """Whether an image is solved depends on the image alone: [2, n]."""
    arrays, chosen = chosen_images(ev, ev.test, ev.test_count)
    assert arrays.content is not None
    return torch.from_numpy(np.stack([arrays.content[chosen] % 3 == i for i in (0, 1)]))


def test_evaluations_of_the_same_images_keep_them_in_the_same_order() -> None:
    first = _ev()
    others = [_ev(seed=7), _ev(protocol="knn@1", train_count=100), _ev(protocol="finetune@1"),
              _ev(size=16), _ev(per_class=5)]  # fmt: skip
    kept = right_items(first, _solved(first))
    for ev in others:
        again = right_items(ev, _solved(ev))
        assert (again.items, again.classes) == (kept.items, kept.classes)
        assert np.array_equal(again.packed, kept.packed)
    assert not torch.equal(_solved(first), _solved(others[0]))  # in the evaluations' own orders


def test_other_images_are_another_set() -> None:
    few, other = (_ev(test_count=100, seed=seed) for seed in (0, 1))
    one, two = (right_items(ev, _solved(ev)) for ev in (few, other))
    assert one.items != two.items
    assert one.n == two.n == 100


def test_they_stand_class_by_class() -> None:
    ev = _ev(test_count=200)
    labels = labels_in(ev, ev.test)[0][chosen_images(ev, ev.test, ev.test_count)[1]]
    kept = right_items(ev, torch.from_numpy(labels == 3)[None])
    assert kept.classes == tuple(np.bincount(labels))
    right = kept.right()[0]
    start = sum(kept.classes[:3])
    assert right[start : start + kept.classes[3]].all()
    assert right.sum() == kept.classes[3]
