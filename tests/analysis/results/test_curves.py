"""Points, baselines and their order."""

from dataclasses import replace

import pytest

from datayield.spec.errors import DataError
from tests.simulated import SIZES, simulate


def test_a_point_holds_one_value_per_seed_and_their_mean_and_band() -> None:
    results = simulate(rank=False)
    point = results.main.points[0]
    rows = [
        r
        for r in results.rows
        if (r.kind, r.eval, r.method, r.n, r.metric)
        == ("run", point.key.eval, point.key.method, point.n, "accuracy")
    ]
    assert point.seeds.by_seed == {r.seed: r.value for r in rows}
    assert point.seeds.mean == pytest.approx(sum(r.value for r in rows) / 3, abs=1e-15)
    assert (point.seeds.low, point.seeds.high) == (
        min(r.value for r in rows),
        max(r.value for r in rows),
    )


def test_the_order_is_the_studys_and_not_that_of_the_rows() -> None:
    results = simulate(methods=("vicreg", "barlow_twins"))
    shuffled = replace(results, rows=tuple(reversed(results.rows)))
    names = [(key.eval, key.method) for key in shuffled.main.curves]
    evals, methods = ("category", "texture"), ("vicreg", "barlow_twins")
    assert names == [(e, m) for e in evals for m in methods]
    assert [p.n for p in next(iter(shuffled.main.curves.values()))] == list(SIZES)
    assert shuffled.main.points == results.main.points


def test_curves_take_only_the_last_share_of_the_budget() -> None:
    results = simulate(shares=(0.5, 1.0))
    assert {p.share for line in results.main.curves.values() for p in line} == {1.0}
    assert all(len(line) == 2 for line in results.metric("accuracy").trajectories.values())
    assert simulate().metric("accuracy").trajectories == {}


def test_baselines_keep_seeds_of_the_encoder_and_one_value_of_the_pixels() -> None:
    baselines = {(b.eval, b.kind): b for b in simulate().main.baselines}
    assert len(baselines["category", "untrained"].seeds.values) == 3
    assert baselines["category", "pixels"].seeds.values == ((0, 0.41),)


def test_two_values_for_one_cell_and_seed_are_refused() -> None:
    results = simulate()
    twin = results.rows[0]._replace(value=results.rows[0].value / 2)
    with pytest.raises(DataError, match="two different values"):
        _ = replace(results, rows=(*results.rows, twin)).main.points
