"""JSON schemas of every `--json`, and a page that lists them.

`python docs/output_schemas.py` writes docs/schema/output/*.json; a test says when one is stale.
"""

import json
from pathlib import Path
from typing import Any

from output_types import OUTPUTS
from pydantic import TypeAdapter

Schema = dict[str, Any]
FOLDER = Path(__file__).parent / "schema/output"
INTRO = """# JSON output

Every command but `init`, `show` and `track` takes `--json` and prints one JSON value on standard
output; progress and messages go to standard error, and exit codes are those of [the command
line](command-line.md). Each output has a JSON schema in `docs/schema/output`, and the tests
validate what the commands print.
`schema_version` grows when a key is removed or changes its meaning; new keys may appear without
that, so ignore keys that you do not know.

```sh no-run
datayield answer results.csv --json | jq -r .recommendation.lever
```

| command | schema | what it is |
|---|---|---|
"""


def output_schema(command: str) -> Schema:
    """The JSON schema of what a command prints."""
    schema = TypeAdapter(OUTPUTS[command]).json_schema(mode="serialization")
    title = f"datayield {command} --json"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def schema_file(command: str) -> Path:
    """Where the schema of a command is published."""
    return FOLDER / f"{command.replace('--', '').replace(' ', '-')}.schema.json"


def schema_text(command: str) -> str:
    """The schema as its file holds it."""
    return json.dumps(output_schema(command), indent=1, ensure_ascii=False) + "\n"


def output_page() -> str:
    """Markdown: a row for each output, with its schema."""
    rows = []
    for command in OUTPUTS:
        schema, file = output_schema(command), schema_file(command)
        about = str(schema.get("description", "")).splitlines() or ["a list"]
        link = f"[`{file.name}`](../schema/output/{file.name})"
        rows.append(f"| `datayield {command} --json` | {link} | {about[0]} |")
    return INTRO + "\n".join(rows) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for command in OUTPUTS:
        schema_file(command).write_text(schema_text(command), encoding="utf-8")
