"""A tiny study in folders of its own, and the command line called in this process."""

import gc
import importlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

# Before torch is imported, here and in processes that tests start: tensors are tiny, and threads
# that wait for each other take most of the time. Where a test asks for two, they wait asleep: those
# that spin while another process has the core took six times the processor time.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# As the command line does: to look for garbage among all that is imported takes long.
gc.set_threshold(200_000, 50, 50)

# The files that take longest, in this order: they begin first, so that workers end together.
SLOWEST = [
    "tests/docs/test_notebooks.py",
    "tests/docs/test_commands.py",
    "tests/run/engines/test_engines.py",
    "tests/run/test_distributed.py",
    "tests/test_cli.py",
    "tests/test_bad_inputs.py",
    "tests/run/engines/test_torchrun.py",
    "tests/run/loop/test_stack.py",
    "tests/run/export/test_networks.py",
    "tests/pack/test_pack.py",
    "tests/methods/test_parallel.py",
    "tests/cli/test_set.py",
    "tests/cli/test_init.py",
    "tests/test_encoders.py",
    "tests/docs/test_output_schemas.py",
    "tests/run/loop/test_compile.py",
]

TINY = """
study: tiny
question: does it run?
base:
  data: {dataset: "sprites?n=300&n_test=600", size: 32}
  encoder: {name: convnet, size: 32, width: 4}
  views: {recipe: mild, size: 32}
  method: {projector: [32, 16]}
  optim: {lr: 1e-3}
  batch: 32
  budget: {images: 640}
recipes:
  barlow_twins: {method: {projector: [16, 16]}}
axes:
  data.count: [60, 240]
  method: [simclr, barlow_twins]
  seed: [0, 1]
evaluations:
  - {name: count, protocol: linear@1, dataset: "sprites?n=300&n_test=600", label: count,
     at: [0.5, 1.0]}
  - {name: texture, protocol: knn@1, dataset: "sprites?n=300&n_test=600", label: texture}
  - {name: representation, protocol: spectrum@1, dataset: "sprites?n=300&n_test=600"}
"""


class Done(NamedTuple):
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Call = Callable[..., Done]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first; the others keep their order."""
    place = {file: i for i, file in enumerate(SLOWEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """A thread that outlives its test keeps later tests of its process from forking."""
    yield
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    for thread in others:
        thread.join(5.0)
    assert not [thread.name for thread in others if thread.is_alive()]


@pytest.fixture(scope="session")
def drawing() -> None:
    """Reports of the test write their figure files, which takes most of a tiny study's time.

    What draws is imported once: a report draws in a fork, which would import it for each report.
    """
    for name in ("figure", "backends.backend_svg", "backends.backend_pdf"):
        importlib.import_module(f"matplotlib.{name}")


@pytest.fixture
def datayield(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> Call:
    """`datayield("run", "tiny.yaml")` in a folder with a store, cache and tiny.yaml of its own.

    Reports write figure files only in a test that uses `drawing`.
    """
    if "drawing" not in request.fixturenames:
        monkeypatch.setattr("datayield.report.page.page.write_static", lambda *_: [])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATAYIELD_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DATAYIELD_DATA", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "tiny.yaml").write_text(TINY)

    def call(*arguments: str) -> Done:
        from datayield.cli import main

        monkeypatch.setattr("sys.argv", ["datayield", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_:
            main()
        out, err = capsys.readouterr()
        return Done(int(exit_.value.code or 0), out, err)

    return call
