"""Gains of groups of tasks: the wider of the interval over tasks and the interval over seeds."""

from dataclasses import replace

import numpy as np
import pytest

from datayield.analysis.model.study_noise import noise_models, point_key
from datayield.analysis.model.suite_gains import GroupGain, suite_gains
from datayield.analysis.results import SCORE, StudyResults
from datayield.analysis.results.task_groups import group_rows
from tests.analysis.results.test_task_groups import made


def _gains(results: StudyResults) -> list[GroupGain]:
    return suite_gains(results, noise_models(results.scores))


def test_without_noise_of_seeds_the_tasks_are_the_unit() -> None:
    specialised, structured, _ = _gains(made())
    assert (specialised.n, specialised.to) == (100, 400)
    each = 0.05 * np.arange(4)  # the gain of task i is 0.05 i
    half = 3.182446 * each.std(ddof=1) / 2  # t with 3 degrees of freedom, of 4 tasks
    assert specialised.mean == pytest.approx(each.mean())
    assert (specialised.gain.low, specialised.gain.high) == pytest.approx(
        (each.mean() - half, each.mean() + half), rel=1e-5
    )
    assert list(structured.by_task.values()) == pytest.approx([0.2, 0.25, 0.3, 0.35, 0.4])


def test_noise_that_the_tasks_share_widens_the_interval() -> None:
    """Runs that differ by 4 points on all tasks alike: the tasks' gains do not show it."""
    draw = np.random.default_rng(0)
    of_run = {run: draw.normal(0, 0.04) for run in sorted({r.run for r in made().rows})}
    plain = made(("trashnet",))
    rows = [
        row._replace(value=0.3 + 0.02 * (row.n > 100) + of_run[row.run])
        for row in plain.rows
        if row.metric != SCORE
    ]
    results = replace(plain, rows=(*rows, *group_rows(plain.study, rows)))
    (gain, *_) = _gains(results)
    lines = results.scores.curves
    (line,) = (line for key, line in lines.items() if key.eval == gain.group.name)
    over_seeds = noise_models(results.scores)[gain.group.name].contrast(
        {point_key(line[1]): 1, point_key(line[0]): -1}
    )
    assert np.ptp(list(gain.by_task.values())) == pytest.approx(0, abs=1e-12)
    assert gain.gain == over_seeds
    assert gain.gain.high - gain.gain.low > 0.03


def test_one_task_has_the_interval_over_seeds() -> None:
    (gain, *_) = _gains(made(("skin-lesions", "rsscn7", "trashnet")))
    assert gain.gain.decides
    assert gain.gain.mean == pytest.approx(gain.mean, abs=1e-12)
