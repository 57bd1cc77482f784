"""What a self-contained page holds of its figures: plotly's script and their specifications."""

import gzip
import json
from base64 import b64encode
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
    """A script that defines `packed`: plotly's own, compressed to two fifths, below its licence.

    Importing the package takes a second, and only this file is needed.
    """
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'plotly'", name="plotly")
    script = (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_bytes()
    notice = script[: script.index(b"*/") + 2].decode()
    text = b64encode(gzip.compress(script, 9, mtime=0)).decode()  # equal pages are equal files
    return f'{notice}\nconst packed = "{text}";'


def _spec(figure: Figure) -> dict[str, Any]:
    return {**figure.spec, "toggle": figure.log_toggle}


def _inline(value: Any) -> Markup:
    """JSON that is safe inside a script element, whatever the names in it."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026"))
