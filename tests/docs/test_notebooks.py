"""The notebooks run, and their cells give what they show."""

import copy
import sys
from pathlib import Path

import nbformat
import pytest

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
from notebook_pages import notebook_page  # noqa: E402
from run_notebooks import NOTEBOOKS, VARIES, differences, run_notebook, texts  # noqa: E402

MOST_BYTES = 50_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_its_cells_give(path: Path, tmp_path: Path) -> None:
    told = [*differences(nbformat.read(path, as_version=4), run_notebook(path, tmp_path))]
    assert not told, "\n".join([*told, "run: python docs/run_notebooks.py --write"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_small_and_names_no_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text) <= MOST_BYTES
    assert str(DOCS.parent) not in text
    assert "/tmp/" not in text
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    varying = [cell for cell in code if VARIES in cell.metadata.get("tags", ())]
    assert len(varying) < len(code) / 2
    assert not [o for cell in code for o in cell.outputs if o.get("name") == "stderr"]


def test_a_changed_output_is_found() -> None:
    shown = nbformat.read(NOTEBOOKS[-1], as_version=4)
    ran = copy.deepcopy(shown)
    assert not [*differences(shown, ran)]
    cell = next(c for c in ran.cells if "Train longer" in "".join(texts(c)))
    cell.outputs[0]["data"]["text/plain"] = "Stop."
    assert len([*differences(shown, ran)]) == 1


def test_a_page_has_code_and_outputs() -> None:
    page = notebook_page(NOTEBOOKS[-1])
    assert page.startswith("# ")
    assert "```python\n" in page
    assert "Train longer." in page
