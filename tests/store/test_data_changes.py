"""What `plan` says when the data of a finished study change, and what it would run again."""

import os
from pathlib import Path

import pytest

from datayield.run import preflight
from datayield.run.progress import Display
from datayield.session import Session, open_study
from datayield.store.plan import Plan
from tests.conftest import Call
from tests.data.made import png, write

STUDY = """
study: mine
base:
  method: {name: simclr, projector: [16, 16]}
  encoder: {name: convnet, size: 8, width: 4}
  views: {recipe: symmetric}
  optim: {name: sgd, lr: 0.1}
  batch: 4
  budget: {images: 8}
  data: {dataset: ./pool, size: 8}
axes: {data.count: [4, 8, 30], seed: [0, 1]}
evaluations:
  - {name: task, protocol: knn@1, dataset: ./task, size: 8}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study that was run on 40 images and a task of two classes."""
    monkeypatch.setenv("DATAYIELD_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "pool", {f"{i:02}.png": png(i) for i in range(40)})
    for split, start in (("train", 100), ("test", 120)):
        write(
            tmp_path / "task" / split,
            {f"{'ab'[i % 2]}/{start + i}.png": png(start + i) for i in range(8)},
        )
    (tmp_path / "mine.yaml").write_text(STUDY)
    opened = session(tmp_path)
    from datayield.store.data_changes import remember

    remember(opened.store.study("mine"), opened.study, opened.cells, opened.listings)
    return tmp_path


def session(place: Path) -> Session:
    return open_study(str(place / "mine.yaml"), store=place / "store")


def ids(opened: Session) -> list[str]:
    return [cell.run.id for cell in opened.cells]


def test_nothing_changed(place: Path) -> None:
    assert session(place).data_changes() == []


def test_one_image_more(place: Path) -> None:
    before = ids(session(place))
    write(place / "pool", {"new.png": png(99)})
    after = session(place)
    changed = sum(a != b for a, b in zip(before, ids(after), strict=True))
    assert changed <= 4  # 4, 8 or 30 of 41, with two seeds
    said = f"{changed} of 6 runs are affected" if changed else "no run of 6 is affected"
    assert after.data_changes() == [f"pool train: 40 -> 41 images; {said}"]


def test_one_image_replaced_by_another_of_the_same_size(place: Path) -> None:
    before, path = session(place), place / "pool" / "07.png"
    info, raw = path.stat(), bytearray(path.read_bytes())
    raw[-20] ^= 1
    (place / "beside").write_bytes(bytes(raw))
    os.utime(place / "beside", ns=(info.st_atime_ns, info.st_mtime_ns))
    (place / "beside").replace(path)
    (said,) = session(place).data_changes()
    assert said.startswith("pool train: images changed, 40 as before; ")
    assert sum(a != b for a, b in zip(ids(before), ids(session(place)), strict=True)) > 0


def test_labels_corrected(place: Path) -> None:
    before = session(place)
    path = place / "task" / "train" / "a" / "100.png"
    path.rename(path.parent.parent / "b" / path.name)
    after = session(place)
    assert after.data_changes() == ["task: its labels changed; it is evaluated again"]
    assert ids(after) == ids(before)
    assert before.study.evaluations[0].spec.id != after.study.evaluations[0].spec.id


def test_a_moved_folder_is_the_same(place: Path) -> None:
    before = ids(session(place))
    place.rename(place.with_name("elsewhere"))
    there = place.with_name("elsewhere")
    after = session(there)
    assert ids(after) == before
    assert after.data_changes() == []


def test_the_working_directory_does_not_matter(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ids(session(place))
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert ids(session(place)) == before


def test_damaged_images_found_by_a_run_change_its_plan_once(
    place: Path, datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAYIELD_CACHE", str(place / "cache"))
    for name in ("03", "11", "29"):
        path = place / "pool" / f"{name}.png"
        path.write_bytes(path.read_bytes()[:40])
    few = STUDY.replace("[4, 8, 30], seed: [0, 1]", "[30], seed: [0]")
    (place / "few.yaml").write_text(few.replace("study: mine", "study: few"))
    command = (str(place / "few.yaml"), "--store", str(place / "store"))
    done = datayield("run", *command)
    assert done.code == 0
    assert "damaged images were found, which the plan had counted; planning again" in done.err
    again = datayield("run", *command)
    assert again.code == 0
    assert "nothing to do" in again.err
    remembered = place / "store/studies/few/data.json"
    remembered.write_text(remembered.read_text().replace('"images": 37', '"images": 36'))
    assert "36 -> 37" not in datayield("plan", *command).out  # nothing is left to affect
    assert session(place).listings[str(place / "pool"), "train"].images == 37


def test_estimates_rest_on_the_items_that_there_are(place: Path) -> None:
    opened = session(place)
    assert opened.item_counts() == {opened.study.evaluations[0].spec.id: (8, 8, 2)}
    few = STUDY.replace("dataset: ./task", "dataset: ./task, train_count: 4, test_count: 5")
    (place / "mine.yaml").write_text(few)
    assert list(session(place).item_counts().values()) == [(4, 5, 2)]
    one = STUDY.replace("dataset: ./task", "dataset: ./task, classes: [b]")
    (place / "mine.yaml").write_text(one)
    assert list(session(place).item_counts().values()) == [(4, 4, 1)]


def test_files_that_are_not_used_are_counted_once_per_split(place: Path, datayield: Call) -> None:
    (place / "pool" / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(500))
    (place / "pool" / "notes.txt").write_text("words")
    sliced = STUDY.replace("./task,", "./pool, train: 'train[:50%]', test: 'train[50%:]',")
    (place / "mine.yaml").write_text(sliced.replace("knn@1", "spectrum@1"))
    opened = session(place)
    assert sorted(note for note in opened.data_notes() if "ignored" in note) == [
        "pool train: ignored .txt files (notes.txt); .heic files, which pip install "
        '"datayield[heif]" reads (photo.heic)',
    ]
    told = datayield("plan", str(place / "mine.yaml"), "--store", str(place / "store"))
    assert 'pip install "datayield[heif]"' in " ".join(told.out.split())


def test_images_removed_between_the_plan_and_decoding_are_planned_again_once(
    place: Path, datayield: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATAYIELD_CACHE", str(place / "cache"))
    few = STUDY.replace("[4, 8, 30], seed: [0, 1]", "[30], seed: [0]")
    (place / "few.yaml").write_text(few.replace("study: mine", "study: few"))
    command = (str(place / "few.yaml"), "--store", str(place / "store"))
    removed, decode = iter((range(5), range(5, 10))), preflight._decode

    def meddled(plan: Plan, display: Display) -> None:
        for i in next(removed):
            (place / "pool" / f"{i:02}.png").unlink()
        decode(plan, display)

    monkeypatch.setattr(preflight, "_decode", meddled)
    done = datayield("run", *command)
    assert done.code == 1  # removed a second time
    assert "changed after they were planned; planning again" in done.err
    assert not list((place / "store").glob("runs/*/*.pt"))
    monkeypatch.setattr(preflight, "_decode", decode)
    assert datayield("run", *command).code == 0
