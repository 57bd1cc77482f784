"""The table of protocols: complete, consistent, and the only place that tells them apart."""

import ast
from pathlib import Path

import pytest

import datayield
from datayield import evals
from datayield.spec.errors import ConfigError
from datayield.spec.evaluation import PROTOCOLS, EvalSpec
from datayield.spec.validate import validated

PACKAGE = Path(datayield.__file__).parent
TABLE = "spec/evaluation/protocols.py"
FUNCTIONS = {"features": evals.OF_FEATURES, "views": evals.OF_VIEWS, "images": evals.OF_IMAGES}


@pytest.mark.parametrize("reads", FUNCTIONS)
def test_every_protocol_has_a_function_that_gets_what_it_reads(reads: str) -> None:
    assert set(FUNCTIONS[reads]) == {n for n, p in PROTOCOLS.items() if p.reads == reads}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_traits_agree_with_each_other(name: str) -> None:
    protocol = PROTOCOLS[name]
    assert protocol.summary
    assert (protocol.tuning is not None) == (protocol.reads == "images")
    assert (protocol.view_images > 0) == (protocol.view_count > 0) == (protocol.reads == "views")
    assert protocol.needs_labels or not (protocol.takes_val or protocol.takes_fractions)
    assert protocol.reads == "features" or not (protocol.takes_fractions or protocol.passes)
    assert ("no labels" in protocol.summary) != protocol.needs_labels


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_can_be_asked_for(name: str) -> None:
    spec = EvalSpec(name="e", protocol=name, dataset="digits")
    assert spec.traits == PROTOCOLS[name]


def test_images_are_decoded_larger_where_their_centre_is_tested() -> None:
    """Resize(256) and CenterCrop(224), at any size; other protocols test what is decoded."""
    sides = {
        (name, size): EvalSpec(name="e", protocol=name, dataset="digits", size=size).decoded_side
        for name in PROTOCOLS
        for size in (32, 224)
    }
    larger = {key: side for key, side in sides.items() if side != key[1]}
    assert larger == {("linear_sgd@2", 32): 37, ("linear_sgd@2", 224): 256}


def test_another_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="did you mean 'linear@1'") as caught:
        validated(EvalSpec, {"name": "e", "protocol": "linaer@1", "dataset": "d"}, where="t")
    assert all(name in caught.value.text() for name in PROTOCOLS)


def named(source: str) -> list[str]:
    """Names of protocols that stand in code, other than as keys of a dict."""
    tree = ast.parse(source)
    keys = {key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
    return [
        f"line {node.lineno}: {node.value}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in PROTOCOLS and node not in keys
    ]


def test_no_code_outside_the_table_knows_a_protocol_by_name() -> None:
    named_in = {
        str(path.relative_to(PACKAGE)): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := named(path.read_text())) and str(path.relative_to(PACKAGE)) != TABLE
    }
    assert not named_in


def test_a_comparison_with_a_name_is_found() -> None:
    assert named('if ev.protocol == "knn@1":\n    pass') == ["line 1: knn@1"]
    assert not named('FUNCTIONS = {"knn@1": print}\n"""knn@1 is one."""')
