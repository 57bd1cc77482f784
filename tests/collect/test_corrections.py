"""A class that a list corrects is applied to the image that was collected before."""

from pathlib import Path

from datayield.collect import Address, Journal, collection_of, correct, corrections
from datayield.collect.record import ImageRecord
from datayield.collect.tables import write_tables
from datayield.data.dataset_report import dataset_report
from tests.data.made import png

CAT, DOG = Address("https://a.org/1", "cat", "CC0"), Address("https://a.org/2", "dog")


def collected(folder: Path) -> Journal:
    """Two images, and a copy of the first."""
    journal = Journal(folder, "web", {})
    with journal.session():
        for i, each in enumerate((CAT, DOG)):
            file = f"images/{each.label}/{each.key}.png"
            (folder / file).parent.mkdir(parents=True)
            (folder / file).write_bytes(png(i))
            journal.add(ImageRecord(each.key, "kept", file=file, label=each.label))
        first = journal.records[CAT.key].file
        journal.add(ImageRecord("copy", "duplicate", label="cat", detail=f"of {first}"))
    return journal


def apply(journal: Journal, *addresses: Address) -> int:
    changed = corrections(journal.records, {each.key: each.told for each in addresses})
    with journal.session():
        correct(journal, changed)
    return len(changed)


def test_the_image_moves_and_the_tables_follow(tmp_path: Path) -> None:
    journal = collected(tmp_path)
    assert apply(journal, CAT._replace(label="lynx/bobcat"), DOG) == 1
    again = Journal(tmp_path, "web", {})
    record = again.records[CAT.key]
    assert (record.fate, record.label, record.license) == ("kept", "lynx/bobcat", "CC0")
    assert record.file is not None
    assert record.file.startswith("images/lynx_bobcat-")
    assert (tmp_path / record.file).read_bytes() == png(0)
    assert not (tmp_path / "images/cat").exists()
    assert again.records["copy"].detail == f"of {record.file}"
    write_tables(tmp_path, again.records.values(), collection_of(again, frozenset()))
    (split,) = dataset_report(str(tmp_path)).splits
    assert "class: 2 classes: dog 1, lynx/bobcat 1" in split.lines()


def test_a_list_that_says_nothing_corrects_nothing(tmp_path: Path) -> None:
    journal = collected(tmp_path)
    assert apply(journal, Address(CAT.url), DOG, Address("https://a.org/3", "new")) == 0


def test_a_move_that_was_cut_short_is_completed(tmp_path: Path) -> None:
    journal = collected(tmp_path)
    file = journal.records[CAT.key].file or ""
    (tmp_path / "images/lynx").mkdir()
    (tmp_path / file).rename(tmp_path / file.replace("cat", "lynx"))
    again = Journal(tmp_path, "web", {})
    assert again.records[CAT.key].fate == "removed"
    apply(again, CAT._replace(label="lynx"))
    assert again.records[CAT.key].kept


def test_an_image_that_was_deleted_stays_away(tmp_path: Path) -> None:
    journal = collected(tmp_path)
    (tmp_path / (journal.records[CAT.key].file or "")).unlink()
    again = Journal(tmp_path, "web", {})
    apply(again, CAT._replace(label="lynx"))
    assert (again.records[CAT.key].fate, again.records[CAT.key].label) == ("removed", "lynx")
