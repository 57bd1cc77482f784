"""What mkdocs cannot do by itself: pages generated from the code, and links that leave the docs."""

import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))
from command_line import command_line_page
from notebook_pages import notebook_page
from output_schemas import output_page
from study_schema import schema_page

GENERATED = {
    "reference/command-line.md": command_line_page,
    "reference/json-output.md": output_page,
    "reference/study-yaml.md": schema_page,
}
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)[^)]*\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from the code, and from the notebooks."""
    for name, page in GENERATED.items():
        files.append(File.generated(config, name, content=page()))
    for path in sorted(Path(config.docs_dir).glob("notebooks/*.ipynb")):
        name = f"notebooks/{path.stem}.md"
        files.append(File.generated(config, name, content=notebook_page(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Drop the mark of commands that the tests do not run; name files outside the docs in code."""
    folder = PurePosixPath(page.file.src_uri).parent

    def leaving(match: re.Match[str]) -> str:
        parts: list[str] = ["docs"]
        for part in (*folder.parts, *PurePosixPath(match[2]).parts):
            if part == "..":
                parts.pop()
            else:
                parts.append(part)
        if parts[:1] == ["docs"]:
            return match[0]
        path = "/".join(parts)
        return f"`{path}`" if PurePosixPath(path).name in match[1] else f"{match[1]} (`{path}`)"

    return LINK.sub(leaving, markdown).replace("```sh no-run", "```sh")
