"""A run that learned nothing is named wherever its numbers are read; a healthy one is not."""

import csv
import json
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import TINY, Call


def study(name: str, **optim: Any) -> None:
    """One run with a baseline, in the working directory."""
    raw: dict[str, Any] = yaml.safe_load(TINY)
    raw["study"] = name
    raw["base"]["optim"] |= optim
    raw["axes"] = {"data.count": [60], "method": ["simclr"], "seed": [0]}
    raw["evaluations"] = raw["evaluations"][1:2]
    Path(f"{name}.yaml").write_text(yaml.safe_dump(raw))


def test_a_collapsed_run_is_marked(datayield: Call) -> None:
    study("hot", lr=1e6)
    run = datayield("run", "hot.yaml")
    assert run.code == 0
    assert run.err.count("warning  simclr n=60 C=640 seed 0: its weights grew") == 2
    assert "1 run seems to have learned nothing; the results include it" in run.err
    folder = Path("store/studies/hot")
    rows = list(csv.DictReader((folder / "table.csv").read_text().splitlines()))
    assert {row["collapsed"] for row in rows if row["kind"] == "run"} == {"True"}
    assert {row["collapsed"] for row in rows if row["kind"] != "run"} == {"False"}
    (spent,) = csv.DictReader((folder / "runs.csv").read_text().splitlines())
    assert "diverged" in spent["signs"].split()
    assert float(spent["weight_growth"]) > 1e6
    page = (folder / "report.html").read_text()
    assert "1 of 1 runs seems to have learned nothing." in page
    assert "1 of 1 seed collapsed" in page
    status = datayield("status", "hot.yaml")
    assert "warning  simclr n=60" in status.out
    assert status.code == 0
    (told,) = json.loads(datayield("status", "hot.yaml", "--json").out)["collapsed"]
    assert told["check"]["growth"] > 1e6
    assert told["scores"][0]["eval"] == "texture"
    assert json.loads(datayield("run", "hot.yaml", "--json").out)["collapsed"] == [told]


def test_a_healthy_run_is_not_marked(datayield: Call) -> None:
    study("calm")
    run = datayield("run", "calm.yaml")
    assert "warning" not in run.err
    assert 'id="collapsed"' not in Path("store/studies/calm/report.html").read_text()
    assert json.loads(datayield("status", "calm.yaml", "--json").out)["collapsed"] == []
