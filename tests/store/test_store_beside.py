"""A store beside the study's file is told of where it has the runs that the default one lacks."""

from pathlib import Path

import pytest

from datayield.spec.environment import DEFAULT_STORE
from datayield.store.folders import Store
from datayield.store.store_beside import store_beside, usual_store
from tests.conftest import TINY, Call
from tests.stored import trained

RUNS = ("a" * 12, "b" * 12, "c" * 12)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study's file with two finished runs beside it; the current folder is another one."""
    for each in RUNS[:2]:
        trained(Store(tmp_path / "of study" / DEFAULT_STORE).run(each), 1.0)
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    monkeypatch.delenv("DATAYIELD_STORE", raising=False)
    return Path("../of study/my.yaml")


def test_it_is_told_with_the_option(study: Path) -> None:
    (note,) = store_beside(study, Store(Path(DEFAULT_STORE)), RUNS)
    assert note.startswith("2 of its 3 runs are finished")
    assert f"--store '../of study/{DEFAULT_STORE}'" in note


def test_nothing_is_told_where_it_would_not_help(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = Store(Path(DEFAULT_STORE))
    assert store_beside(None, default, RUNS) == []  # a study without a file
    assert store_beside(study, default, RUNS[2:]) == []  # others are finished there
    assert store_beside(Path("my.yaml"), default, RUNS) == []  # it is the same store
    assert store_beside(study, Store(tmp_path / "chosen"), RUNS) == []
    monkeypatch.setenv("DATAYIELD_STORE", DEFAULT_STORE)
    assert store_beside(study, default, RUNS) == []
    monkeypatch.delenv("DATAYIELD_STORE")
    trained(default.run(RUNS[0]), 1.0)
    assert store_beside(study, default, RUNS) == []


def test_it_is_used_where_the_current_folder_has_none(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = tmp_path / "of study" / DEFAULT_STORE
    assert usual_store(study).samefile(beside)
    assert usual_store(None) == Path(DEFAULT_STORE)
    assert usual_store(Path("no such/my.yaml")) == Path(DEFAULT_STORE)
    monkeypatch.setenv("DATAYIELD_STORE", str(tmp_path / "chosen"))
    assert usual_store(study) == tmp_path / "chosen"
    monkeypatch.delenv("DATAYIELD_STORE")
    Path(DEFAULT_STORE).mkdir()
    assert usual_store(study) == Path(DEFAULT_STORE)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder is not that of tiny.yaml, beside which a run is finished."""
    from datayield.session import open_study

    monkeypatch.delenv("DATAYIELD_STORE")
    (tmp_path / "tiny.yaml").write_text(TINY)
    run = open_study("tiny.yaml").runs[0]
    trained(Store(Path(DEFAULT_STORE)).run(run.id), 1.0)
    (tmp_path / "other" / DEFAULT_STORE).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "other")


@pytest.mark.parametrize(
    "words",
    ["plan", "status", "answer", "report", "export out", "embed . out.parquet", "pick . --label 9"],
)
def test_what_reads_runs_notes_it(datayield: Call, elsewhere: None, words: str) -> None:
    verb, *others = words.split()
    told = datayield(verb, "../tiny.yaml", *others)
    said = " ".join((told.out + told.err).split())  # whatever the width
    assert "a run is finished in the store beside the study" in said
    assert f"--store ../{DEFAULT_STORE} uses it" in said


def test_it_is_not_noted_of_a_store_that_was_chosen(datayield: Call, elsewhere: None) -> None:
    chosen = datayield("plan", "../tiny.yaml", "--store", "x").out
    assert "beside the study" not in " ".join(chosen.split())


def test_images_that_are_not_there_are_told(datayield: Call, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY.replace("sprites?n=300&n_test=600", "./photos"))
    for verb in ("status", "answer", "report"):
        told = datayield(verb, "tiny.yaml")
        assert "photos' not found" in told.err
        assert "runs are identified by their images" in told.err
