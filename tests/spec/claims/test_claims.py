"""Claims are checked when a study is loaded: by name, by axis, by value, by scale."""

import re
from pathlib import Path

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.study.find import shipped_studies
from datayield.spec.study.load import load_study
from tests.spec.study.test_load import GOOD

CLAIMS = """
claims:
  - {id: A1, test: gain, says: x, cites: y, of: category, over: data.count, from: 100, to: 1000}
  - {id: A2, test: flat, says: x, cites: y, of: category, over: data.count, each: [method]}
  - {id: A3, test: gain, says: x, cites: y, of: category, over: data.count, to: 2000}
"""


def _load(tmp_path: Path, text: str, scale: str | None = None):  # type: ignore[no-untyped-def]
    path = tmp_path / "tiny.yaml"
    path.write_text(GOOD + text)
    return load_study(str(path), scale)


def test_what_a_scale_lacks_is_not_asked_there(tmp_path: Path) -> None:
    pocket, large = (_load(tmp_path, CLAIMS, scale).claims for scale in ("pocket", "large"))
    assert [c.skip for c in pocket] == ["", "", "this scale has no data.count 2000"]
    assert [bool(c.skip) for c in large] == [True, False, False]
    assert pocket[1].margin == 1.0


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("gain", "gian", "did you mean 'gain'"),
        ("from: 100", "form: 100", "did you mean 'from'"),
        ("of: category", "of: categry", "did you mean 'category'"),
        ("over: data.count", "over: data.cuont", "did you mean 'data.count'"),
        ("from: 100", "from: 150", "no such value of data.count"),
        ("A2", "A1", "duplicate claim id"),
        ("to: 1000", "to: [100, 1000]", "lists of equal length"),
        ("says: x, ", "", "missing key"),
    ],
)
def test_what_no_scale_has_is_an_error(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, CLAIMS.replace(right, wrong, 1))
    assert told in caught.value.text()
    assert "tiny.yaml" in caught.value.text()
    assert "claims" in caught.value.text()


def test_a_scale_lays_over_or_leaves_out(tmp_path: Path) -> None:
    patch = "\n".join(
        [
            GOOD.rstrip("\n").replace(
                "  pocket: {}", "  pocket: {claims: {A1: {to: last}, A2: null}}"
            ),
            CLAIMS,
        ]
    )
    path = tmp_path / "tiny.yaml"
    path.write_text(patch)
    first, second, _ = load_study(str(path), "pocket").claims
    assert (first.to, first.skip) == ("last", "")
    assert second.skip == "excluded at this scale"
    path.write_text(patch.replace("{A1: {to", "{A9: {to"))
    with pytest.raises(ConfigError, match="unknown claim"):
        load_study(str(path), "pocket")


CHOSEN = """  data.select: [random, {by: diverse, pool: 2000}]
  init: [null, {weights: ./enc}]
"""


@pytest.mark.parametrize(
    ("axis", "value"),
    [
        ("data.select", "{by: diverse, pool: 2000}"),
        ("data.select", "diverse (pool 2000)"),
        ("init", "{weights: ./enc}"),
        ("init", "enc"),
        ("init", "null"),
    ],
)
def test_a_value_is_written_as_on_the_axis_or_as_displayed(
    tmp_path: Path, axis: str, value: str
) -> None:
    path = tmp_path / "tiny.yaml"
    start = "first" if value != "null" else "last"
    claim = f"{{id: A1, test: gain, says: x, cites: y, of: category, over: {axis}, "
    claim += f"from: {start}, to: {value}}}"
    path.write_text(GOOD.replace("  seed:", f"{CHOSEN}  seed:") + f"claims:\n  - {claim}\n")
    assert not load_study(str(path), "pocket").claims[0].skip
    path.write_text(path.read_text().replace(f"to: {value}", "to: \"{'by': 'diverse'}\""))
    with pytest.raises(ConfigError) as caught:
        load_study(str(path), "pocket")
    shown = {"data.select": "random, diverse (pool 2000)", "init": "null, enc"}
    assert f"allowed: {shown[axis]}" in caught.value.text()


COURSE = """
scales:
  pocket:
    evaluations:
      - {name: category, protocol: linear@1, dataset: sprites, label: category}
      - {name: course, protocol: linear@1, dataset: sprites, label: category, at: [0.5, 1.0]}
      - {name: neighbours, protocol: knn@1, dataset: sprites, label: category, at: [0.5, 1.0]}
  large: {}
claims:
  - {id: A1, test: gain, says: x, cites: y, of: neighbours, over: data.count,
     checkpoint: {best_on: course}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("best_on: course", "best_on: corse", "did you mean 'course'"),
        ("best_on: course", "best_on: neighbours", "no such evaluation with validation scores"),
        ("best_on: course", "best_no: course", "did you mean 'best_on'"),
        ("of: neighbours", "of: category", "no such measurement at two of the shares"),
        ("data.count,", "data.count, by: images,", "checkpoint does not apply with by"),
        ("data.count,", "share,", "checkpoint does not apply with share"),
        ("data.count,", "data.count, metric: accuracy_best_on_test,", "selected on the test set"),
    ],
)
def test_what_selects_a_checkpoint_is_checked(
    tmp_path: Path, right: str, wrong: str, told: str
) -> None:
    path = tmp_path / "tiny.yaml"
    plain = GOOD[: GOOD.index("scales:")]
    path.write_text(plain + COURSE)
    (claim,), (elsewhere,) = (load_study(str(path), at).claims for at in ("pocket", "large"))
    assert claim.checkpoint is not None
    assert not claim.skip
    assert elsewhere.skip == "this scale has no neighbours"
    path.write_text(plain + COURSE.replace(right, wrong, 1))
    with pytest.raises(ConfigError) as caught:
        load_study(str(path))
    assert told in caught.value.text()
    assert "tiny.yaml" in caught.value.text()


def test_claims_are_no_part_of_a_run(tmp_path: Path) -> None:
    with_claims, without = (_load(tmp_path, text, "pocket") for text in (CLAIMS, ""))
    ids = [[cell.run.id for cell in study.cells({})] for study in (with_claims, without)]
    assert ids[0] == ids[1]


FINDINGS = {  # ids of the papers' findings; what they say of their settings is no claim
    "bridge2025": [f"B{i}" for i in range(10, 21)],
    "ghosh2024": ["G1", "G2", "G3", *(f"G{i}" for i in range(6, 14))],
    "hammoud2024": [f"H{i}" for i in range(1, 14)],
    "olerinskiy2026": [f"O{i}" for i in range(7, 18)],
}


@pytest.mark.parametrize("paper", FINDINGS)
def test_every_published_finding_is_a_claim_or_says_why_not(paper: str) -> None:
    claims = [
        claim
        for path in shipped_studies()
        if path.stem.startswith(paper)
        for claim in load_study(str(path), "paper").claims
    ]
    for finding in FINDINGS[paper]:
        assert any(re.fullmatch(rf"{finding}([a-z.].*)?", c.id) for c in claims), finding


@pytest.mark.parametrize("path", shipped_studies(), ids=lambda p: p.stem)
def test_shipped_claims_are_asked_somewhere(path: Path) -> None:
    text = path.read_text()
    scales = [name for name in ("paper", "pocket") if f"\n  {name}:" in text] or [None]
    by_scale = [load_study(str(path), scale).claims for scale in scales]
    assert all(len(claims) == len(by_scale[0]) for claims in by_scale)
    assert not by_scale[0] or any(not c.skip for claims in by_scale for c in claims)
