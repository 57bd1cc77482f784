"""No sentence that a person reads falls back into private wording."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PRIVATE = {
    "cannot say": "inconclusive",
    "undecided": "inconclusive",
    "owed": "pending",
    r"mend(?:ed|s)?": "fix",
    "cannot be had": "cannot be downloaded",
    "as ever": "unchanged, default",
    "told apart": "confounded, distinguished",
    "no share of": "invalid split slice",
    "shared out evenly": "is not divisible by",
    "goes on from": "resumes from",
    "same command goes on": "run the same command to continue",
    "(?:is|are) not here": "not found",
    "is at it": "locked by another process",
    "stands twice": "duplicate",
    "flattered": "optimism",
    "peeking": "tuning on test",
    "beside the paper": "comparison with the paper",
    "what a doubling buys": "gain per doubling",
    "what labels buy": "effect of labels",
    "believed": "supported",
    "not asked here": "not tested at this scale",
    "anew": "again",
}


def _docstrings(tree: ast.AST) -> set[int]:
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _of_code(path: Path) -> Iterator[str]:
    """String literals with a space: sentences, not keys. Commands' docstrings are their help."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set() if "cli" in path.parts else _docstrings(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if " " in node.value and id(node) not in skipped:
            yield node.value


def _of_page(path: Path) -> Iterator[str]:
    """The text of a template, without tags, expressions and scripts."""
    text = path.read_text(encoding="utf-8")
    for code in (r"<script>.*?</script>", r"\{%.*?%\}", r"\{\{.*?\}\}", r"\{#.*?#\}", r"<[^>]*>"):
        text = re.sub(code, "\n", text, flags=re.DOTALL)
    yield from filter(str.strip, text.splitlines())


@cache  # every wording is looked for in the same sentences
def _sentences() -> tuple[tuple[Path, str], ...]:
    return tuple(_read())


def _read() -> Iterator[tuple[Path, str]]:
    source = ROOT / "src/datayield"
    for path in sorted(source.rglob("*.py")):
        yield from ((path, text) for text in _of_code(path))
    for path in sorted(source.rglob("*.html")):
        yield from ((path, text) for text in _of_page(path))
    yaml = [p for folder in ("studies", "src") for p in (ROOT / folder).rglob("*.yaml")]
    docs = {ROOT / "README.md", *(ROOT / "docs").rglob("*.md")}
    for path in sorted({*yaml, *docs}):
        yield from ((path, line) for line in path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("wording", PRIVATE)
def test_no_sentence_uses_a_private_wording(wording: str) -> None:
    pattern = re.compile(rf"\b(?:{wording})\b", re.IGNORECASE)
    sentences = [f"{path.name}: {text}" for path, text in _sentences() if pattern.search(text)]
    assert not sentences, f"write {PRIVATE[wording]!r}: {sentences}"


def test_sentences_of_every_kind_are_read() -> None:
    suffixes = {path.suffix for path, _ in _sentences()}
    assert {".py", ".html", ".yaml"} <= suffixes
    assert any("Show pending runs" in text for _, text in _sentences())
