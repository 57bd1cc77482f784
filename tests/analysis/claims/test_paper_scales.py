"""At their paper scales, the claims of the shipped studies can be judged once all runs are done."""

from pathlib import Path

import numpy as np
import pytest

from datayield.analysis.results.results import StudyResults
from datayield.analysis.results.rows import Row, RunCost
from datayield.analysis.results.task_groups import group_rows
from datayield.spec.run.run import RunSpec
from datayield.spec.study.find import shipped_studies
from datayield.spec.study.load import load_study
from datayield.spec.study.study import Study
from tests.analysed import verdicts_of

WITH_CLAIMS = [path for path in shipped_studies() if "\nclaims:" in path.read_text()]


def finished(study: Study) -> StudyResults:
    """Results of every run and untrained encoder of `study`, without data: scores by chance."""
    draw = np.random.default_rng(0)
    rows: list[Row] = []
    spent: dict[str, RunCost] = {}
    specs: dict[str, RunSpec] = {}
    seen: set[tuple[str, str]] = set()
    for cell in study.cells({}):
        run = cell.run
        specs[run.id] = run
        spent[run.id] = RunCost(
            run.id, run.id, run.images, run.images, run.view_count * run.images,
            1e9 * run.images, run.images / 400, None, 400.0, 0.0, 0, "cpu",
        )  # fmt: skip
        of_run = (
            run.method.name,
            run.encoder.name,
            getattr(run.data, "dataset", "a mixture"),
            run.data.count or 0,
        )
        for ev in study.evaluations:
            if not all(cell.axes.get(axis) in values for axis, values in ev.where.items()):
                continue
            untrained = ("untrained", "", run.encoder.name, "", 0, None, 0, 0.0, ())
            key = f"untrained-{run.encoder.name}-{run.seed}"
            base = Row(key, *untrained, run.seed, ev.name, ev.protocol, ev.group, ev.main_metric,
                       float(0.4 + draw.normal(0, 0.01)), 2000)  # fmt: skip
            if (key, ev.name) not in seen:
                rows.append(base)
                seen.add((key, ev.name))
            for share in ev.at:
                own = (ev.main_metric, f"{ev.main_metric}_val")
                for metric in own if ev.traits.needs_labels else ("effective_rank",):
                    rows.append(
                        Row(run.id, "run", *of_run, cell.budget, run.images, share,
                            cell.named_axes, run.seed, ev.name, ev.protocol, ev.group, metric,
                            float(0.5 + draw.normal(0, 0.01)), 2000, n_train=ev.train_count or 9999)
                    )  # fmt: skip
    return StudyResults(
        study, (*rows, *group_rows(study, rows)), tuple(spent.values()), specs=specs
    )


@pytest.mark.parametrize("path", WITH_CLAIMS, ids=lambda path: path.stem)
def test_every_claim_that_is_not_left_out_gets_an_effect(path: Path) -> None:
    scales = ["paper"] if "\n  paper:" in path.read_text() else []
    scales += ["paper-tiny"] if "\n  paper-tiny:" in path.read_text() else []
    for scale in scales:
        for verdict in verdicts_of(finished(load_study(str(path), scale))):
            if getattr(verdict.claim, "reach", None) is not None:
                continue  # scores by chance need not be reached
            assert verdict.claim.skip or verdict.effect is not None, verdict.evidence
