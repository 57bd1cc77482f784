"""`datayield answer STUDY`: the card of `report`, from planted runs, without a page."""

import json
from pathlib import Path

import jsonschema
import pytest

from datayield.session import open_study
from datayield.spec.run import RunSpec
from tests.cli.test_answer import CONTRACT, TABLE
from tests.conftest import TINY, Call
from tests.stored import result, trained

GRID = (
    TINY[: TINY.index("axes:")]
    + """
axes:
  data.count: [60, 120, 240]
  budget: [{images: 640}, {images: 1280}, {images: 2560}]
  seed: [0, 1]
evaluations:
  - {name: count, protocol: linear@1, dataset: "sprites?n=300&n_test=600", label: count}
"""
).replace("{projector: [32, 16]}", "{name: simclr, projector: [32, 16]}")


def plant(seeds: int) -> None:
    """Finish the first seeds of the grid: compute helps by 4 points a doubling, images do not."""
    session = open_study("grid.yaml")
    for task in session.plan().tasks:
        spec, score = task.spec, 0.3
        if isinstance(spec, RunSpec):
            if spec.seed >= seeds:
                continue
            score = 0.4 + 0.04 * (spec.images / 640) ** 0.8 + 0.001 * spec.seed
        folder = session.store.run(spec.id)
        trained(folder, *task.shares)
        for share, ev in task.evals:
            made = result(spec.id, share, ev.id, accuracy=score)
            folder.write_result(made.model_copy(update={"n_test": 4000}))


def test_it_prints_the_card_of_the_report_and_writes_no_page(datayield: Call) -> None:
    Path("grid.yaml").write_text(GRID)
    plant(seeds=2)
    answered = datayield("answer", "grid.yaml")
    assert answered.code == 0
    assert "compute" in answered.out
    assert not list(Path("store").rglob("*.html"))
    told = json.loads(datayield("answer", "grid.yaml", "--json", "--at", "images=120").out)
    jsonschema.validate(told, CONTRACT)
    assert told["cards"][0]["at"]["images"] == 120
    page = datayield("answer", "grid.yaml", "--page", "mine.html")
    assert page.code == 0
    assert "you are here" in Path("mine.html").read_text()
    assert datayield("report", "grid.yaml").out.startswith(answered.out)


def test_what_is_pending_is_said(datayield: Call) -> None:
    Path("grid.yaml").write_text(GRID)
    plant(seeds=1)
    done = datayield("answer", "grid.yaml", "--store", "store")
    assert done.code == 0
    assert "9 of 21 runs and baselines pending" in done.err


def test_prices_are_those_of_the_study_unless_named(datayield: Call) -> None:
    Path("grid.yaml").write_text("prices: {image: 0.5}\n" + GRID)
    plant(seeds=2)
    assert "120" in datayield("answer", "grid.yaml").out
    assert "240" in datayield("answer", "grid.yaml", "--price", "image=1").out


def test_without_a_finished_run_it_says_what_comes_first(datayield: Call) -> None:
    done = datayield("answer", "demo")
    assert done.code == 2
    assert "no run of this study is finished" in done.err
    assert "datayield run demo first" in done.err
    assert "datayield answer bridge2025 --published" in datayield("answer", "bridge2025").err


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (("demo", "--score", "top1"), "this is a study, which has no columns to name"),
        (("t.csv", "--store", "store"), "this option is for a study"),
        (("dmeo",), "did you mean 'demo'"),
        (("absent.yaml",), "study not found"),
    ],
)
def test_what_does_not_fit_is_said(datayield: Call, call: tuple[str, ...], message: str) -> None:
    Path("t.csv").write_text(TABLE)
    done = datayield("answer", *call)
    assert done.code == 2
    assert message in done.err
