"""`--set` on the command line: the runs are shared, the report is not overwritten."""

import json
from pathlib import Path

from tests.conftest import Call

SET = ("--set", "axes.data.count=[60]", "--set", "axes.method=[simclr]", "--set", "axes.seed=[0]")


def test_a_smaller_study_shares_its_runs_and_keeps_its_own_report(
    datayield: Call, tmp_path: Path
) -> None:
    done = datayield("run", "tiny.yaml", *SET, "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["did"] == 3  # a run, an untrained encoder, raw pixels
    assert told["overrides"] == {
        "axes.data.count": [60], "axes.method": ["simclr"], "axes.seed": [0],
    }  # fmt: skip
    page = Path(told["report"])
    assert page.parent.name.startswith("tiny-set-")
    assert "<code>axes.data.count=[60]</code>" in page.read_text()

    assert datayield("status", "tiny.yaml", *SET).code == 0
    whole = json.loads(datayield("plan", "tiny.yaml", "--json").out)
    assert sum(task["state"] == "done" for task in whole["tasks"]) == 3
    assert whole["overrides"] == {}

    assert datayield("report", "tiny.yaml").code == 3
    assert (tmp_path / "store/studies/tiny/report.html").is_file()
    assert "<code>axes.data.count" in page.read_text()  # not overwritten

    assert datayield("report", "tiny.yaml", *SET, "--export", "kept").code == 0
    (exported,) = (tmp_path / "kept/tiny").iterdir()
    assert exported.name.startswith("only-set-")
    command = json.loads((exported / "provenance.json").read_text())["command"]
    assert command.startswith("datayield run tiny --set ")
    (listed,) = [
        row for row in json.loads(datayield("index", "--json").out)["studies"] if row["overrides"]
    ]
    assert listed["overrides"] == [
        "axes.data.count=[60]", 'axes.method=["simclr"]', "axes.seed=[0]",
    ]  # fmt: skip
    assert datayield("answer", "tiny.yaml", *SET).code == 0


def test_the_heading_of_a_plan_names_what_is_set(datayield: Call) -> None:
    said = datayield("plan", "tiny.yaml", "--set", "base.batch=16").out
    assert "set  base.batch=16" in said.splitlines()[1]
    assert "set  " not in datayield("status", "tiny.yaml").out


def test_a_table_has_no_keys_to_set(datayield: Call, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("images,seed,accuracy\n10,0,0.5\n")
    refused = datayield("answer", "r.csv", "--set", "base.batch=1")
    assert refused.code == 2
    assert "--set" in refused.err
