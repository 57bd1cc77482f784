"""What the table of `python -m tests.agreement` shows, held to its limits."""

import dataclasses
import json
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from datayield.spec.run.method import METHOD_SPECS
from tests.agreement import __main__ as table
from tests.agreement import checks, golden, states
from tests.agreement.cases import CASES, Case

LIMIT = 1e-10  # between float64 and float64
LIGHTLY = 1e-6  # it keeps some constants in float32
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
WITH_LIGHTLY = [case for case in CASES if case.by_lightly]


@every_case
def test_value_and_gradient_are_those_of_the_published_formula(case: Case) -> None:
    gaps = checks.from_published(case)
    assert float(gaps.value) < LIMIT
    assert float(gaps.gradient) < LIMIT


@every_case
def test_gradcheck(case: Case) -> None:
    assert checks.gradient_is_right(case)


@every_case
def test_images_and_views_that_are_alike_may_change_places(case: Case) -> None:
    assert checks.order_of_images(case) < LIMIT
    assert checks.order_of_views(case) < LIMIT


@pytest.mark.parametrize("case", [c for c in CASES if c.parts], ids=lambda case: case.name)
def test_views_that_play_other_parts_may_not(case: Case) -> None:
    change = checks.across_parts(case)
    assert change is not None
    assert change > 0.005
    whole = dataclasses.replace(case, parts=())
    assert checks.order_of_views(whole) > 0.005


@every_case
def test_float32_is_as_near_as_it_can_be(case: Case) -> None:
    gaps = checks.from_float32(case)
    assert 0 < max(float(gaps.value), float(gaps.gradient)) < 1e-5


@pytest.mark.parametrize("case", WITH_LIGHTLY, ids=lambda case: case.name)
def test_lightlys_golden_values(case: Case) -> None:
    assert golden.distance(case) < LIGHTLY


def test_lightlys_golden_codes() -> None:
    kept = golden.read()["sinkhorn"]
    s = states.scores(1, *kept["shape"], seed=0)
    codes = states.sinkhorn(s, kept["epsilon"], kept["iterations"])
    assert checks.gap(codes, golden.tensor(kept["codes"], kept["shape"])) < LIMIT


@pytest.mark.parametrize("case", WITH_LIGHTLY, ids=lambda case: case.name)
def test_lightly_itself(case: Case) -> None:
    pytest.importorskip("lightly", reason="not installed: its golden values stand in")
    assert checks.from_lightly(case) < LIGHTLY


def test_the_golden_values_are_lightlys() -> None:
    pytest.importorskip("lightly", reason="not installed")
    made, kept = golden.make(), golden.read()
    assert made["losses"].keys() == kept["losses"].keys() == {c.name for c in WITH_LIGHTLY}
    for name, losses in made["losses"].items():
        for new, old in zip(losses, kept["losses"][name], strict=True):
            assert new["shape"] == old["shape"]
            assert new["value"] == pytest.approx(old["value"], rel=1e-9)
            assert new["gradient"] == pytest.approx(old["gradient"], rel=1e-9, abs=1e-12)
    assert made["sinkhorn"]["codes"] == pytest.approx(kept["sinkhorn"]["codes"], rel=1e-9)


@pytest.mark.parametrize("state", states.STATES.values(), ids=states.STATES)
def test_states(state: Callable[[], states.Gaps]) -> None:
    gaps = state()
    assert gaps.published < LIMIT
    assert gaps.lightly is None or gaps.lightly < LIGHTLY


def test_every_method_has_a_row() -> None:
    rows = {case.name.split(",")[0].lower().replace(" ", "_") for case in CASES}
    assert set(METHOD_SPECS) <= rows


def one_view_more(z: Tensor) -> Tensor:
    """A loss that favours the first view and the first image, with half of its gradient."""
    weights = torch.linspace(1, 2, len(z)).to(z.dtype)[:, None, None]
    image = torch.linspace(1, 2, z.shape[1]).to(z.dtype)[None, :, None]
    square = weights * image * z * (z + z.detach())
    return square.sum()


def test_the_checks_see_what_is_wrong() -> None:
    wrong = Case("wrong", one_view_more, lambda z: (1 + 1e-5) * one_view_more(z))
    gaps = checks.from_published(wrong)
    assert float(gaps.value) > 1e-6
    assert float(gaps.gradient) > 1e-6
    assert not checks.gradient_is_right(wrong)
    assert checks.order_of_images(wrong) > 0.01
    assert checks.order_of_views(wrong) > 0.01


def test_golden_values_of_other_inputs_are_refused() -> None:
    case = WITH_LIGHTLY[0]
    with pytest.raises(ValueError, match=r"not the inputs of lightly\.json"):
        golden.distance(dataclasses.replace(case, second="copy"))


def test_the_table_says_what_was_computed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = [case for case in CASES if case.name in ("BYOL", "SwAV")]
    monkeypatch.setattr(table, "CASES", few)
    monkeypatch.setattr(sys, "argv", ["agreement", "--json"])
    table.main()
    results = json.loads(capsys.readouterr().out)
    assert [row["loss"] for row in results["losses"]] == ["BYOL", "SwAV"]
    assert all(0 < row["value"] < LIMIT and row["gradcheck"] for row in results["losses"])
    monkeypatch.setattr(sys, "argv", ["agreement"])
    table.main()
    printed = capsys.readouterr().out
    for row in results["losses"]:
        assert f"| {row['loss']:<4} | {table.cell(row['value'])} " in printed
    assert "only the first 2 have codes" in printed
