"""A pack holds what its tables rest on, no path and no image; what is changed in it is found."""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from datayield.pack import Verified, make_pack, opened, verify
from datayield.spec.errors import ConfigError, PackError, StoreError
from datayield.store.folders import Store
from tests.conftest import Call
from tests.pack.packed import changed, opened_study, store_results

Files = dict[str, bytes]
TABLE = "studies/small/table.csv"
CLAIMS = "studies/small/claims.json"


class Packed:
    """A finished study and its pack."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.session = opened_study(folder)
        store_results(self.session)
        self.path = make_pack(self.session, folder / "small.zip").path


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packed]:
    folder = tmp_path_factory.mktemp("packed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATAYIELD_CACHE", str(folder / "cache"))
        patch.delenv("DATAYIELD_DATA", raising=False)
        yield Packed(folder)


def verified(path: Path) -> Verified:
    with opened(path) as (folder, study):
        return verify(path, folder, study)


def wrong(path: Path) -> dict[str, str]:
    """File -> all that is wrong with it, but for the page, which is not drawn."""
    found: dict[str, str] = {}
    with mock.patch("datayield.report.page.page.render", return_value=""):
        for check in verified(path).files:
            if check.wrong and check.kind != "page":
                found[check.file] = f"{found.get(check.file, '')} {check.wrong}".strip()
    return found


def listed(files: Files) -> None:
    """Renew the manifest, as one who changes a pack and knows of it would."""
    manifest = json.loads(files["pack.json"])
    names = files.keys() - {"pack.json"}
    manifest["files"] = {name: hashlib.sha256(files[name]).hexdigest() for name in names}
    files["pack.json"] = json.dumps(manifest).encode()


def names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def read(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def record_of(path: Path) -> str:
    return next(name for name in names_in(path) if "/evals/1" in name and name.endswith(".json"))


def test_a_pack_is_verified_where_nothing_of_the_study_is(packed: Packed, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.zip"
    copy.write_bytes(packed.path.read_bytes())
    done = verified(copy)
    assert done.equal
    assert not done.not_compared
    tasks = packed.session.plan().tasks
    evaluations, trained = sum(len(task.evals) for task in tasks), len(packed.session.runs)
    assert (done.records, done.manifest.done) == (2 * evaluations + trained, len(tasks))
    made = {check.file for check in done.files}
    assert {TABLE, CLAIMS, "studies/small/report.html", "studies/small/summary.json"} <= made


def test_its_tables_are_those_of_the_store(packed: Packed) -> None:
    with mock.patch("datayield.report.page.page.write_static", return_value=[]):
        report = packed.session.report(packed.session.plan(keep=True))
    assert report is not None
    for name in ("table.csv", "curves.csv", "runs.csv", "claims.json", "answers.json"):
        assert read(packed.path, f"studies/small/{name}") == report.page.with_name(name).read_text()
    rows = list(csv.DictReader(io.StringIO(read(packed.path, TABLE))))
    assert {row["dataset"] for row in rows} == {"", "images"}
    assert len(rows) == 7


def test_it_names_no_folder_of_this_machine_and_no_image(packed: Packed) -> None:
    with zipfile.ZipFile(packed.path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            assert str(packed.folder).encode() not in data, name
            assert not re.search(rb"/\d+\.png", data), name
    endings = {Path(name).suffix for name in names_in(packed.path)}
    assert endings == {".json", ".jsonl", ".items", ".csv", ".tex", ".html", ".yaml"}
    assert read(packed.path, "study.yaml") == (packed.folder / "small.yaml").read_text()


def test_the_same_study_gives_the_same_bytes(packed: Packed) -> None:
    again = make_pack(packed.session, packed.folder / "again.zip")
    assert again.path.read_bytes() == packed.path.read_bytes()
    assert again.sha256 == hashlib.sha256(packed.path.read_bytes()).hexdigest()


def test_the_answer_is_that_of_the_store(packed: Packed, datayield: Call) -> None:
    there = datayield("answer", str(packed.path))
    store, study = str(packed.folder / "store"), str(packed.folder / "small.yaml")
    assert there.code == 0
    assert there.out == datayield("answer", study, "--store", store).out != ""


def test_a_changed_record_is_found(packed: Packed, tmp_path: Path) -> None:
    name = record_of(packed.path)

    def raise_score(files: Files) -> None:
        record = json.loads(files[name])
        before = f'"accuracy": {record["metrics"]["accuracy"]}'.encode()
        assert before in files[name]
        files[name] = files[name].replace(before, b'"accuracy": 0.99')

    found = wrong(changed(packed.path, tmp_path / "a.zip", raise_score))
    assert "SHA-256" in found[name]
    assert TABLE in found

    def cover_up(files: Files) -> None:
        raise_score(files)
        listed(files)

    found = wrong(changed(packed.path, tmp_path / "b.zip", cover_up))
    assert "checksum" in found[name]
    assert "row" in found[TABLE]


def test_a_record_sealed_again_still_differs_from_the_table(packed: Packed, tmp_path: Path) -> None:
    with opened(packed.path) as (folder, study):
        plan = study.plan()
        task = plan.tasks[-1]
        ((share, ev),) = task.evals
        run = Store(folder).run(task.spec.id)
        record = run.read_result(share, ev.id)
        assert record is not None
        higher = record.model_copy(update={"metrics": {"accuracy": 0.99}})
        run.write_result(higher, run.read_right(share, ev.id))
        name = run.result(share, ev.id).relative_to(folder).as_posix()
        forged = run.result(share, ev.id).read_bytes()

    def forge(files: Files) -> None:
        files[name] = forged
        listed(files)

    found = wrong(changed(packed.path, tmp_path / "forged.zip", forge))
    assert set(found) >= {TABLE}
    assert name not in found
    assert "0.99" in found[TABLE]


@pytest.mark.parametrize("known", [False, True], ids=["unlisted", "listed"])
def test_a_changed_table_is_found_with_its_first_row(
    packed: Packed, tmp_path: Path, known: bool
) -> None:
    lines = read(packed.path, TABLE).splitlines(keepends=True)
    value = lines[3].split(",")
    column = lines[0].split(",").index("value")
    value[column] = "0.987"

    def change(files: Files) -> None:
        files[TABLE] = "".join([*lines[:3], ",".join(value), *lines[4:]]).encode()
        files[CLAIMS] = files[CLAIMS].replace(b'"verdict": "', b'"verdict": "not ')
        if known:
            listed(files)

    found = wrong(changed(packed.path, tmp_path / "changed.zip", change))
    assert "row 4: packed " in found[TABLE]
    assert "0.987" in found[TABLE]
    assert "row " in found[CLAIMS]
    assert ("SHA-256" in found[TABLE], "SHA-256" in found[CLAIMS]) == (not known, not known)


def test_a_missing_and_an_added_file_are_found(packed: Packed, tmp_path: Path) -> None:
    name = record_of(packed.path)

    def exchange(files: Files) -> None:
        del files[name]
        files["runs/0123456789ab/failed.json"] = b"{}"

    found = wrong(changed(packed.path, tmp_path / "fewer.zip", exchange))
    assert "missing from it" in found[name]
    assert "are said to be finished" in found["pack.json"]
    assert "not listed" in found["runs/0123456789ab/failed.json"]

    def hide(files: Files) -> None:
        exchange(files)
        listed(files)

    found = wrong(changed(packed.path, tmp_path / "hidden.zip", hide))
    assert "no run" in found["runs/0123456789ab/failed.json"]
    assert TABLE in found


def test_a_study_file_that_says_otherwise_is_found(packed: Packed, tmp_path: Path) -> None:
    def drop_claim(files: Files) -> None:
        text = files["study.yaml"].decode()
        files["study.yaml"] = text.replace("id: more", "id: less").encode()
        listed(files)

    found = wrong(changed(packed.path, tmp_path / "claim.zip", drop_claim))
    assert "claims" in found["resolved.json"]

    def drop_cell(files: Files) -> None:
        cells = json.loads(files["cells.json"])
        cells["cells"].pop()
        files["cells.json"] = json.dumps(cells).encode()
        listed(files)

    found = wrong(changed(packed.path, tmp_path / "cell.zip", drop_cell))
    assert "combinations of the axes" in found["cells.json"]


def test_a_run_that_is_not_its_id_is_refused(packed: Packed, tmp_path: Path) -> None:
    name = next(name for name in names_in(packed.path) if name.endswith("spec.json"))

    def change(files: Files) -> None:
        files[name] = files[name].replace(b'"batch": 8', b'"batch": 16')
        listed(files)

    with pytest.raises(PackError, match="not what its id says"):
        verified(changed(packed.path, tmp_path / "run.zip", change))


def test_an_unfinished_study_is_packed_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, datayield: Call
) -> None:
    session = opened_study(tmp_path)
    with pytest.raises(ConfigError, match="nothing to pack"):
        make_pack(session)
    store_results(session, tasks=4)
    done = datayield("pack", "small.yaml", "--store", "store")
    assert done.code == 0
    assert "4 of 7 runs and baselines finished" in done.out
    assert "not finished" in done.err
    shown = json.loads(datayield("verify", "small.zip", "--json").out)
    assert (shown["done"], shown["total"], shown["equal"]) == (4, 7, True)


def test_an_interrupted_pack_leaves_nothing_and_the_earlier_one(packed: Packed) -> None:
    target = packed.folder / "kept.zip"
    target.write_bytes(packed.path.read_bytes())
    before = sorted(packed.folder.iterdir())
    with (
        mock.patch("datayield.pack.archive.shutil.copyfileobj", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        make_pack(packed.session, target)
    full = OSError(28, "No space left on device")
    with (
        mock.patch("datayield.pack.archive.shutil.copyfileobj", side_effect=full),
        pytest.raises(StoreError, match="No space left"),
    ):
        make_pack(packed.session, target)
    assert target.read_bytes() == packed.path.read_bytes()
    assert sorted(packed.folder.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "message"),
    [("table.csv", "a pack is a .zip file"), ("images", "a folder"), ("other.zip", "is no pack")],
)
def test_a_pack_replaces_nothing_but_a_pack(packed: Packed, name: str, message: str) -> None:
    (packed.folder / "other.zip").write_bytes(b"mine")
    with pytest.raises(ConfigError, match=message):
        make_pack(packed.session, packed.folder / name)
    assert (packed.folder / "other.zip").read_bytes() == b"mine"


def test_a_newer_format_and_no_pack_are_refused(
    packed: Packed, tmp_path: Path, datayield: Call
) -> None:
    def newer(files: Files) -> None:
        files["pack.json"] = json.dumps({**json.loads(files["pack.json"]), "format": 2}).encode()

    done = datayield("verify", str(changed(packed.path, tmp_path / "newer.zip", newer)))
    assert done.code == 2
    assert "newer version" in done.err
    assert "allowed: up to 1" in done.err
    done = datayield("verify", "tiny.yaml")
    assert done.code == 2
    assert "not a pack" in done.err
    done = datayield("verify", "none.zip")
    assert done.code == 2
    assert "no such file" in done.err
    other = changed(packed.path, tmp_path / "other.zip", lambda files: files.clear())
    assert "no pack.json" in datayield("verify", str(other)).err


@pytest.mark.parametrize("name", ["resolved.json", "cells.json", "context.json"])
def test_a_broken_part_is_named(packed: Packed, tmp_path: Path, name: str) -> None:
    def cut(files: Files) -> None:
        files[name] = files[name][:100]

    with pytest.raises(PackError, match=f"missing or broken: {name}"):
        verified(changed(packed.path, tmp_path / "broken.zip", cut))
