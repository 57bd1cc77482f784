"""The published JSON schema is that of the models, and every shipped study validates against it."""

import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from datayield.spec.study import shipped_studies
from datayield.spec.yaml_file import read_mapping

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
from study_schema import SCHEMA, schema_page, schema_text, study_schema  # noqa: E402


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema.Draft202012Validator(study_schema())


@pytest.fixture(scope="module")
def of_parts() -> Any:
    """Validates parts of a study, whose other keys are left out."""
    return jsonschema.Draft202012Validator({**study_schema(), "required": []})


def test_the_published_schema_is_up_to_date() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run: python docs/study_schema.py"


@pytest.mark.parametrize("path", shipped_studies(), ids=lambda path: path.stem)
def test_every_shipped_study_validates(path: Path, validator: Any) -> None:
    errors = [
        f"{e.json_path}: {e.message[:200]}"
        for e in validator.iter_errors(read_mapping(path, "study"))
    ]
    assert not errors


@pytest.mark.parametrize(
    "page",
    [DOCS.parent / "README.md", *sorted(DOCS.rglob("*.md"))],
    ids=lambda page: str(page.relative_to(DOCS.parent)),
)
def test_the_yaml_of_the_pages_validates(page: Path, tmp_path: Path, of_parts: Any) -> None:
    """Whole studies, and parts of one."""
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"(?ms)^```yaml[^\n]*\n(.*?)^```$", text):
        file = tmp_path / "block.yaml"
        file.write_text(block)
        if re.match(r"\w+:", block):  # the others are lists, or comments
            assert not [
                error.message for error in of_parts.iter_errors(read_mapping(file, "study"))
            ]


def test_what_is_wrong_is_refused(validator: Any) -> None:
    study = read_mapping(next(p for p in shipped_studies() if p.stem == "demo"), "study")
    assert validator.is_valid(study)
    assert not validator.is_valid(study | {"basis": {}})
    assert not validator.is_valid({k: v for k, v in study.items() if k != "axes"})
    assert not validator.is_valid(study | {"base": study["base"] | {"budget": {"image": 3}}})
    assert not validator.is_valid(study | {"base": study["base"] | {"optim": {"rate": 3}}})
    assert not validator.is_valid(study | {"evaluations": [{"name": "x", "protocol": "nosuch@1"}]})


def test_the_page_names_every_key() -> None:
    page = schema_page()
    for key in ("`study`", "`data`", "`temperature`", "`train_count`", "`suite`", "`weight_decay`"):
        assert f"| {key} |" in page
