"""Downloads from a server with every fault: each image has its fate, and nothing hangs."""

import csv
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("protego", reason="pip install 'datayield[collect]'")

from datayield.collect import Address, AskedAgain, Journal, collection_of
from datayield.collect.fetch import Limits
from datayield.collect.record import ImageRecord
from datayield.collect.tables import write_tables
from datayield.collect.web import WebSettings, collect_web
from datayield.data.dataset_report import dataset_report
from tests.collect.faulty_server import FATES, _Server, faulty_server, jpeg

QUICK = WebSettings(
    size=32,
    least=8,
    per_second=1000,
    at_once=16,
    back_off=0.02,
    allow_private=True,
    limits=Limits(200_000, connect=0.4, read=0.3, total=0.5),
)
RETRY = AskedAgain(retry=True)


@pytest.fixture
def server() -> Iterator[_Server]:
    with faulty_server() as running:
        yield running


def addresses(url: str, *kinds: str, each: int = 1) -> list[Address]:
    """Of every kind `each`, no two alike; classes cat and dog, every third without a licence."""
    numbers = iter(range(1, 10**6))
    return [
        Address(f"{url}/{kind}/{n}", ("cat", "dog")[n % 2], "CC BY 4.0" if n % 3 else None)
        for kind in kinds
        for n in (next(numbers) for _ in range(each))
    ]


def collect(
    wanted: list[Address], folder: Path, settings: WebSettings = QUICK
) -> dict[str, ImageRecord]:
    """The record of each address."""
    journal = Journal(folder, "web", {})
    with journal.session():
        collect_web(wanted, folder, journal, settings, threading.Event())
    keys = frozenset(each.key for each in wanted)
    write_tables(folder, journal.records.values(), collection_of(journal, keys))
    return {each.url: journal.records[each.key] for each in wanted}


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_answer_has_its_fate(server: _Server, tmp_path: Path) -> None:
    kinds = {kind: fate for kind, fate in FATES.items() if fate != "timeout"}
    wanted = addresses(server.url, *kinds)
    wanted += [Address(url) for url in ("ftp://example.org/1.jpg", "no address", "http://[::1")]
    wanted += [Address(f"{server.url}/image/1.secret"), Address("http://127.0.0.1:9/1.jpg")]
    patient = replace(QUICK, limits=Limits(200_000))  # a busy machine answers late
    records = collect(wanted, tmp_path / "web", patient)
    told = {url.split("/")[3]: r.fate for url, r in list(records.items())[: len(kinds)]}
    assert told == kinds | {"copy": "kept"}  # there is nothing that it is a copy of
    fates = [records[each.url].fate for each in wanted[len(kinds) :]]
    assert fates == ["invalid address"] * 3 + ["refused by robots", "unreachable"]
    private = wanted[list(kinds).index("private")].url.removeprefix(server.url)
    assert server.asked[private] == server.asked["/image/1.secret"] == 0
    assert server.asked["/robots.txt"] == 1
    attempts = {kind: n for path, n in server.asked.items() if (kind := path.split("/")[1])}
    assert attempts["error"] == attempts["cut"] == QUICK.attempts
    assert attempts["gone"] == attempts["busy"] == attempts["page"] == 1
    assert attempts["limited"] == attempts["flaky"] == 2


def test_nothing_hangs(server: _Server, tmp_path: Path) -> None:
    hanging = [kind for kind, fate in FATES.items() if fate == "timeout"]
    wanted = addresses(server.url, *hanging, "endless", "image")
    began = time.monotonic()
    records = collect(wanted, tmp_path / "web")
    assert time.monotonic() - began < 10
    told = [records[each.url].fate for each in wanted]
    assert told == ["timeout"] * len(hanging) + ["too large", "kept"]
    assert server.asked[wanted[hanging.index("slow")].url.removeprefix(server.url)] == 3


def test_the_dataset_says_where_its_images_are_from(server: _Server, tmp_path: Path) -> None:
    wanted = addresses(server.url, "image", "gone", each=6)
    records = collect(wanted, tmp_path / "web")
    rows = read_rows(tmp_path / "web/provenance.csv")
    assert len(rows) == 6
    by_url = {row["url"]: row for row in rows}
    for each in wanted[:6]:
        row, record = by_url[each.url], records[each.url]
        assert row["class"] == each.label
        assert row["license"] == (each.license or "")
        assert row["source"] == "127.0.0.1"
        assert (tmp_path / "web" / row["file"]).is_file()
        assert (row["original_width"], row["original_height"]) == ("60", "40")
        assert (row["width"], row["height"]) == ("48", "32")
        assert int(row["bytes"]) == record.bytes > 0
        assert len(row["sha256"]) == len(row["pixels_sha256"]) == 64
    failed = read_rows(tmp_path / "web/not_collected.csv")
    assert Counter(row["fate"] for row in failed) == {"gone": 6}
    report = dataset_report(str(tmp_path / "web"))
    (split,) = report.splits
    assert split.lines() == [
        "6 images",
        "class: 2 classes: cat 3, dog 3",
        "label: 2 classes: cat 3, dog 3",
        "sources: 127.0.0.1 6; licences: CC BY 4.0 4, unknown 2",
    ]
    assert split.structure()["origins"] == {
        "source": {"127.0.0.1": 6},
        "license": {"CC BY 4.0": 4, "unknown": 2},
    }


def test_copies_are_kept_once(server: _Server, tmp_path: Path) -> None:
    records = collect(addresses(server.url, "copy", each=5), tmp_path / "web")
    assert Counter(record.fate for record in records.values()) == {"kept": 1, "duplicate": 4}
    (kept,) = (record for record in records.values() if record.kept)
    copies = [record for record in records.values() if not record.kept]
    assert {record.detail for record in copies} == {f"of {kept.file}"}
    assert len(list((tmp_path / "web/images").rglob("*.jpg"))) == 1


def test_a_stopped_collection_resumes(server: _Server, tmp_path: Path) -> None:
    wanted, folder = addresses(server.url, "image", each=30), tmp_path / "web"
    journal, stop = Journal(folder, "web", {}), threading.Event()

    def progress(done: int) -> None:
        if done >= 5:
            stop.set()

    slow = replace(QUICK, per_second=60, workers=2)
    with journal.session():
        collect_web(wanted, folder, journal, slow, stop, progress)
    done = set(journal.records)
    assert 5 <= len(done) < 30
    with (folder / ".journal.jsonl").open("ab") as file:
        file.write(b'{"key": "torn')
    again = Journal(folder, "web", {})
    assert set(again.records) == done
    left = [each for each in wanted if again.is_pending(each.key)]
    with again.session():
        collect_web(left, folder, again, QUICK, threading.Event())
    assert len(again.records) == 30
    assert max(n for path, n in server.asked.items() if path != "/robots.txt") == 1
    assert len(again.sessions) == 2


def test_only_what_may_pass_is_asked_for_again(server: _Server, tmp_path: Path) -> None:
    wanted = addresses(server.url, "image", "gone", "error", "slow")
    records = collect(wanted, tmp_path / "web")
    journal = Journal(tmp_path / "web", "web", {})
    assert not any(journal.is_pending(each.key) for each in wanted)
    again = [each.url for each in wanted if journal.is_pending(each.key, RETRY)]
    assert [records[url].fate for url in again] == ["server error", "timeout"]


def test_an_image_that_was_deleted_stays_away(server: _Server, tmp_path: Path) -> None:
    (record,) = collect(addresses(server.url, "image"), tmp_path / "web").values()
    assert record.file is not None
    (tmp_path / "web" / record.file).unlink()
    journal = Journal(tmp_path / "web", "web", {})
    assert journal.records[record.key].fate == "removed"
    assert not journal.is_pending(record.key, RETRY)


def test_details_are_plain_words(server: _Server, tmp_path: Path) -> None:
    kinds = ("slow", "cut", "reset", "garbage", "cut_chunks")
    wanted = addresses(server.url, *kinds) + [
        Address("http://127.0.0.1:9/1.jpg"),
        Address("http://no.invalid/1.jpg"),
        Address(server.url.replace("http", "https") + "/image/1"),
    ]
    records = collect(wanted, tmp_path / "web", replace(QUICK, attempts=1))
    told = [(record.detail or "").partition(" before")[0] for record in records.values()]
    assert told[:6] == [
        "no answer within the time limit",
        f"connection closed after 100 bytes, {len(jpeg(2)) - 100:,}",
        "connection closed without an answer",
        "not an HTTP answer",
        "connection closed",
        "connection refused",
    ]
    assert told[6].startswith("host not found: ")
    assert told[7].startswith("no encrypted connection: ")
    text = (tmp_path / "web/not_collected.csv").read_text()
    assert not [word for word in ("Error", "HTTP(", "Pool", "(host", "('") if word in text]


def test_private_addresses_are_refused(server: _Server, tmp_path: Path) -> None:
    public = replace(QUICK, allow_private=False)
    wanted = [*addresses(server.url, "image"), Address("http://localhost:9/x.jpg")]
    records = collect(wanted, tmp_path / "web", public)
    assert {record.fate for record in records.values()} == {"private address"}
    assert not server.asked
    said = [record.detail for record in records.values()]
    assert said[0] == "127.0.0.1 is on this machine or its network"
    assert said[1] == "localhost (127.0.0.1) is on this machine or its network"


def test_a_host_that_never_answers_is_given_up(tmp_path: Path) -> None:
    wanted = [Address(f"http://127.0.0.1:9/{i}.jpg") for i in range(200)]
    records = collect(wanted, tmp_path / "web", replace(QUICK, back_off=0.5, workers=1))
    assert {record.fate for record in records.values()} == {"unreachable"}
    given_up = [r for r in records.values() if r.detail == "the host never answered"]
    assert len(given_up) > 150


def test_a_server_that_asks_for_patience_gets_it(tmp_path: Path) -> None:
    with faulty_server(b"User-agent: *\nCrawl-delay: 0.2\n") as server:
        began = time.monotonic()
        records = collect(addresses(server.url, "image", each=3), tmp_path / "web")
        assert {record.fate for record in records.values()} == {"kept"}
        assert time.monotonic() - began >= 0.4  # two pauses
    with faulty_server(b"User-agent: *\nCrawl-delay: 3600\n") as server:
        (record,) = collect(addresses(server.url, "image"), tmp_path / "slow").values()
        assert (record.fate, server.asked["/image/1"]) == ("refused by robots", 0)
