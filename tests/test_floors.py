"""The house: imports point down, rooms of one floor are strangers, the paper wing has no torch."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import datayield

PACKAGE = Path(datayield.__file__).parent
FLOORS = {
    "spec": 1, "maths": 1,
    "nets": 2, "data": 2, "augment": 2, "optim": 2, "store": 2,
    "methods": 3, "evals": 3, "analysis": 3,
    "run": 4, "report": 4,
    "session": 5, "cli": 6, "__main__": 7,
}  # fmt: skip
PAPER_WING = {"spec", "store", "analysis", "report"}
ENGINE_WING = {"maths", "nets", "data", "augment", "optim", "methods", "evals", "run"}
LONGEST_FILE = 300
# Half a second or more together: no verb imports them but those that draw, decode or run.
SLOW = {
    "torch", "torchvision", "timm", "plotly", "matplotlib", "scipy", "pyarrow", "PIL", "pandas",
    "jinja2", "sklearn",
}  # fmt: skip


def _files() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "datayield":
            names = [f"datayield.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
        for name in names:
            parts = name.split(".")
            if parts[0] == "datayield" and len(parts) > 1 and parts[1] in FLOORS:
                yield node.lineno, parts[1]
            elif parts[0] in ("torch", "torchvision", "timm"):
                yield node.lineno, "torch"


@pytest.mark.parametrize("path", _files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    room = _room(path)
    for line, other in _imported_rooms(path):
        where = f"{path.name}:{line} imports {other}"
        if other == "torch":
            assert room in ENGINE_WING, where
        elif other != room:
            assert FLOORS[other] < FLOORS[room], where
            if room in PAPER_WING:
                assert other in PAPER_WING, where


@pytest.mark.parametrize("path", _files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert path.stem not in {"utils", "misc", "helpers", "common", "manager", "base"}


def test_every_room_is_on_a_floor() -> None:
    assert {_room(path) for path in _files()} <= set(FLOORS)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["plan", "demo"], ["status", "demo"], ["ls", "methods"], ["ls", "recipes"]],
    ids=str,
)
def test_the_paper_wing_answers_without_torch(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom datayield.cli import app\n"
        "try:\n    app(sys.argv[1:])\n"
        "except SystemExit as done:\n    assert done.code in (0, 3), done.code\n"
        f"found = {SLOW!r} & set(sys.modules)\nassert not found, found\n"
        "if '--help' in sys.argv:\n"
        "    found = {'pydantic', 'numpy', 'yaml'} & set(sys.modules)\n"
        "    assert not found, found\n"
    )
    env = {
        "PYTHONPATH": str(PACKAGE.parent),
        "DATAYIELD_STORE": str(tmp_path / "s"),
        "DATAYIELD_CACHE": str(tmp_path / "c"),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr
