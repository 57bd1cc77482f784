"""The index over a store's reports, and what is exported from one."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from datayield.report.files.export import export, without_paths
from datayield.report.files.index import index_rows, write_index
from datayield.report.files.summary import NAME, summary
from datayield.report.page.page import write_report
from datayield.spec.atomic_files import write_json
from datayield.spec.errors import StoreError
from tests.simulated import simulate

CLAIMS = {
    "claims": [{"verdict": "reproduced"}, {"verdict": "inconclusive"}, {"verdict": "inconclusive"}]
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, drawing: None) -> Path:
    results = simulate(sizes=(250, 1000))
    study = results.study.model_copy(update={"scale": "pocket", "question": "What? <b>"})
    spent = tuple(replace(s, finished=1.7e9 + i) for i, s in enumerate(results.spent))
    results = replace(results, study=study, spent=spent)
    store = tmp_path_factory.mktemp("original") / "store"
    folder = store / "studies/simulated-pocket"
    write_report(results, folder)
    write_json(folder / NAME, summary(results, 14, 16))
    return store


@pytest.fixture
def store(tmp_path: Path, original: Path) -> Path:
    """A store with one report, the test's own to change."""
    return Path(shutil.copytree(original, tmp_path / "store"))


def test_a_row_says_what_ran_and_what_it_says(store: Path) -> None:
    (row,) = index_rows(store)
    assert (row["name"], row["scale"], row["done"], row["total"]) == ("simulated", "pocket", 14, 16)
    answers = json.loads((store / "studies/simulated-pocket/answers.json").read_text())
    assert row["answer"] == answers[0]
    assert row["verdicts"] == {}
    assert row["date"] == "2023-11-14"
    assert (store / row["link"]).is_file()


def test_the_page_counts_claims_and_loads_nothing(store: Path) -> None:
    write_json(store / "studies/simulated-pocket/claims.json", CLAIMS)
    page = write_index(store)
    assert page is not None
    text = page.read_text()
    assert "1 reproduced" in text
    assert "0 contradicted" in text
    assert "2 inconclusive" in text
    assert "What? &lt;b&gt;" in text
    assert "http" not in text
    assert 'href="studies/simulated-pocket/report.html"' in text
    assert text.count("@media (prefers-color-scheme: dark)") == 1


def test_a_report_of_an_earlier_version_is_still_listed(store: Path) -> None:
    (store / "studies/simulated-pocket" / NAME).unlink()
    (row,) = index_rows(store)
    assert (row["name"], row["old"]) == ("simulated-pocket", True)
    page = write_index(store)
    assert page is not None
    assert "earlier version" in page.read_text()


def test_an_empty_store_has_no_index(tmp_path: Path) -> None:
    assert write_index(tmp_path) is None
    assert not (tmp_path / "index.html").exists()


def test_an_export_is_small_whole_and_of_no_machine(store: Path, tmp_path: Path) -> None:
    report = store / "studies/simulated-pocket"
    answers = json.loads((report / "answers.json").read_text())
    write_json(report / "answers.json", [f"{answers[0]} {store}/runs and /data/mine/x"])
    private = [
        (tmp_path, "."),
        (store, "$DATAYIELD_STORE"),
        (Path("/data/mine"), "$DATAYIELD_DATA"),
    ]
    folder = export(report, tmp_path / "results", private)
    assert folder == tmp_path / "results/simulated/pocket"
    names = {p.name for p in folder.iterdir()}
    assert {"table.csv", "curves.csv", "answers.json", "provenance.json", "README.md"} <= names
    whole = "".join(p.read_text() for p in folder.iterdir())
    assert str(tmp_path) not in whole
    assert "/data/mine" not in whole
    assert "$DATAYIELD_STORE/runs and $DATAYIELD_DATA/x" in whole
    kept = json.loads((folder / "provenance.json").read_text())
    assert kept["command"] == "datayield run simulated --scale pocket"
    assert kept["date"] == "2023-11-14"
    ours, theirs = ((f / "table.csv").read_text().splitlines() for f in (folder, report))
    assert len(ours) == len(theirs)
    column = theirs[0].split(",").index("value")
    for a, b in zip(ours[1:], theirs[1:], strict=True):
        assert float(a.split(",")[column]) == pytest.approx(float(b.split(",")[column]), rel=1e-6)


def test_an_export_keeps_what_a_person_wrote(store: Path, tmp_path: Path) -> None:
    report = store / "studies/simulated-pocket"
    folder = export(report, tmp_path / "results", [])
    (folder / "README.md").write_text("mine")
    (folder / "claims.json").write_text("[]")  # of an earlier export; the report has none
    (report / "figures").mkdir(exist_ok=True)
    (report / "figures/published.svg").write_text("<svg>ours and theirs</svg>")
    export(report, tmp_path / "results", [])
    assert (folder / "published.svg").read_text() == "<svg>ours and theirs</svg>"
    assert (folder / "README.md").read_text() == "mine"
    assert not (folder / "claims.json").exists()


def test_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no report to export"):
        export(tmp_path, tmp_path / "results", [])


def test_the_root_is_no_private_folder() -> None:
    assert without_paths("a/b", [(Path("/"), "~")]) == "a/b"


def test_the_readme_of_an_export_lists_verdicts_bad_news_first(store: Path, tmp_path: Path) -> None:
    one = {"says": "rises", "evidence": "+1.0 | n", "published": 2.5}
    report = store / "studies/simulated-pocket"
    verdicts = {"A": "reproduced", "B": "not tested", "C": "contradicted"}
    claims = [{"id": i, "verdict": verdict, **one} for i, verdict in verdicts.items()]
    write_json(report / "claims.json", {"claims": claims})
    text = (export(report, tmp_path / "results", []) / "README.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert [row.split(" | ")[0] for row in rows] == ["| C", "| A", "| B"]
    assert rows[0] == "| C | rises | contradicted | +1.0 \\| n | 2.5 |"
