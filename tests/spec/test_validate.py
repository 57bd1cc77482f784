"""Errors name keys as they stand in the file, and what is allowed in words of YAML."""

from typing import Any

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.study.study import Study
from datayield.spec.validate import validated
from tests.made_study import study_of

CLAIM = {"id": "C1", "test": "gain", "says": "x", "cites": "y", "of": "category", "over": "seed"}
FLAT = {**CLAIM, "test": "flat", "over": "method"}


def _text(raw: dict[str, Any]) -> str:
    whole = study_of({"data.count": [100, 200]}) | raw
    with pytest.raises(ConfigError) as caught:
        validated(Study, whole, where="study.yaml")
    return caught.value.message


def _without(claim: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in claim.items() if key not in keys}


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        (_without(CLAIM, "test"), "claims.0 (C1): missing key 'test' (allowed: beats_baseline, "),
        (CLAIM | {"test": "gian"}, "claims.0 (C1): test: got 'gian'; did you mean 'gain'? ("),
        (_without(CLAIM, "id", "test"), "missing key 'claims.0.test' (allowed: beats_baseline, "),
        (_without(CLAIM, "over"), "claims.0 (C1): missing key 'over'"),
        (FLAT | {"margn": 1}, "claims.0 (C1): unknown key 'margn'; did you mean 'margin'? ("),
        (FLAT | {"each": "seed"}, "(C1): each: must be a list, for example [first, second], got "),
        (CLAIM | {"test": "ordering", "order": [64]}, "(C1): order: must have at least 2 values"),
        (
            CLAIM | {"test": "crossover", "across": "method", "between": ["a"]},
            "claims.0 (C1): between: must have at least 2 values",
        ),
        (
            CLAIM | {"test": "crossover", "across": "method", "between": ["a", "b", "c"]},
            "claims.0 (C1): between: must have at most 2 values",
        ),
        (
            CLAIM | {"test": "beats_baseline", "baseline": "wights"},
            "claims.0 (C1): unknown key 'over'",
        ),
        (
            _without(CLAIM, "over") | {"test": "beats_baseline", "baseline": "wights"},
            "claims.0 (C1): baseline: got 'wights'; did you mean 'weights'? (allowed: untrained, ",
        ),
        ("gain", "claims.0: must be a mapping"),
    ],
)
def test_a_claim_is_named_by_its_place_and_id(claim: Any, told: str) -> None:
    text = _text({"claims": [claim]})
    assert told in text
    assert ".gain" not in text
    assert "after validation" not in text


def test_of_a_union_only_the_meant_member_is_told_of() -> None:
    correlates = _without(CLAIM, "over") | {"test": "correlates"}
    text = _text({"claims": [correlates | {"with": {"distance": "fdi"}}]})
    assert text.startswith("claims.0 (C1): with.distance: got 'fdi'; did you mean 'fid'? (allowed:")
    assert "\n" not in text
    text = _text({"claims": [correlates | {"with": {"of": "category", "metrik": "miou"}}]})
    assert text == (
        "claims.0 (C1): unknown key 'with.metrik'; did you mean 'metric'? (allowed: metric, of)"
    )


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("baselines", None, "baselines: must be a list, for example [{weights: ...}], got null"),
        ("baselines", "u.pt", "must be a list, for example [{weights: ...}], got 'u.pt'"),
        ("claims", {"C1": 1}, "for example [{id: ..., says: ..., cites: ..., of: ..., test: ...}]"),
        ("evaluations", [], "evaluations: must have at least 1 value, got []"),
        ("question", True, "question: must be text"),
    ],
)
def test_what_is_no_list_is_told_by_a_list_that_would_be(key: str, value: Any, told: str) -> None:
    assert told in _text({key: value})


def _base(**base: Any) -> ConfigError:
    raw = study_of({"data.count": [100]})
    raw["base"] |= base
    with pytest.raises(ConfigError) as caught:
        validated(Study, raw, where="study.yaml").cells({})
    return caught.value


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        ({"images": -1}, "budget: images must be a number above 0, got -1"),
        ({"epochs": "many"}, "budget: epochs must be a number above 0, got 'many'"),
        ({"image": 5}, "budget: unknown unit 'image'; did you mean 'images'? (allowed: images, "),
        ({}, "budget: a budget is one amount"),
    ],
)
def test_a_budget_is_told_by_its_own_key(budget: Any, told: str) -> None:
    text = _base(budget=budget).message
    assert told in text
    assert "budget." not in text


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("near", "did you mean 'near_target'? (allowed: random, diverse, near_target)"),
        ("rnadom", "did you mean 'random'?"),
        ("Random", "did you mean 'random'?"),
        ({"by": "divers"}, "did you mean 'diverse'?"),
        (
            5,
            "select: images are chosen by one of random, diverse, near_target, or by a mapping",
        ),
        ({"pool": 2000}, "missing key 'data.select.by'"),
    ],
)
def test_how_images_are_chosen_is_told_with_the_nearest_way(select: Any, told: str) -> None:
    data = {"dataset": "sprites", "size": 32, "select": select}
    assert told in _base(data=data).message


def test_a_misspelt_key_of_a_start_is_told_as_one() -> None:
    error = _base(init={"weight": "x.pt"})
    assert (error.where, error.got, error.nearest) == ("init", "weight", "weights")


def test_values_in_errors_are_those_of_yaml() -> None:
    chosen = {"by": "diverse", "pool": 200}
    assert "axes.data.select: duplicate value {by: diverse, pool: 200} (" in _text(
        {"axes": {"data.select": [chosen, dict(chosen)]}}
    )
    text = ConfigError("no such value", got={"a": None}, allowed=[True, "first"]).text()
    assert 'got:     {"a": null}\n  allowed: true, first' in text
    error = _base(budget={"images": -1})
    assert error.where == "base + recipes.simclr + axes (data.count=100)"
