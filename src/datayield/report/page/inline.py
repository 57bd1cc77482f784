"""What a self-contained page holds of its figures: plotly's script and their specifications."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from markupsafe import Markup

from datayield.report.figures import Figure


def inlined(figures: Sequence[Figure]) -> dict[str, Any]:
    """Values of script.html; no script where nothing is drawn."""
    return {
        "specs_of_figures": _inline({figure.id: _spec(figure) for figure in figures}),
        "plotly": Markup(_plotly()) if figures else "",
    }


def _plotly() -> str:
    """plotly's script. Importing the package takes a second, and only this file is needed."""
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    script = Path(spec.origin).parent / "package_data" / "plotly.min.js"
    return script.read_text(encoding="utf-8")


def _spec(figure: Figure) -> dict[str, Any]:
    return {**figure.spec, "toggle": figure.log_toggle}


def _inline(value: Any) -> Markup:
    """JSON that is safe inside a script element, whatever the names in it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))
