"""Where a run stands along a study's axes: read from its row, whatever its names are made of."""

from dataclasses import replace

from datayield.analysis.claims.cells import placed
from datayield.spec.run.run import RunSpec
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.analysed import claim_data, verdicts_of
from tests.planted import planted


def _score(run: RunSpec, share: float) -> float:
    return 0.5


def test_a_name_may_hold_what_separates_axes_in_a_label() -> None:
    names = ["small", "small, encoder.width=8", "a=b, c"]
    axes = {
        "run": [{"name": name, "seed": i} for i, name in enumerate(names)],
        "encoder.width": [8, 16],
        "data.count": [100],
    }
    results = planted(axes, _score)
    points = [
        point for _, _, point in placed(claim_data(results), ["category"], None, False, False)
    ]
    words = [dict(point) for point in points if point is not None]
    assert [(each["run"], each["encoder.width"]) for each in words] == [
        (name, width) for name in names for width in ("8", "16")
    ]


def test_a_row_with_other_axes_than_the_study_has_no_place() -> None:
    results = planted({"encoder.width": [8], "data.count": [100]}, _score)
    (row,) = results.rows
    object.__setattr__(results, "rows", (row, row._replace(axes=(("encoder.depth", "8"),))))
    (place,) = placed(claim_data(results), ["category"], None, False, False)
    assert place[1].axes == row.axes


def test_a_claim_finds_a_size_that_is_written_as_a_share() -> None:
    axes = {"data.count": [100, 1000], "seed": [0, 1, 2]}
    results = planted(axes, lambda run, _: (run.data.count or 0) / 2000)
    claim = {"id": "more", "test": "gain", "says": "", "cites": "", "of": "category"}
    claim |= {"over": "data.count", "from": "10%", "to": "last"}
    raw = results.study.model_dump(mode="json")
    raw |= {"claims": [claim], "axes": axes | {"data.count": ["10%", "all"]}}
    shares = replace(
        results,
        study=validated(Study, raw, where="shares"),
        count_words={((), 100): "10%", ((), 1000): "all"},
    )
    (verdict,) = verdicts_of(shares)
    assert verdict.verdict == "reproduced"
