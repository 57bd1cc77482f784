"""A folder is resumed where it is the same collection, and refused where it is not."""

from pathlib import Path

import pytest

from datayield.collect import AskedAgain, Journal, collection_of
from datayield.collect.record import ImageRecord
from datayield.spec.errors import ConfigError, DamagedFileError


def test_seconds_are_those_of_all_sessions(tmp_path: Path) -> None:
    path = tmp_path / "out/.journal.jsonl"
    path.parent.mkdir()
    path.write_text(
        '{"collection": "web", "version": 1, "settings": {}}\n'
        '{"began": 100.0}\n'
        '{"key": "a", "fate": "gone", "bytes": 10, "time": 107.0}\n'  # then it was killed
        '{"began": 500.0}\n'
        '{"key": "b", "fate": "gone", "bytes": 20, "time": 501.0}\n'
        "not JSON\n"
        '{"ended": 503.0}\n'
        '{"key": "c", "fate": "go'
    )
    journal = Journal(path.parent, "web", {})
    assert journal.seconds == 10.0
    assert set(journal.records) == {"a", "b"}
    before = path.read_text()
    assert before.endswith("go")  # nothing is written before a session
    with journal.session():
        assert path.read_text().startswith(before.removesuffix('{"key": "c", "fate": "go'))
    assert "go" not in path.read_text().splitlines()[-3]
    journal.sessions.pop()
    made = collection_of(journal, frozenset("abc"), per_hour=9.0)
    assert (made.pending, made.bytes, made.image_price) == (1, 30, None)


def test_the_price_of_an_image_counts_all_that_was_spent(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "web", {})
    (tmp_path / "a.jpg").touch()
    with journal.session():
        journal.add(ImageRecord("a", "kept", file="a.jpg", bytes=100, license="CC0"))
        journal.add(ImageRecord("b", "gone", bytes=50))
    journal.sessions = [[0.0, 3600.0], [5000.0, 8600.0]]
    made = collection_of(journal, frozenset("ab"), per_hour=1.5)
    assert made.image_price == 3.0
    assert made.structure()["prices"] == {"image": 3.0}
    assert made.structure()["per_kept_image"] == {"seconds": 7200.0, "bytes": 150.0}
    assert "in a study: prices: {image: 3}" in made.lines()
    assert "licences: CC0 1" in made.lines()


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("synthetic", {"size": 32}, "of another kind"),
        ("web", {"size": 64}, "with other settings"),
    ],
)
def test_another_collection_is_refused(
    tmp_path: Path, kind: str, settings: dict[str, int], said: str
) -> None:
    with Journal(tmp_path, "web", {"size": 16}).session():
        pass
    journal = Journal(tmp_path, "web", {"size": 32})  # nothing was collected at 16
    with journal.session():
        journal.add(ImageRecord("a", "gone"))
    with pytest.raises(ConfigError, match=said):
        Journal(tmp_path, kind, settings)  # type: ignore[arg-type]
    assert set(Journal(tmp_path, "web", {"size": 32}).records) == {"a"}


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").touch()
    with pytest.raises(ConfigError, match="holds files that were not collected\n  where:   FOLDER"):
        Journal(tmp_path, "web", {})
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="a file, not a folder"):
        Journal(tmp_path / "file", "web", {})
    (tmp_path / "out").mkdir()
    (tmp_path / "out/.journal.jsonl").write_text("nonsense\n")
    with pytest.raises(DamagedFileError, match="cannot be read"):
        Journal(tmp_path / "out", "web", {})


@pytest.mark.parametrize(
    ("record", "refused_still", "asked_now"),
    [
        (ImageRecord("a", "private address"), AskedAgain(True), AskedAgain(allow_private=True)),
        (ImageRecord("a", "too large", least_bytes=9), AskedAgain(max_bytes=8),
         AskedAgain(max_bytes=9)),
        (ImageRecord("a", "forbidden", agent="x"), AskedAgain(True, agent="x"),
         AskedAgain(agent="y")),
        (ImageRecord("a", "timeout"), AskedAgain(allow_private=True), AskedAgain(retry=True)),
    ],
)  # fmt: skip
def test_what_an_option_refused_is_asked_for_where_it_no_longer_does(
    tmp_path: Path, record: ImageRecord, refused_still: AskedAgain, asked_now: AskedAgain
) -> None:
    journal = Journal(tmp_path, "web", {})
    with journal.session():
        journal.add(record)
    assert not journal.is_pending("a")
    assert not journal.is_pending("a", refused_still)
    assert journal.is_pending("a", asked_now)


def test_an_image_with_too_many_pixels_is_not_asked_for_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "web", {})
    with journal.session():
        journal.add(ImageRecord("a", "too large", detail="20000 x 20000 pixels"))
    assert not journal.is_pending("a", AskedAgain(True, True, 10**12, "me"))
