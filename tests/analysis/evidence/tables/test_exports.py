"""Exports as W&B and MLflow write them, and a table typed by hand, without any flag."""

from pathlib import Path

import pytest

from datayield.analysis.evidence.tables import evidence_of_table

EXPORTS = Path(__file__).parent / "exports"


def test_the_runs_of_wandb() -> None:
    said = evidence_of_table(EXPORTS / "wandb.csv")
    named = [(world.task, world.method) for world in said.worlds]
    assert named == [("cifar10", "simclr"), ("cifar10, knn", "simclr")]
    runs = said.worlds[0].runs
    assert [(o.setting.images, o.setting.presented) for o in runs] == [
        (5_000, 1e6), (5_000, 1e6), (25_000, 5e6), (50_000, 1e7),
    ]  # fmt: skip
    assert [o.score for o in runs] == pytest.approx([0.7051, 0.7011, 0.8051, 0.8751])
    assert runs[0].hours == 1.0
    assert "1 row of runs that did not finish (State) not used" in said.notes
    assert "score = val_acc1; not used: val_acc5, train_acc1, train_acc5" in said.notes


def test_the_runs_of_mlflow() -> None:
    said = evidence_of_table(EXPORTS / "mlflow.csv")
    (world,) = said.worlds
    assert [o.setting.presented for o in world.runs] == [5e5, 1e6, 2e6, 1e6]
    assert [o.score for o in world.runs] == [0.512, 0.562, 0.602, 0.588]


def test_a_table_typed_by_hand() -> None:
    said = evidence_of_table(EXPORTS / "by_hand.csv")
    (world,) = said.worlds
    assert len(world.runs) == 9
    assert (world.runs[0].score, world.runs[0].seed) == (pytest.approx(0.412), 1)
    assert [o.pretrained_by for o in world.baselines] == ["nobody"]
