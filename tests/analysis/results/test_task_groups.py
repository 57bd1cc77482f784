"""Means over tasks: of the main metric, and of whole groups only."""

import numpy as np
import pytest

from datayield.analysis.findings import analyse
from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row
from datayield.analysis.results.task_groups import ALL, SCORE, group_rows, task_groups
from datayield.analysis.text.answer import answer
from datayield.spec.evaluation.suites import expanded
from datayield.spec.run.budget import Budget
from datayield.spec.study.study import Study
from datayield.spec.validate import validated

BUDGET = Budget(unit="images", amount=2000)
SIZES, SEEDS = (100, 400), (0, 1, 2)


def made(without: tuple[str, ...] = (), skip: tuple[str, int, int] | None = None) -> StudyResults:
    """Scores 0.1 * task + 0.05 * log4(n / 100) * task + 0.01 * seed; accuracy of skin is 0.83."""
    asked = {"suite": "vtab_mini@1", "size": 32, "groups": ["specialised", "structured"]}
    asked |= {"without": ["gtsrb", "sign-digits", *without]}
    raw = {
        "study": "made",
        "base": {"encoder": {"name": "convnet", "size": 32}},
        "axes": {"data.count": list(SIZES), "method": ["simclr"]},
        "evaluations": expanded([asked], "made"),
    }
    study = validated(Study, raw, where="made")
    rows = []
    for n in SIZES:
        for seed in SEEDS:
            for i, ev in enumerate(study.evaluations):
                if skip == (ev.task, n, seed):
                    continue
                score = 0.1 * i + 0.05 * np.log2(n / 100) / 2 * i + 0.01 * seed
                row = Row(
                    f"{n}-{seed}", "run", "simclr", "convnet", "sprites", n, BUDGET, 2000,
                    1.0, (), seed, ev.name, ev.protocol, ev.group, ev.main_metric, score, 500,
                )  # fmt: skip
                rows.append(row)
                if ev.metric:
                    rows.append(row._replace(metric="accuracy", value=0.83))
    return StudyResults(study, (*rows, *group_rows(study, rows)), ())


def scores(results: StudyResults) -> dict[tuple[str, int, int], float]:
    return {(r.eval, r.n, r.seed): r.value for r in results.rows if r.metric == SCORE}


def test_a_mean_is_over_the_tasks_main_metrics() -> None:
    got = scores(made())
    assert len(got) == 3 * len(SIZES) * len(SEEDS)
    for seed in SEEDS:  # specialised: tasks 0 to 3, of which 1 counts balanced accuracy
        assert got["vtab_mini specialised", 100, seed] == pytest.approx(0.15 + 0.01 * seed)
        assert got["vtab_mini structured", 100, seed] == pytest.approx(0.6 + 0.01 * seed)
        assert got[f"vtab_mini {ALL}", 400, seed] == pytest.approx(0.4 + 0.2 + 0.01 * seed)


def test_a_mean_is_of_whole_groups_only() -> None:
    got = scores(made(skip=("trashnet", 400, 1)))
    assert ("vtab_mini specialised", 400, 1) not in got
    assert (f"vtab_mini {ALL}", 400, 1) not in got
    assert ("vtab_mini structured", 400, 1) in got
    assert ("vtab_mini specialised", 400, 0) in got


def test_a_group_says_over_how_many_tasks_it_is() -> None:
    specialised, structured, everything = task_groups(made(("trashnet",)).study)
    assert specialised.of == "3 of 4 tasks"
    assert specialised.absent == ("trashnet",)
    assert structured.of == "5 of 7 tasks"
    assert structured.absent == ("gtsrb", "sign-digits")
    assert everything.of == "8 of 15 tasks"  # natural was not asked for


def test_studies_without_suites_have_no_groups() -> None:
    results = made()
    plain = [ev.model_copy(update={"part_of": ""}) for ev in results.study.evaluations]
    study = results.study.model_copy(update={"evaluations": tuple(plain)})
    assert task_groups(study) == []
    assert list(group_rows(study, results.rows)) == []


def test_the_answer_speaks_of_groups_and_not_of_each_task() -> None:
    texts = [headline.text for headline in answer(analyse(made()))]
    # Gains of 5 points a task number: 0 to 15 for specialised, mean 7.5; its tasks differ.
    assert texts[0].startswith("vtab_mini, SimCLR, 2k presented: from 100 to 400 images")
    assert "specialised +7.5 (" in texts[0]
    assert "of 15 tasks: helps)" in texts[0]
    assert f"and {ALL} +20.0 (" in texts[0]
    assert not any("trashnet" in text for text in texts)
    assert len(texts) <= 10
