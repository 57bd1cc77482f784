"""Published curves beside ours: read along the same axis, and compared only where they may be."""

import pytest

from datayield.analysis.claims.published import compare_with_published, same
from datayield.spec.claims.reference import Axis, Published
from datayield.spec.run.run import RunSpec
from tests.planted import planted

SEEDS = [0, 1]


def by_n(run: RunSpec, share: float) -> float:
    return 0.4 + 0.0001 * (run.data.count or 0) + 0.01 * run.view_count


def number(at: float, value: float | None, x: Axis = "n", **more: object) -> Published:
    row: dict[str, object] = {
        "figure": "Table 1", "method": "simclr", "x": x, "at": at, "evaluation": "category",
        "metric": "accuracy", "unit": "percent", "value": value, "source": "a paper",
    }  # fmt: skip
    note = {"note": "not printed"} if value is None else {}
    return Published.model_validate(row | note | more)


def test_ours_stand_along_the_same_axis() -> None:
    axes = {"data.count": [100, 400], "method": ["simclr", "vicreg"], "seed": SEEDS}
    theirs = (number(400, 60.0, spread=1.5), number(100, 50.0), number(900, None))
    (both,) = compare_with_published(planted(axes, by_n, noise=0.0), theirs)
    (line,) = both.theirs.series
    assert [(s.x, s.mean, s.low, s.high) for s in line.spots] == [
        (100, 50.0, 50.0, 50.0),
        (400, 60.0, 58.5, 61.5),
    ]
    assert both.ours is not None
    assert [s.method for s in both.ours.series] == ["simclr", "vicreg"]
    assert [s.x for s in both.ours.series[0].spots] == [100, 400]
    assert both.ours.series[0].spots[0].mean == pytest.approx(43.0)
    whole = both.ours.series[0].whole
    assert whole is not None
    assert whole.mean == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("methods", "names"),
    [(["simclr"], ["few", "many"]), (["simclr", "vicreg"], ["few, SimCLR", "few, VICReg"])],
)
def test_a_listed_run_of_several_methods_names_them(methods: list[str], names: list[str]) -> None:
    runs = [{"name": "few", "data": {"count": 100}}, {"name": "many", "data": {"count": 400}}]
    axes = {"run": runs, "method": methods, "seed": SEEDS}
    (both,) = compare_with_published(planted(axes, by_n), (number(100, 50.0), number(400, 60.0)))
    assert both.ours is not None
    assert [series.name for series in both.ours.series][:2] == names


def test_levels_compare_only_at_the_published_scale_and_task() -> None:
    axes = {"data.count": [100, 400], "method": ["simclr"], "seed": SEEDS}
    results = planted(axes, by_n)
    named = (number(100, 50.0), number(400, 60.0))
    other = tuple(n.model_copy(update={"evaluation": "cifar100"}) for n in named)
    study = results.study
    for scale, theirs, known, comparable in (
        ("pocket", named, True, False),
        ("paper", named, True, True),
        ("paper", other, False, False),
    ):
        object.__setattr__(results, "study", study.model_copy(update={"scale": scale}))
        (both,) = compare_with_published(results, theirs)
        assert both.ours is not None
        assert (both.same_task, both.comparable) == (known, comparable)


def test_what_varies_along_views_is_one_curve() -> None:
    axes = {
        "views": [[{"count": c, "size": 32}] for c in (2, 4)],
        "data.count": [100],
        "seed": SEEDS,
    }
    (both,) = compare_with_published(planted(axes, by_n, noise=0.0), (number(2, 50.0, "views"),))
    assert both.ours is not None
    (line,) = both.ours.series
    assert [(s.x, round(s.mean, 6)) for s in line.spots] == [(2, 43.0), (4, 45.0)]


def test_only_the_first_panel_of_a_figure_gets_a_stand_in() -> None:
    axes = {"data.count": [100, 400], "method": ["simclr"], "seed": SEEDS}
    theirs = tuple(number(100, 50.0, evaluation=e) for e in ("cars", "pets"))
    assert [b.ours is not None for b in compare_with_published(planted(axes, by_n), theirs)] == [
        True,
        False,
    ]


def test_numbers_without_an_axis_or_value_are_not_drawn() -> None:
    axes = {"data.count": [100, 400], "method": ["simclr"], "seed": SEEDS}
    alone = Published(figure="Section 5", metric="accuracy", value=41.1, source="a paper")
    gap = number(100, 1.5, metric="selection_gap")
    assert compare_with_published(planted(axes, by_n), (alone, gap, number(100, None))) == []


def test_names_that_mean_one_task() -> None:
    assert same("tiny-imagenet", "tiny_imagenet")
    assert not same("cifar10", "cifar100")
