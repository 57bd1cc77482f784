"""Every relative link of the README and of the docs leads to a file of the checkout."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATED = {
    *(f"docs/reference/{name}.md" for name in ("command-line", "study-yaml", "json-output")),
    *(f"docs/notebooks/{path.stem}.md" for path in (ROOT / "docs/notebooks").glob("*.ipynb")),
}
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def lost(page: Path, text: str) -> list[str]:
    """Links of `text`, which stands in `page`, that lead nowhere."""
    prose = re.sub(r"(?ms)^ *```.*?^ *```$", "", text)
    links = {link for link in LINK.findall(prose) if "://" not in link}
    targets = {link: (page.parent / link).resolve() for link in links}
    return sorted(
        link
        for link, target in targets.items()
        if not target.exists() and str(target.relative_to(ROOT)) not in GENERATED
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert not lost(page, page.read_text(encoding="utf-8"))


def test_a_lost_link_is_found() -> None:
    assert lost(ROOT / "README.md", "[a](docs/nothing.md) [b](docs/index.md)") == [
        "docs/nothing.md"
    ]


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120


def test_make_has_the_targets_that_are_named() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"(?m)^make (\w+)", README)) | set(re.findall(r"`make (\w+)`", README))
    assert {"demo", "test"} <= named
    for target in named:
        assert re.search(rf"(?m)^{target}:", makefile), target


@pytest.mark.parametrize("verb", sorted(set(re.findall(r"(?m)^datayield (\w+)", README))))
def test_the_commands_of_the_readme_exist(verb: str) -> None:
    line = next(x for x in README.splitlines() if x.startswith(f"datayield {verb}"))
    done = subprocess.run(
        [sys.executable, "-m", "datayield", verb, "--help"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200", "TERM": "dumb"},
    )
    assert done.returncode == 0, done.stderr
    for option in re.findall(r"--[a-z-]+", line.partition("#")[0]):
        assert option in done.stdout


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs").rglob("*.md")):
        assert f"- {page.relative_to(ROOT / 'docs')}\n" in navigation
