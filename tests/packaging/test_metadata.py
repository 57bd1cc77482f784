"""What packages the project names what is there: versions, extras, files, commands."""

import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import datayield
from datayield.cli.missing import EXTRAS

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# What Citation File Format 1.2.0 requires, and the form of what we state beside it.
CITATION = {
    "type": "object",
    "required": ["cff-version", "message", "title", "authors"],
    "additionalProperties": False,
    "properties": {
        "cff-version": {"const": "1.2.0"},
        "message": {"type": "string", "minLength": 1},
        "title": {"const": "datayield"},
        "type": {"enum": ["software", "dataset"]},
        "abstract": {"type": "string", "minLength": 1},
        "authors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    key: {"type": "string"}
                    for key in ("name", "family-names", "given-names", "orcid")
                },
                "minProperties": 1,
            },
        },
        "version": {"type": "string"},
        "license": {"type": "string"},
        "keywords": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    },
}


def _yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def _pythons() -> set[str]:
    """The versions of Python that the classifiers name."""
    return set(re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"])))


def test_the_citation_is_valid_and_of_this_version() -> None:
    citation = _yaml("CITATION.cff")
    jsonschema.validate(citation, CITATION)
    assert citation["version"] == PROJECT["version"] == datayield.__version__
    assert citation["license"] == PROJECT["license"]


def test_a_release_is_tested_on_every_python_that_is_claimed() -> None:
    jobs = _yaml(".github/workflows/release.yml")["jobs"]
    tested = {name: set(jobs[name]["strategy"]["matrix"]["python"]) for name in ("core", "test")}
    assert tested == {"core": _pythons(), "test": _pythons()}
    oldest = min(_pythons(), key=lambda v: int(v.split(".")[1]))
    assert PROJECT["requires-python"] == f">={oldest}"
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in _pythons()


def test_a_release_needs_every_job_and_uses_commands_that_exist() -> None:
    jobs = _yaml(".github/workflows/release.yml")["jobs"]
    assert set(jobs["release"]["needs"]) == set(jobs) - {"release"}
    said = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    targets = {line.split()[1] for line in said if line.startswith("make ")}
    phony = re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert phony
    assert targets <= set(phony[1].split())
    assert not any("twine upload" in line for line in said)


@pytest.mark.parametrize("path", sorted((ROOT / "docker").iterdir()), ids=lambda path: path.stem)
def test_what_an_image_copies_is_there_and_not_ignored(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    copied = [
        source for line in lines if line.startswith("COPY ") for source in shlex.split(line)[1:-1]
    ]
    assert {"pyproject.toml", "src", "studies"} <= set(copied)
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for source in copied:
        assert (ROOT / source).exists()
        assert f"!{source}" in allowed
    (extra,) = re.findall(r'"\.\[(\w+)\]"', "\n".join(lines))
    assert extra in PROJECT["optional-dependencies"]
    assert any(line.startswith("ENTRYPOINT") and '"datayield"' in line for line in lines)
    assert "datayield" in PROJECT["scripts"]
    needed = {"pyproject.toml", PROJECT["readme"], *PROJECT["license-files"]}  # to build the wheel
    assert needed <= set(copied)


def test_what_is_missing_is_told_with_an_extra_that_exists() -> None:
    assert set(EXTRAS) <= set(PROJECT["optional-dependencies"])
    core = " ".join(PROJECT["dependencies"]).lower()
    for modules in EXTRAS.values():
        assert not [module for module in modules if module.lower() in core]


def test_training_brings_what_draws_its_report() -> None:
    assert "datayield[report]" in PROJECT["optional-dependencies"]["train"]
