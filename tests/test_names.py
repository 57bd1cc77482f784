"""One name, one type: no two classes of the package share a name."""

import ast
from collections import defaultdict
from pathlib import Path

import datayield

PACKAGE = Path(datayield.__file__).parent


def shared_names(sources: dict[str, str]) -> dict[str, list[str]]:
    """Names of classes that are defined more than once -> the files that do."""
    defined = defaultdict[str, list[str]](list)
    for path, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                defined[node.name].append(path)
    return {name: paths for name, paths in defined.items() if len(paths) > 1}


def test_class_names_are_unique() -> None:
    sources = {str(p.relative_to(PACKAGE)): p.read_text() for p in sorted(PACKAGE.rglob("*.py"))}
    assert not shared_names(sources)


def test_a_shared_name_is_found() -> None:
    assert shared_names({"a.py": "class A: ...", "b.py": "if 1:\n    class A: ..."}) == {
        "A": ["a.py", "b.py"]
    }
