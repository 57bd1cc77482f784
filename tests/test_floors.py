"""The house: imports point down, rooms of one floor are strangers, the paper wing has no torch."""

import ast
import re
import subprocess
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import datayield
from datayield.cli.missing import EXTRAS

PACKAGE = Path(datayield.__file__).parent
FLOORS = {
    "spec": 1, "maths": 1,
    "nets": 2, "data": 2, "augment": 2, "optim": 2, "store": 2,
    "methods": 3, "evals": 3, "collect": 3, "analysis": 3, "propose": 3, "track": 3,
    "run": 4, "report": 4, "execution": 4, "resolved_study": 4,
    "session": 5, "nothing_finished": 6,
    "until": 7, "pack": 7, "encoders": 7, "first_study": 7, "show": 7,
    "interface": 8, "pick": 8, "cli": 9, "__main__": 10,
}  # fmt: skip
PAPER_WING = {"spec", "store", "analysis", "propose", "track", "report"}
ENGINE_WING = {"maths", "nets", "data", "augment", "optim", "methods", "evals", "collect", "run"}
LONGEST_FILE = 300
# Half a second or more together: no verb imports them but those that draw, decode or run.
SLOW = {
    "torch", "torchvision", "timm", "plotly", "matplotlib", "scipy", "pyarrow", "PIL", "pandas",
    "jinja2", "sklearn",
}  # fmt: skip
# Two seconds each, or more: a run imports them where its encoder, data or figure needs them.
SLOW_TO_TRAIN = ("timm", "torchvision", "scipy.stats", "sklearn", "matplotlib", "plotly")
THROUGH = {"datayield.nets.viny": "timm"}  # what imports them at its top, and is imported as late


# Inside a room, lowest first: what stands in one line imports only from the lines before it.
SUBFLOORS = {
    "spec": (
        "errors identity this_process bounds", "atomic_files frozen key_paths named_paths",
        "environment validate yaml_file", "run",
        "evaluation claims", "study",
    ),
    "data": (
        "census", "source splits free_memory", "permutation class_names", "content", "sprites",
        "sources", "catalog", "decoded tasks selection",
        "sampling split_content leaks near_copies",
        "evaluated dataset_report unchanged", "folds supervised_labels", "requirements survey",
    ),
    "analysis": (
        "format background forecasting label_ladders power",
        "planned_power evidence results", "model",
        "decision cost", "levers", "claims",
        "findings", "text",
    ),
    "report": ("palette templates terminal", "files", "figures", "paper", "page"),
    "run": (
        "device_names encoder_names network_trial weights_trial other_process notebook",
        "device signals network_sizes weights_files free_disk curation_notes",
        "loop refusals failures decoded_splits", "distances export", "curation",
        "training_data progress job timing damage stack_members weights_at_hand",
        "distributed evaluation doctor beside first_views", "preflight task", "engines scheduler",
    ),
}  # fmt: skip


def _files() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


FILES = _files()


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in FILES}


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _part(module: str) -> str:
    """The file or folder of its room that a module is in; '' for the room's own face."""
    return (module.split(".") + ["", ""])[2]


@cache  # every file is asked about by several tests, and every face by those that use it
def imports_of(source: str, top: bool = False) -> tuple[tuple[int, str, str], ...]:
    """(line, module, name) of each import, wherever it stands; name is '' for a whole module.

    `top`: only of those that run when the module is imported.
    """
    tree, found = ast.parse(source), list[tuple[int, str, str]]()
    for node in tree.body if top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            assert node.level == 0, f"line {node.lineno}: relative import"
            for alias in node.names:
                inner = f"{module}.{alias.name}"
                found.append(
                    (node.lineno, *((inner, "") if inner in MODULES else (module, alias.name)))
                )
    return tuple(found)


def upward(path: Path, source: str) -> list[str]:
    """Imports that do not point down: to a room of the same or a higher floor, or within a room."""
    room, wrong = _room(path), []
    here = _part(_module(path))
    for line, module, _ in imports_of(source):
        where = f"{path.relative_to(PACKAGE)}:{line} imports {module}"
        top, other = (module.split(".") + [""])[:2]
        if top in ("torch", "torchvision", "timm"):
            wrong += [where] if room not in ENGINE_WING else []
        elif top != "datayield" or other not in FLOORS:
            continue
        elif other != room:
            wrong_wing = room in PAPER_WING and other not in PAPER_WING
            wrong += [where] if FLOORS[other] >= FLOORS[room] or wrong_wing else []
        elif room in SUBFLOORS and _part(module) != here:
            floor = {p: i for i, names in enumerate(SUBFLOORS[room]) for p in names.split()}
            wrong += [where] if floor[_part(module)] >= floor[here] else []
    return wrong


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    assert not upward(path, path.read_text())


def imported_early(name: str, source: str) -> list[str]:
    """What a module should import where it is needed, and imports at its top."""
    late = (*THROUGH, *(slow for slow in SLOW_TO_TRAIN if THROUGH.get(name) != slow))
    modules = [f"{module}.{part}" for _, module, part in imports_of(source, top=True)]
    return [m for m in modules if any(f"{m}.".startswith(f"{slow}.") for slow in late)]


def test_a_run_waits_for_no_package_that_it_does_not_need() -> None:
    assert {name: early for name, path in MODULES.items()
            if (early := imported_early(name, path.read_text()))} == {}  # fmt: skip
    assert imported_early("datayield.nets.encoder", "import timm") == ["timm."]
    assert imported_early("datayield.evals.knn", "from scipy.stats import t") == ["scipy.stats.t"]
    assert imported_early("datayield.nets.encoder", "from datayield.nets.viny import ViNy") != []


@pytest.mark.parametrize(
    ("file", "planted"),
    [
        ("spec/errors.py", "import datayield.store.plan"),
        ("store/plan.py", "from datayield.nets.encoder import build"),
        ("analysis/results/curves.py", "from datayield.analysis.model.fits import fits"),
        ("run/loop/step.py", "from datayield.run.training_data import training_data_of"),
        ("data/decoded/rows.py", "from datayield.data.sampling import Streamed"),
        ("report/palette.py", "import torch"),
    ],
)
def test_an_upward_import_is_found(file: str, planted: str) -> None:
    path = PACKAGE / file
    assert upward(path, f"{path.read_text()}\n{planted}\n")


def test_the_floors_in_contributing_are_those() -> None:
    page = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (drawn,) = re.findall(r"```text\n(spec:.*?)```", page, re.DOTALL)
    rooms = re.findall(r"(\w+):((?:[^:]|:$)*?)(?=\w+:|$)", drawn)
    floors = {room: tuple(f.strip() for f in text.split(">"))[::-1] for room, text in rooms}
    assert {r: [set(f.split()) for f in fs] for r, fs in floors.items()} == {
        room: [set(floor.split()) for floor in floors] for room, floors in SUBFLOORS.items()
    }


def test_no_imports_go_in_circles() -> None:
    graph = {
        name: {module for _, module, _ in imports_of(path.read_text()) if module in MODULES}
        for name, path in MODULES.items()
    }
    assert circle_in(graph) == []


def test_a_circle_is_found() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) != []
    assert circle_in({"a": {"b"}, "b": {"c"}}) == []


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """Modules that import each other in a circle; empty if none do."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_package_is_entered_by_its_face(path: Path) -> None:
    """What `__init__` hands out is imported from there by all that stand outside."""
    for line, module, name in imports_of(path.read_text()):
        face = module.rpartition(".")[0]
        if face.count(".") == 2 and face in MODULES and not _module(path).startswith(face):
            shown = {n for _, _, n in imports_of(MODULES[face].read_text())}
            assert name not in shown, f"{path.name}:{line} imports {name} past {face}"


def test_what_the_small_installation_lacks_is_said() -> None:
    core = {"numpy", "scipy", "pydantic", "pydantic_core", "yaml", "typer", "rich", "filelock"}
    by_their_importers = {  # which say what to install, or are asked for in a notebook
        "pillow_heif", "imagehash", "pandas", "polars", "ray", "submitit", "IPython",
        "tensorboard", "wandb", "mlflow",
    }  # fmt: skip
    imported = {
        module.partition(".")[0] for path in FILES for _, module, _ in imports_of(path.read_text())
    }
    others = imported - core - by_their_importers - {"datayield"} - sys.stdlib_module_names
    assert "torch" in others
    assert not others - {name for modules in EXTRAS.values() for name in modules}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    assert path.stem not in {"utils", "misc", "helpers", "common", "manager", "base"}


def test_every_room_is_on_a_floor() -> None:
    assert {_room(path) for path in FILES} <= set(FLOORS)
    for room, floors in SUBFLOORS.items():
        parts = {_part(module) for module in MODULES if module.split(".")[1] == room} - {""}
        assert parts == set(" ".join(floors).split())


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
