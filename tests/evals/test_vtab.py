"""vtab@1: the given split chooses, all of both refits, and what a small draw may lack."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from datayield.evals import evaluate
from datayield.evals.linear import STRENGTHS
from datayield.spec.errors import DataError, TrainingError
from datayield.spec.evaluation.eval_spec import EvalSpec
from tests.evals.made import mixture, spec


def given(**more: object) -> EvalSpec:
    return EvalSpec.model_validate(
        {"name": "task", "protocol": "vtab@1", "dataset": "made", "val": "val", **more}
    )


def by_sklearn(fit, train, strength):  # type: ignore[no-untyped-def]
    """Accuracy on the second of the pairs, features standardised by all of `train`."""
    (x, y), (x_to, y_to) = fit
    mean, std = train.double().mean(0), train.double().std(0, correction=0)
    model = LogisticRegression(C=1 / (len(y) * strength), tol=1e-8, max_iter=5000)
    model.fit(((x - mean) / std).numpy(), y.numpy())
    return float((model.predict(((x_to - mean) / std).numpy()) == y_to.numpy()).mean())


def test_val_chooses_and_both_refit_as_sklearn_would() -> None:
    x, y = mixture(1000, 12, 4)
    test = mixture(800, 12, 4, seed=1)
    got = evaluate(given(), (x[:800], y[:800]), test, val=(x[800:], y[800:]))
    assert (got.n_train, got.n_test) == (1000, 800)
    assert got.notes[0] == "strength chosen on 200 of 1000 train items"
    strength = got.metrics["strength"]
    val = by_sklearn(((x[:800], y[:800]), (x[800:], y[800:])), x, strength)
    assert got.metrics["accuracy_val"] == pytest.approx(val, abs=0.0051)
    final = by_sklearn(((x, y), test), x, strength)
    assert got.metrics["accuracy"] == pytest.approx(final, abs=0.0013)
    best = max(by_sklearn(((x[:800], y[:800]), (x[800:], y[800:])), x, s) for s in STRENGTHS)
    assert val >= best - 0.0051


def test_without_a_val_a_random_fifth_is_held_out() -> None:
    train, test = mixture(1000, 16, 4), mixture(300, 16, 4, seed=1)
    plain = EvalSpec(name="task", protocol="vtab@1", dataset="made")
    got = evaluate(plain, train, test)
    assert got.notes == ("strength chosen on 200 of 1000 train items",)
    order = np.random.Generator(np.random.PCG64(0)).permutation(1000)
    held, rest = (torch.from_numpy(np.sort(p)) for p in (order[:200], order[200:]))
    x, y = train
    by_hand = evaluate(given(), (x[rest], y[rest]), test, val=(x[held], y[held]))
    assert got.metrics["accuracy_val"] == by_hand.metrics["accuracy_val"]
    assert got.metrics["strength"] == by_hand.metrics["strength"]
    few = evaluate(plain, tuple(part[:979] for part in train), test)
    assert few.notes[-1] == "979 training items, not 1,000"
    assert few.notes[0].startswith("strength chosen on 195 of 979")


def test_a_class_in_val_alone_is_wrong_there_and_known_in_the_end() -> None:
    (x, y), test = mixture(1000, 16, 4, spread=2.0), mixture(400, 16, 4, 1, spread=2.0)
    early = y[:800] != 2
    val = (x[800:], y[800:])
    got = evaluate(given(), (x[:800][early], y[:800][early]), test, val=val)
    share = float((val[1] == 2).double().mean())
    assert 0.9 * (1 - share) < got.metrics["accuracy_val"] <= 1 - share
    assert got.metrics["classes_missing_in_train"] == 0
    assert got.metrics["accuracy"] > 0.9


def test_labels_missing_in_train_or_in_test_are_counted() -> None:
    (x, y), (x_test, y_test) = mixture(1000, 16, 5), mixture(400, 16, 5, seed=1)
    kept, shown = y != 1, y_test != 3
    got = evaluate(
        EvalSpec(name="task", protocol="vtab@1", dataset="made"),
        (x[kept], y[kept]), (x_test[shown], y_test[shown]),
    )  # fmt: skip
    assert got.metrics["classes_missing_in_train"] == 1
    assert got.metrics["classes_missing_in_test"] == 1
    assert any("missing in train" in note for note in got.notes)


def test_a_class_with_one_image_is_learned_from() -> None:
    (x, y), test = mixture(500, 16, 3, spread=2.0), mixture(200, 16, 3, 1, spread=2.0)
    single = (y != 1) | (torch.arange(500) == int((y == 1).nonzero()[0]))
    got = evaluate(spec("vtab@1"), (x[single], y[single]), test)
    assert got.metrics["accuracy"] > 0.6


def test_balanced_accuracy_can_be_what_chooses() -> None:
    """One in ten is of the rare class: the two metrics want different strengths."""
    (x, y), (x_test, y_test) = mixture(1000, 64, 2, spread=0.15), mixture(2000, 64, 2, 1, 0.15)
    rare = torch.rand(1000, generator=torch.Generator().manual_seed(0)) < 0.12
    kept = (y == 0) | rare
    train = (x[kept], y[kept])
    plain = evaluate(spec("vtab@1"), train, (x_test, y_test))
    balanced = EvalSpec(name="task", protocol="vtab@1", dataset="made", metric="balanced_accuracy")
    got = evaluate(balanced, train, (x_test, y_test))
    assert {"balanced_accuracy_val", "balanced_accuracy_best_on_test"} <= got.metrics.keys()
    assert got.metrics["balanced_accuracy_best_on_test"] >= got.metrics["balanced_accuracy"]
    assert got.metrics["balanced_accuracy_val"] > 0.5
    assert got.metrics["strength"] < plain.metrics["strength"]


def test_bad_inputs() -> None:
    test = mixture(50, 4, 3, seed=1)
    with pytest.raises(DataError, match="two classes"):
        evaluate(spec("vtab@1"), (torch.randn(10, 4), torch.ones(10, dtype=torch.long)), test)
    with pytest.raises(DataError, match="too few"):
        evaluate(spec("vtab@1"), (torch.randn(3, 4), torch.arange(3)), test)
    x, y = mixture(50, 4, 3)
    with pytest.raises(TrainingError, match="not finite"):
        evaluate(given(), (x, y), test, val=(x * torch.nan, y))
    for more, says in (
        ({"val": "test"}, "another split"),
        ({"protocol": "knn@1"}, "only to vtab@1"),
    ):
        with pytest.raises(ValueError, match=says):
            given(**more)
