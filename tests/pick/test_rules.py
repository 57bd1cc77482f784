"""The rules on features whose best choice is known."""

import numpy as np
import pytest

from datayield.evals.classifier import fit_classifier, margins
from datayield.maths.weighted_clusters import representatives
from datayield.pick.held_out import try_collecting, try_labelling
from datayield.pick.rules import RULES, FeatureTable, nearest, to_collect, to_label
from datayield.pick.task_images import TaskImages
from datayield.spec.errors import DataError


@pytest.fixture(autouse=True)
def _few_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datayield.pick.held_out.REPEATS", 4)


def blobs(sizes: list[int], seed: int = 0, d: int = 12, spread: float = 0.3) -> FeatureTable:
    """Rows around as many centres, which stand on the axes."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(4 * np.eye(d, dtype=np.float32)[: len(sizes)], sizes, axis=0)
    return (centres + spread * rng.standard_normal(centres.shape)).astype(np.float32)


def planted(x: FeatureTable, y: np.ndarray) -> TaskImages:
    n = len(x)
    units = np.arange(n, dtype=np.uint64)
    return TaskImages(x, y.astype(np.int64), units, [f"{i}.png" for i in range(n)], ["a", "b"])


def test_each_cluster_has_one_representative_and_the_heaviest_is_first() -> None:
    x = blobs([40, 10, 25])
    found = representatives(x, np.ones(75), 3, seed=0)
    assert found.sizes.tolist() == [40, 25, 10]
    assert [np.searchsorted([40, 50, 75], row, side="right") for row in found.rows] == [0, 2, 1]
    near = np.square(x[:40] - x[:40].mean(axis=0)).sum(axis=1).argmin()
    assert found.rows[0] == near


def test_weights_draw_the_representatives() -> None:
    """Of one blob, all weight is on few rows: the representative is one of them."""
    x = blobs([200], spread=1.0)
    heavy = np.argsort(x[:, 0])[:10]
    weights = np.full(200, 1e-6)
    weights[heavy] = 1.0
    assert representatives(x, weights, 1, seed=0).rows[0] in np.argsort(x[:, 0])[:40]
    assert representatives(x, np.ones(200), 1, seed=0).rows[0] not in heavy


def test_copies_are_taken_only_where_nothing_else_is_left() -> None:
    x = np.repeat(blobs([1, 1, 1]), [5, 5, 5], axis=0)
    assert set(representatives(x, np.ones(15), 3, seed=0).rows // 5) == {0, 1, 2}
    assert len(set(representatives(x, np.ones(15), 9, seed=0).rows)) == 9
    with pytest.raises(ValueError, match="16 rows of 15"):
        representatives(x, np.ones(15), 16, seed=0)


def test_margins_are_those_of_the_two_most_likely() -> None:
    likely = np.array([[0.1, 0.6, 0.3], [0.4, 0.2, 0.4]])
    assert margins(likely) == pytest.approx([0.3, 0.0])


def test_the_classifier_says_which_images_lie_between_classes() -> None:
    x = blobs([60, 60])
    made = fit_classifier(x, np.repeat([3, 7], 60), "accuracy", seed=0)
    between = ((x[:5] + x[60:65]) / 2).astype(np.float32)
    assert made.score(x, np.repeat([3, 7], 60), "accuracy") == 1.0
    assert margins(made.probabilities(between)).max() < margins(made.probabilities(x)).min()
    with pytest.raises(DataError, match="two classes"):
        fit_classifier(x, np.zeros(120, np.int64), "accuracy", seed=0)


@pytest.mark.parametrize("by", RULES["label"])
def test_images_to_label_are_different_and_repeatable(by: str) -> None:
    x = blobs([50, 50, 50])
    first = fit_classifier(x[::5], np.repeat([0, 1, 2], 10), "accuracy", seed=0)
    found = to_label(by, x, x[::5], first, 12, seed=0)  # type: ignore[arg-type]
    assert len(set(found.rows.tolist())) == len(found.sizes) == 12
    again = to_label(by, x, x[::5], first, 12, seed=0)  # type: ignore[arg-type]
    assert again.rows.tolist() == found.rows.tolist()


def test_each_rule_takes_what_it_says() -> None:
    x, labelled = blobs([40, 40, 40]), blobs([20, 20], seed=1)
    first = fit_classifier(labelled, np.repeat([0, 1], 20), "accuracy", seed=0)
    unsure = margins(first.probabilities(x))
    assert to_label("margin", x, labelled, first, 5, 0).rows.tolist() == [*np.argsort(unsure)[:5]]
    assert to_label("diverse", x, labelled, first, 1, 0).rows[0] >= 80  # the blob without labels
    assert to_label("clusters", x, labelled, first, 3, 0).rows.max() >= 80


def test_images_are_collected_near_the_task_and_first_where_the_study_has_none() -> None:
    pool, owned = blobs([30, 30, 30, 30]), blobs([10, 10], seed=1)
    targets = np.concatenate([blobs([0, 8, 8], seed=2), owned[-1:]])  # the last is owned
    found = to_collect("near_target", pool, owned, targets, 17, seed=0).rows // 30
    assert set(found) == {1, 2}
    assert set(to_collect("near_target", pool, owned, targets, 4, seed=0).rows // 30) <= {1, 2}
    assert to_collect("diverse", pool, owned, targets, 1, seed=0).rows[0] // 30 in (2, 3)
    at, alike = nearest(pool[:1], pool)
    products = pool @ pool[0]
    assert (at[0], alike[0]) == (products.argmax(), pytest.approx(products.max()))


def test_hidden_labels_show_a_better_rule() -> None:
    """Rare classes: a random choice misses some of them, clusters do not."""
    sizes = [150, *[5] * 20]
    task = planted(blobs(sizes, d=21, spread=0.5), np.repeat(np.arange(21), sizes))
    found = try_labelling("clusters", task, "balanced_accuracy", 250, 1000)
    assert found is not None
    assert (found.verdict, found.repeats) == ("better", 4)
    assert found.difference.mean == pytest.approx(found.rule - found.random)
    assert found.rule > found.random > found.before
    assert found.start + found.pool + found.held_out == sum(sizes)
    assert found.chosen == found.start  # as many again, at most


def test_hidden_labels_show_that_random_is_as_good() -> None:
    """Labels without a relation to the features: no rule can help."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((120, 6)).astype(np.float32)
    task = planted(x, rng.integers(0, 2, 120))
    found = try_labelling("clusters", task, "accuracy", 60, 1000)
    assert found is not None
    assert found.verdict == "no different"
    itself = try_labelling("random", task, "accuracy", 60, 1000)
    assert itself is not None
    assert itself.difference == (0, 0, 0)


def test_too_few_labels_are_not_tested() -> None:
    task = planted(blobs([20, 20]), np.repeat([0, 1], 20))
    assert try_labelling("clusters", task, "accuracy", 10, 100) is None
    few = planted(task.x[:24], task.y[:24])
    assert try_collecting("near_target", few, task.x, task.x, 5) is None


def test_coverage_of_images_that_had_no_part_in_choosing() -> None:
    """One blob of the pool is the task's: near it is better, spread over all is no worse."""
    pool, owned = blobs([20] * 10), blobs([20], seed=1)
    task = planted(blobs([0, 0, 60], seed=2), np.repeat([0, 1], 30))
    found = try_collecting("near_target", task, pool, owned, 5)
    assert found is not None
    assert (found.verdict, found.measure, found.start) == ("better", "coverage", 20)
    assert found.rule > found.random >= found.before
