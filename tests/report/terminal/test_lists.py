"""What `datayield ls` says of methods and recipes."""

import io
import json
from typing import Literal

import pytest
from rich.console import Console

from datayield.report.terminal.lists import NOTES, methods, recipes, show
from datayield.spec.run.method import METHOD_SPECS, OBJECTIVES, BYOLSpec
from datayield.spec.study.recipes import recipe_sets


def test_methods_tell_paper_cost_views_and_defaults() -> None:
    rows = {row["method"]: row for row in methods()}
    assert list(rows) == [*METHOD_SPECS, "supervised"]
    assert rows["supervised"]["knobs"] == {"label": "label", "classes": "required"}
    assert rows["supervised"]["cost"] == 1
    assert rows["byol"]["arXiv"] == "2006.07733"
    assert rows["byol"]["knobs"] == {"projector": (4096, 256), "predictor": 4096, "momentum": 0.99}
    others = [row for name, row in rows.items() if name not in ("simmim", "supervised")]
    assert {row["views"] for row in others} == {"2 to 16"}


def test_two_views_cost_two_supervised_steps_and_a_teacher_a_third_more() -> None:
    """A teacher runs forward on both views: 2 x (1 + 1/3); heads and losses add a few percent."""
    cost = {row["method"]: row["cost"] for row in methods()}
    for name in ("barlow_twins", "simclr", "vicreg", "lejepa", "swav"):
        assert cost[name] == pytest.approx(2, abs=0.06)
    for name in ("byol", "moco_v3", "dino"):
        assert cost[name] == pytest.approx(8 / 3, abs=0.06)


def test_a_method_without_a_recipe_is_listed_without_a_cost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Mine(BYOLSpec):
        name: Literal["mine"] = "mine"  # type: ignore[assignment]

    monkeypatch.setitem(OBJECTIVES, "mine", Mine)
    monkeypatch.setitem(METHOD_SPECS, "mine", Mine)
    rows = {row["method"]: row for row in methods()}
    assert rows["mine"] == {**rows["byol"], "method": "mine", "cost": None}


def test_recipes_tell_source_and_methods_and_values_as_json() -> None:
    rows = {row["recipe"]: row for row in recipes()}
    assert list(rows) == recipe_sets()
    assert rows["ghosh2024"]["methods"] == "barlow_twins, vicreg"
    values = json.loads(json.dumps(rows["cifar"]["values"]))
    assert values["simclr"]["optim"]["lr"] == 0.4


@pytest.mark.parametrize("rows", [methods, recipes])
def test_tables_fit_80_columns_and_break_no_word(rows) -> None:  # type: ignore[no-untyped-def]
    out = io.StringIO()
    show(Console(file=out, width=80), rows(), NOTES[rows.__name__])
    text = out.getvalue()
    assert all(len(line) <= 80 for line in text.splitlines())
    for word in (*METHOD_SPECS, *recipe_sets()) if rows is recipes else METHOD_SPECS:
        assert word in text
    assert "{" not in text
    assert "None" not in text
