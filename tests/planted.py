"""Real specs with planted scores: what a study of resolved runs would leave in the store."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row, RunCost
from datayield.spec.run.run import RunSpec
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.made_study import study_of

Score = Callable[[RunSpec, float], float]  # (run, share of its budget) -> accuracy


def planted(
    axes: dict[str, Any],
    score: Score,
    shares: Sequence[float] = (1.0,),
    noise: float = 0.002,
    **base: Any,
) -> StudyResults:
    """Rows of every cell; 400 images/s and 1 GFLOP per image, whatever the run."""
    raw = study_of(axes)
    raw["base"] |= base
    raw["evaluations"][0]["at"] = list(shares)
    study = validated(Study, raw, where="planted")
    cells, draw = study.cells({}), np.random.default_rng(0)
    rows, spent, drawn = [], {}, {}
    for cell in cells:
        run = cell.run
        images = run.steps * run.batch
        spent[run.id] = RunCost(
            run.id, run.id, run.images, images, run.view_count * images, 1e9 * images, images / 400,
            None, 400.0, 0.0, 0, "cpu",
        )  # fmt: skip
        for share in shares:
            value = score(run, share) + draw.normal(0, noise)
            value = drawn.setdefault((run.id, share), value)  # cells may share a run
            rows.append(
                Row(run.id, "run", run.method.name, "convnet", run.data.dataset,
                    run.data.count or 0, cell.budget, run.images, share, cell.named_axes, run.seed,
                    "category", "linear@1", "", "accuracy", float(value), 2000)
            )  # fmt: skip
    specs = {cell.run.id: cell.run for cell in cells}
    return StudyResults(study, tuple(rows), tuple(spent.values()), specs=specs)
