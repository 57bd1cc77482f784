"""One name, one type: no two classes or type aliases of the package share a name."""

import ast
from collections import defaultdict
from pathlib import Path

import datayield

PACKAGE = Path(datayield.__file__).parent


def shared_names(sources: dict[str, str]) -> dict[str, list[str]]:
    """Names of classes and aliases that are defined more than once -> the files that do.

    Aliases of the same text are one type, where two rooms of one floor each state it.
    """
    defined = defaultdict[str, dict[str, list[str]]](lambda: defaultdict(list))
    for path, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                defined[node.name][path].append(path)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if not name.isupper() and name[0].isupper():  # such as Verdict = Literal[...]
                    defined[name][ast.unparse(node.value)].append(path)
    return {
        name: [path for paths in texts.values() for path in paths]
        for name, texts in defined.items()
        if len(texts) > 1 and len({path for paths in texts.values() for path in paths}) > 1
    }


def test_class_names_are_unique() -> None:
    sources = {str(p.relative_to(PACKAGE)): p.read_text() for p in sorted(PACKAGE.rglob("*.py"))}
    assert not shared_names(sources)


def test_a_shared_name_is_found() -> None:
    sources = {
        "a.py": "class Ab: ...",
        "b.py": "if 1:\n    class Ab: ...",
        "c.py": "Ab = int | str",
    }
    assert shared_names(sources) == {"Ab": ["a.py", "b.py", "c.py"]}
