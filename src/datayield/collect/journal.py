"""A hidden file of one line per finished image: whoever is killed resumes from it.

A line is written when its image is in place, so at most the images in progress are asked for again.
"""

import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

from datayield.collect.asked_again import NOTHING, AskedAgain
from datayield.collect.record import ImageRecord, record_of
from datayield.spec.atomic_files import cannot_write, write_bytes
from datayield.spec.errors import ConfigError, DamagedFileError

NAME = ".journal.jsonl"
VERSION = 1
Kind = Literal["web", "synthetic"]


class Journal:
    """The records of a collection by key, and the file that they are appended to.

    `settings`: what must stay the same for the images to be of one kind. Raises ConfigError for a
    folder that holds something else, or images that were made with other settings. Nothing is
    written before a session.
    """

    def __init__(self, folder: Path, kind: Kind, settings: Mapping[str, Any]) -> None:
        self.folder, self.path = folder, folder / NAME
        self.records: dict[str, ImageRecord] = {}
        self.sessions: list[list[float]] = []  # of each: when it began and when it was last alive
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._begins_with: bytes | None = None  # what the file has to hold before it is added to
        head = {"collection": kind, "version": VERSION, "settings": dict(settings)}
        if self.path.exists():
            self._read(head)
        else:
            self._check_folder()
            self._begins_with = _line(head)

    @contextmanager
    def session(self) -> Iterator[None]:
        """Append for the block, and note how long it took. Raises StoreError where it cannot."""
        if self._begins_with is not None:
            write_bytes(self.path, self._begins_with)
            self._begins_with = None
        now = time.time()
        self.sessions.append([now, now])
        try:
            self._file = self.path.open("ab")
        except OSError as error:
            raise cannot_write(self.path, error) from error
        try:
            self._append({"began": now})
            yield
            self.sessions[-1][1] = time.time()
            self._append({"ended": self.sessions[-1][1]})
        finally:
            self._file.close()
            self._file = None

    def add(self, record: ImageRecord) -> ImageRecord:
        """Append a record, stamped with the time. Safe to call from several threads."""
        with self._lock:
            stamped = replace(record, time=round(time.time(), 3))
            self._append(stamped.line())
            self.records[record.key] = stamped
            self.sessions[-1][1] = stamped.time
        return stamped

    def is_pending(self, key: str, again: AskedAgain = NOTHING) -> bool:
        """Whether an image is to be asked for: it was not tried, or is asked for `again`."""
        record = self.records.get(key)
        return record is None or again.asks(record)

    @property
    def seconds(self) -> float:
        """The wall time of all sessions, as far as they are known."""
        return sum(last - began for began, last in self.sessions)

    def _append(self, line: Mapping[str, Any]) -> None:
        assert self._file is not None, "append within a session"
        try:
            self._file.write(_line(line))
            self._file.flush()
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def _check_folder(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise ConfigError(
                "a file, not a folder", where="FOLDER", got=self.folder, hint="name a new folder"
            )
        others = sorted(os.listdir(self.folder)) if self.folder.exists() else []  # noqa: PTH208
        others = [name for name in others if name != "lock.json"]
        if others:
            raise ConfigError(
                "the folder holds files that were not collected",
                where="FOLDER",
                got=f"{self.folder}: {', '.join(others[:3])}",
                hint="name a new folder, or one that an earlier collection made",
            )

    def _read(self, head: Mapping[str, Any]) -> None:
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        lines = list(_lines(whole.splitlines()))
        if not lines or not isinstance(lines[0], dict) or "collection" not in lines[0]:
            raise DamagedFileError(
                "the record of this collection cannot be read",
                where=str(self.path),
                hint="name a new folder; the images in this one stay as they are",
            )
        if not any(map(record_of, lines[1:])):  # nothing was collected with other settings
            self._begins_with = _line(head)
            return
        self._check(lines[0], head)
        if whole != data:  # a line that was being written when the process was killed
            self._begins_with = whole
        for line in lines[1:]:
            self._note(line)
        for key, record in self.records.items():
            if record.file and record.kept and not (self.folder / record.file).exists():
                self.records[key] = replace(record, fate="removed")

    def _note(self, line: object) -> None:
        record = record_of(line)
        if record is not None:
            self.records[record.key] = record
            if self.sessions:
                self.sessions[-1][1] = max(self.sessions[-1][1], record.time)
        elif isinstance(line, dict) and "began" in line:
            self.sessions.append([line["began"], line["began"]])
        elif isinstance(line, dict) and "ended" in line and self.sessions:
            self.sessions[-1][1] = line["ended"]

    def _check(self, before: Mapping[str, Any], head: Mapping[str, Any]) -> None:
        if before["collection"] != head["collection"]:
            raise ConfigError(
                "the folder holds a collection of another kind",
                where=f"FOLDER: {self.folder}",
                got=head["collection"],
                allowed=[before["collection"]],
                hint="name another folder",
            )
        old, new = before.get("settings", {}), head["settings"]
        changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if changed:
            raise ConfigError(
                "the folder holds images that were collected with other settings",
                where=f"FOLDER: {self.folder}",
                got=", ".join(f"{name}: {new.get(name)}" for name in changed),
                allowed=", ".join(f"{name}: {old.get(name)}" for name in changed),
                hint="use the same settings, or name another folder",
            )


def _line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"


def _lines(raw: Iterable[bytes]) -> Iterable[object]:
    """The JSON of each line; a line that is none is as if it had not been written."""
    for each in raw:
        try:
            yield json.loads(each)
        except ValueError:
            continue
