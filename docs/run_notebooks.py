"""Run the notebooks of `docs/notebooks`, and compare or renew the outputs that they hold.

    python docs/run_notebooks.py --write    # renew them

Each runs in a folder, store and cache of its own. Outputs of a cell with the tag `varies` depend on
the machine, its speed and its cores, and are not compared.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

DOCS = Path(__file__).parent
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
VARIES = "varies"
SECONDS = 900  # for one cell, also beside other work

sys.path.insert(0, str(DOCS))
from run_commands import difference  # noqa: E402


def run_notebook(path: Path, folder: Path) -> Any:
    """The notebook with the outputs of a new run in `folder`. Raises for a cell that fails."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": folder}},
    )
    client.execute(env=_environment(folder))
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times, which differ in every run
        for output in cell.get("outputs", ()):
            if "text" in output:
                output["text"] = output["text"].replace(f"{folder}/", "")
    return notebook


def _environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DATAYIELD_")}
    path = os.pathsep.join(filter(None, (str(DOCS.parent / "src"), kept.get("PYTHONPATH"))))
    private = {"IPYTHONDIR": ".ipython", "JUPYTER_CONFIG_DIR": ".jupyter", "MPLCONFIGDIR": ".mpl"}
    return kept | {
        "PYTHONPATH": path,
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "88",
        "DATAYIELD_CACHE": str(folder / "cache"),
        **{name: str(folder / where) for name, where in private.items()},
    }


def texts(cell: Any) -> Iterator[str]:
    """What the outputs of a cell say: printed text, and values as text; figures are passed over."""
    for output in cell.get("outputs", ()):
        if "text" in output:
            yield output["text"]
        elif "image/png" not in output.get("data", {}):
            yield output["data"].get("text/plain", "")


def differences(shown: Any, ran: Any) -> Iterator[str]:
    """Each cell whose outputs differ from those that the notebook shows."""
    for before, after in zip(shown.cells, ran.cells, strict=True):
        if VARIES in before.metadata.get("tags", ()):
            continue
        told = difference("\n".join(texts(before)), "\n".join(texts(after)))
        if told is not None or len(before.get("outputs", ())) != len(after.get("outputs", ())):
            yield f"{before.source}\n{told or 'another number of outputs'}"


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    for each in NOTEBOOKS:
        with tempfile.TemporaryDirectory() as scratch:
            nbformat.write(run_notebook(each, Path(scratch)), each)
