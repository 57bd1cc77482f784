"""Every `--json` has a published schema, and what the commands print is valid against it."""

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer

from datayield.cli import app
from tests.cli.test_answer import TABLE
from tests.conftest import Call

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))
from output_schemas import OUTPUTS, output_page, output_schema, schema_file, schema_text  # noqa: E402

ONE_RUN = ("--set", "axes={data.count: [60], method: [simclr], seed: [0]}")


def closed(schema: Any) -> Any:
    """The schema with no key allowed that it does not name, so that none is left undocumented."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    return {"additionalProperties": False, **made} if "properties" in made else made


def check(command: str, printed: str) -> Any:
    """What was printed, valid JSON of the command's schema."""
    value = json.loads(printed)
    jsonschema.Draft202012Validator(closed(output_schema(command))).validate(value)
    return value


def test_every_json_option_has_a_schema() -> None:
    group: Any = typer.main.get_command(app)
    verbs = {**group.commands}
    verbs |= {f"collect {name}": verb for name, verb in verbs.pop("collect").commands.items()}
    with_json = {n for n, v in verbs.items() if any("--json" in p.opts for p in v.params)}
    assert with_json == {
        name for name in verbs if any(f"{o} ".startswith(f"{name} ") for o in OUTPUTS)
    }
    assert with_json == set(verbs) - {"init", "track", "show"}  # which write for people, elsewhere


@pytest.mark.parametrize("command", OUTPUTS)
def test_the_published_schema_is_up_to_date(command: str) -> None:
    path = schema_file(command)
    assert path.is_file(), "run: python docs/output_schemas.py"
    assert path.read_text(encoding="utf-8") == schema_text(command), (
        "run: python docs/output_schemas.py"
    )


def test_no_schema_is_left_of_what_is_gone() -> None:
    assert {schema_file(command) for command in OUTPUTS} == set(schema_file("x").parent.iterdir())


def test_the_page_lists_every_output() -> None:
    assert all(f"datayield {command} --json" in output_page() for command in OUTPUTS)


def test_a_study_from_plan_to_index(datayield: Call) -> None:
    planned = check("plan", datayield("plan", "tiny.yaml", *ONE_RUN, "--json").out)
    assert planned["overrides"] == {"axes": {"data.count": [60], "method": ["simclr"], "seed": [0]}}
    assert check("run", datayield("run", "tiny.yaml", *ONE_RUN, "--json").out)["did"] == 3
    told = check("report", datayield("report", "tiny.yaml", *ONE_RUN, "--json").out)
    check("demo", json.dumps(told))  # which is a run of the study demo
    assert check("status", datayield("status", "tiny.yaml", *ONE_RUN, "--json").out)["tasks"]
    assert check("index", datayield("index", "--json").out)["studies"]
    assert check("plan", datayield("plan", "tiny.yaml", "--json").out)["seconds"]
    assert (
        check("pack", datayield("pack", "tiny.yaml", "t.zip", *ONE_RUN, "--json").out)["done"] == 3
    )
    assert check("verify", datayield("verify", "t.zip", "--json").out)["equal"]
    assert check("unpack", datayield("unpack", "t.zip", "--json").out)["taken"] == 0
    taken = ("--run", next(each["id"] for each in planned["tasks"] if each["images"]))
    assert check("export", datayield("export", "tiny.yaml", "e", *taken, *ONE_RUN, "--json").out)[
        "written"
    ]
    images = "sprites?n=20&n_test=20"
    done = datayield("embed", "e", images, "f.parquet", "--split", "test", "--json")
    assert not done.code, done.err
    assert check("embed", done.out)["images"] == 20


def test_an_answer_with_all_its_parts(datayield: Call) -> None:
    Path("t.csv").write_text(TABLE)
    call = ("answer", "t.csv", "--price", "image=0.02", "--spend", "600", "--json")
    told = check("answer", datayield(*call).out)
    assert told["best_plan"]["buy"]
    assert told["would_decide"] is not None
    assert told["back_test"]["forecasts"]
    check("answer", datayield("answer", "hammoud2024-budget", "--published", "--json").out)


@pytest.mark.parametrize("command", [c for c in OUTPUTS if c.startswith("ls ")])
def test_lists(datayield: Call, command: str) -> None:
    assert check(command, datayield(*command.split(), "--json").out)


def test_distances_of_datasets_and_what_is_in_one(datayield: Call) -> None:
    sets = ("sprites?n=120&n_test=120", "sprites?n=120&n_test=120&shift=0.5")
    call = ("distance", *sets, "--encoder", "untrained:convnet?width=4", "--json")
    told = check("distance", datayield(*call).out)
    assert told["distances"][0]["metrics"]
    assert check("doctor --data", datayield("doctor", "--data", "digits", "--json").out)["datasets"]
    assert check("doctor", datayield("doctor", "--json").out)["versions"]


def test_collections(datayield: Call, tmp_path: Path) -> None:
    pytest.importorskip("protego", reason="pip install 'datayield[collect]'")
    (tmp_path / "urls.txt").write_text("http://127.0.0.1:9/1.jpg\n")
    web = ("collect", "web", "urls.txt", "out", "--json")
    assert check("collect web --dry-run", datayield(*web, "--dry-run").out)["addresses"] == 1
    told = check("collect web", datayield(*web).out)
    check("collect synthetic", json.dumps(told))  # the same record of a collection
    (tmp_path / "cats.txt").write_text("cat\n")
    drawn = ("collect", "synthetic", "cats.txt", "drawn", "--model", "x", "--dry-run", "--json")
    assert check("collect synthetic --dry-run", datayield(*drawn).out)["images"] == 100


def test_a_key_that_is_not_documented_is_found(datayield: Call) -> None:
    told = json.loads(datayield("ls", "protocols", "--json").out)
    with pytest.raises(jsonschema.ValidationError):
        check("ls protocols", json.dumps([told[0] | {"new": 1}]))
    with pytest.raises(jsonschema.ValidationError):
        check("ls protocols", json.dumps([{"protocol": "x"}]))
