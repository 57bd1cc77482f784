"""A notebook as a page of the docs: its text, its code and the outputs that it holds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def notebook_page(path: Path) -> str:
    """The notebook as Markdown, with a link to the file at the end of the first part."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts = [part for cell in cells for part in _cell(cell)]
    download = f"The notebook itself: [{path.name}]({path.name})."
    return "\n\n".join([parts[0], download, *parts[1:]]) + "\n"


def _cell(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for output in cell["outputs"]:
        if "text" in output:
            yield f"```text\n{''.join(output['text']).rstrip()}\n```"
            continue
        data = {kind: "".join(of) for kind, of in output["data"].items()}
        if "image/png" in data:
            yield f"![](data:image/png;base64,{data['image/png'].strip()})"
        elif "text/html" in data:
            yield f'<div class="output">\n{data["text/html"].strip()}\n</div>'
        else:
            yield f"```text\n{data['text/plain']}\n```"
