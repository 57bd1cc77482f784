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
    few = "this scale has fewer than 2 values of data.count"
    assert [c.skip for c in large] == ["this scale has no data.count 100", few, ""]
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


def _refused(tmp_path: Path, claim: str, text: str = GOOD, **axes: str) -> str:
    """The error of one claim on a study of one scale, which takes away what only others have."""
    path = tmp_path / "tiny.yaml"
    plain = text[: text.index("scales:")]
    for axis, values in axes.items():
        plain = plain.replace("  seed:", f"  {axis.replace('__', '.')}: {values}\n  seed:")
    path.write_text(f"{plain}claims:\n  - {{id: C1, says: x, cites: y, {claim}}}\n")
    with pytest.raises(ConfigError) as caught:
        load_study(str(path))
    return caught.value.text()


SIZES = "of: category, over: data.count"


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        (
            "test: beats_baseline, of: category, metric: accuracyy",
            "C1): metric|accuracyy|did you mean 'accuracy'",
        ),
        ("test: beats_baseline, of: category, metric: selection_gap", "measured by this metric"),
        (f"test: gain, {SIZES}, metric: effective_rank", "allowed: accuracy, balanced_accuracy"),
        (
            "test: correlates, of: category, with: {of: category, metric: accurcy}",
            "C1): with.metric|did you mean 'accuracy'",
        ),
        ("test: beats_baseline, of: category, baseline: weights", "C1): baseline|no such baseline"),
        ("test: beats_baseline, of: category, baseline: pretrained", "init: pretrained"),
        (f"test: gain, {SIZES}, from: weights", "C1): from|no such baseline|untrained, pixels"),
        (f"test: gain, {SIZES}, where: {{method: pixels}}", "C1): where.method"),
        (f"test: gain, {SIZES}, from: 100, to: 100", "from and to are the same value, 100"),
        (f"test: gain, {SIZES}, from: [100, 1000], to: [1000, 1000]", "same value, 1000"),
        (f"test: crossover, {SIZES}, across: method, between: [simclr, simclr]", "simclr twice"),
        ("test: ordering, of: category, over: method, order: [a, b, a]", "order names a twice"),
        (
            f"test: diminishing, {SIZES}",
            "C1): over|diminishing needs at least 3 values of data.count|got:     100, 1000",
        ),
        (f"test: peak_then_fall, {SIZES}", "at least 3 values"),
        ("test: peak_then_fall, of: category", "at least 3 values of share"),
        (f"test: monotone, {SIZES}, where: {{data.count: first}}", "at least 2 values"),
        (f"test: gain, {SIZES}, each: [seed]", "each names seed, which is not an axis of a claim"),
        (f"test: gain, {SIZES}, where: {{seed: 0}}", "where names seed"),
        ("test: gain, of: category, over: data.cuont", "C1): over|did you mean 'data.count'"),
        (f"test: gain, {SIZES}, where: {{methd: simclr}}", "C1): where\n|did you mean 'method'"),
        (f"test: gain, {SIZES}, each: [methd]", "C1): each\n|did you mean 'method'"),
        (f"test: gap_grows, {SIZES}, across: methd, between: [a, b]", "C1): across"),
        (f"test: flips_under, {SIZES}, under: methd, settings: [a, b]", "C1): under"),
        ("test: gain, of: category, over: method, by: seconds, reach: {ru: x}", "C1): reach\n"),
        (f"test: gain, {SIZES}, to: 150", "C1): to|allowed: 100, 1000, first, last, untrained"),
        (f"test: gain, {SIZES}, where: {{method: frist}}", "did you mean 'first'"),
        (f"test: gain, {SIZES}, from: pixel", "did you mean 'pixels'"),
        (f"test: gain, {SIZES}, at_to: {{method: simclt}}", "C1): at_to.method|'simclr'"),
        (
            "test: correlates, of: category, over: eval, with: {distance: fid}",
            "claims.0 (C1)|with and over are both given",
        ),
        ("test: correlates, of: category, over: method", "over (an axis) and numbers"),
    ],
)
def test_what_can_never_be_tested_is_refused_at_its_key(
    tmp_path: Path, claim: str, told: str
) -> None:
    text = _refused(tmp_path, claim)
    for part in told.split("|"):
        assert part in text


def test_what_is_wrong_on_the_axis_is_told_before_the_claim(tmp_path: Path) -> None:
    wrong = GOOD.replace("[100, 1000]", "[-100, 1000]")
    text = _refused(tmp_path, f"test: gain, {SIZES}, from: 100", wrong)
    assert "-100" in text
    assert "data.count" in text
    assert "claims" not in text


def test_a_baseline_of_weights_is_there_where_the_study_has_one(tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    claim = "{id: C1, test: beats_baseline, says: x, cites: y, of: category, baseline: weights}"
    plain = GOOD[: GOOD.index("scales:")] + f"claims:\n  - {claim}\n"
    for text in (
        f"{plain}baselines:\n  - {{weights: ./enc.pt}}\n",
        plain.replace("  batch:", "  init: {weights: ./enc.pt}\n  batch:"),
        plain.replace("  seed:", "  init: [null, {weights: ./enc.pt}]\n  seed:"),
        plain.replace("  seed:", "  run: [null, {name: a, init: {weights: ./enc.pt}}]\n  seed:"),
    ):
        path.write_text(text)
        assert not load_study(str(path)).claims[0].skip


def test_pixels_are_no_baseline_of_finetuning(tmp_path: Path) -> None:
    tuned = GOOD.replace("linear@1", "finetune@1")
    text = _refused(tmp_path, "test: beats_baseline, of: category, baseline: pixels", tuned)
    assert "no encoder to fine-tune" in text
