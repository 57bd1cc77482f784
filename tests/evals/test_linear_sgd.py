"""linear_sgd@1 against torch's own SGD, one head at a time."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from datayield.evals import evaluate
from datayield.evals.linear import validation_split
from datayield.evals.linear_sgd import BATCH, RATES, Heads, run_epoch
from datayield.spec.errors import DataError, TrainingError
from tests.evals.made import mixture, spec


def reference(
    epochs: list[tuple[float, list[Tensor]]], x: Tensor, y: Tensor, rate: float, classes: int
) -> Tensor:
    """Weights [K, d + 1] by torch.optim.SGD in float64; (factor, batches) per epoch."""
    head = nn.Linear(x.shape[1], classes, dtype=torch.float64)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9)
    for factor, batches in epochs:
        optimizer.param_groups[0]["lr"] = rate * factor
        for batch in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(head(x[batch].double()), y[batch]).backward()
            optimizer.step()
    return torch.cat([head.weight, head.bias[:, None]], dim=1).detach()


def test_each_head_is_what_torch_would_train() -> None:
    """Over the drop of the rate at epoch 60, with a last batch that is smaller."""
    x, y = mixture(600, 6, 3)
    heads = Heads.zeros(3, x.double())
    epochs = []
    for epoch in (0, 59, 60, 80):
        rng = np.random.Generator(np.random.PCG64([0x736764, 4, epoch]))
        order = torch.from_numpy(rng.permutation(600))
        factor = {60: 0.1, 80: 0.01}.get(epoch, 1.0)
        epochs.append((factor, [order[i : i + BATCH] for i in range(0, 600, BATCH)]))
        run_epoch(heads, x.double(), y, torch.arange(600), epoch, 4)
    for i, rate in enumerate(RATES):
        expected = reference(epochs, x, y, rate, 3)
        torch.testing.assert_close(heads.weight[3 * i : 3 * i + 3], expected, rtol=1e-9, atol=1e-9)


def test_it_learns_and_chooses_on_validation_alone() -> None:
    train, (x, y) = mixture(600, 16, 4, spread=1.0), mixture(500, 16, 4, 1, spread=1.0)
    asked: list[int] = []

    def views(epoch: int) -> Tensor:
        asked.append(epoch)
        noise = torch.Generator().manual_seed(epoch)
        return train[0] + 0.1 * torch.randn(train[0].shape, generator=noise)

    got = evaluate(spec("linear_sgd@1"), train, (x, y), views=views)
    assert asked == list(range(100))
    plain = evaluate(spec("linear@1"), train, (x, y))
    assert got.metrics["accuracy"] == pytest.approx(plain.metrics["accuracy"], abs=0.03)
    assert got.metrics["learning_rate"] in RATES
    assert got.metrics["accuracy_best_on_test"] >= got.metrics["accuracy"]
    assert got.metrics["accuracy_best_epoch_on_test"] >= got.metrics["accuracy"]
    other = evaluate(spec("linear_sgd@1"), train, (x, y.flip(0)), views=views).metrics
    assert other["learning_rate"] == got.metrics["learning_rate"]
    assert other["accuracy_val"] == got.metrics["accuracy_val"]


def test_the_best_epoch_on_test_is_that_of_the_chosen_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against every epoch's final heads, scored one by one."""
    train, (x, y) = mixture(200, 8, 3, spread=1.0), mixture(100, 8, 3, 1, spread=1.0)
    monkeypatch.setattr("datayield.evals.linear_sgd.SGD_EPOCHS", 6)
    kept: list[Tensor] = []
    original = Heads.predict
    monkeypatch.setattr(
        Heads, "predict", lambda self, z: kept.append(original(self, z)) or kept[-1]
    )
    seen = [train[0]] * 5 + [-100 * train[0]]  # the last epoch undoes the others
    got = evaluate(spec("linear_sgd@1"), train, (x, y), views=lambda epoch: seen[epoch]).metrics
    rate = RATES.index(got["learning_rate"])
    course = [float((heads[rate] == y).double().mean()) for heads in kept[:6]]
    assert got["accuracy_best_epoch_on_test"] == pytest.approx(max(course))
    assert got["accuracy"] == pytest.approx(course[-1])
    assert max(course) > course[-1]


def test_held_items_teach_the_trial_heads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With other labels on the held-out fifth, only the choice and the final heads may change."""
    (x, y), test = mixture(100, 8, 2), mixture(50, 8, 2, seed=1)
    monkeypatch.setattr("datayield.evals.linear_sgd.SGD_EPOCHS", 3)
    seen: list[Tensor] = []
    original = Heads.predict
    monkeypatch.setattr(
        Heads, "predict", lambda self, z: seen.append(self.weight.clone()) or original(self, z)
    )
    parts = validation_split(y.numpy(), 0)
    monkeypatch.setattr("datayield.evals.linear_sgd.validation_split", lambda *_: parts)
    flipped = y.clone()
    flipped[parts[1]] = 1 - y[parts[1]]
    for labels in (y, flipped):
        evaluate(spec("linear_sgd@1"), (x, labels), test, views=lambda epoch: x)
    assert len(seen) == 8  # of each: the final heads after each of 3 epochs, then the trial heads
    assert torch.equal(seen[3], seen[7])
    assert not torch.equal(seen[2], seen[6])


def test_bad_inputs() -> None:
    x, test = torch.randn(6, 4), mixture(50, 4, 3, seed=1)
    for labels in (torch.ones(6, dtype=torch.long), torch.arange(6)):
        with pytest.raises(DataError, match="choosing a rate"):
            evaluate(spec("linear_sgd@1"), (x, labels), test, views=lambda epoch: x)
    train = mixture(60, 4, 3)
    broken = train[0].clone()
    broken[3] = torch.nan
    with pytest.raises(TrainingError, match="1 of 60 images") as error:
        evaluate(spec("linear_sgd@1"), train, test, views=lambda epoch: broken)
    assert "augmented" in str(error.value)
    assert error.value.exit_code == 1
