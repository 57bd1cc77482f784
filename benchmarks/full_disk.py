"""Run a tiny real study on disks that are too small, read-only or vanish, then give them room.

    sudo python benchmarks/full_disk.py [--place store cache] [--kinds size inodes ...]

For store and cache separately: 20 sizes from 16 KiB to just below what the study needs, numbers of
files below that, a disk that is read-only from the start or from a file operation on, one that is
unmounted at a file operation, and a folder that is removed at one. Each time the study runs until
it stops; then the disk is given back with room and all that it held, and the same command runs
again. A cache that went may stay away once nothing needs it. Prints a line of JSON per place: exit
codes of the first attempts, and the number of tracebacks, of messages that do not say where or what
to do next, of refusals that `plan` does not know, of finished files that were made again, and of
files that are lost, left over or differ from an undisturbed run in the end. Exit code 1 where one
of these is not 0. Linux, as root.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

from attempts import Attempt, Disturbance, attempt
from limited_disk import ENOUGH, LimitedDisk, private_mounts
from tiny_study import differences, outcome, prepared, warm_up

PLACES = ("store", "cache")
KINDS = ("size", "inodes", "read-only", "protected", "unmounted", "removed")
SMALLEST, SIZES = 16 << 10, 20
PLAN = ("plan", "tiny.yaml", "--device", "cpu")
WRONG = (
    "tracebacks", "unclear", "unlike_plan", "redone", "failed_ends", "lost", "left_over",
    "differing",
)  # fmt: skip


class Case(NamedTuple):
    """A disk at the place: of `value` bytes or files, or gone at operation number `value`."""

    place: str
    kind: str
    value: int

    @property
    def options(self) -> str:
        """Of the mount."""
        name = {"size": "size", "inodes": "nr_inodes"}.get(self.kind)
        return ENOUGH if name is None else f"{name}={self.value}"

    @property
    def in_the_middle(self) -> bool:
        """Whether it is a good disk at first."""
        return self.kind in ("protected", "unmounted", "removed")


class Whole(NamedTuple):
    """An undisturbed run: what it left, and what it took."""

    files: dict[str, bytes]
    operations: int
    used: dict[str, tuple[int, int]]  # place -> bytes and files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--place", nargs="+", choices=PLACES, default=PLACES)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--count", type=int, default=SIZES, help="cases of each kind")
    asked = parser.parse_args()
    if problem := private_mounts():
        raise SystemExit(problem)
    wrong = False
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        warm_up()
        whole = undisturbed(Path(folder) / "whole")
        for place in asked.place:
            began, totals, codes, message = time.monotonic(), Counter[str](), Counter[str](), ""
            for case in cases(place, whole, asked.kinds, asked.count):
                totals[case.kind] += 1
                code, said = tried(case, Path(folder) / "small", whole, totals)
                codes[str(code)] += 1
                message = said if code and case.kind == asked.kinds[0] else message
            told = {kind: totals[kind] for kind in (*asked.kinds, *WRONG)}
            seconds = round(time.monotonic() - began, 1)
            line = {"place": place, **told, "codes": dict(sorted(codes.items()))}
            print(json.dumps({**line, "seconds": seconds, "message": message}), flush=True)
            wrong |= any(totals[name] for name in WRONG)
    sys.exit(int(wrong))


def undisturbed(folder: Path) -> Whole:
    """Run the study on large disks."""
    prepared(folder)
    disks = {place: LimitedDisk(folder / place, ENOUGH) for place in PLACES}
    first = attempt(folder)
    if first.code != 0:
        raise SystemExit((folder / "output").read_text())
    used = {place: disk.used() for place, disk in disks.items()}
    whole = Whole(outcome(folder), first.operations, used)
    for disk in disks.values():
        disk.remove()
    return whole


def cases(place: str, whole: Whole, kinds: list[str], count: int) -> Iterator[Case]:
    """Small disks, evenly on a logarithmic scale, and moments, evenly over the run."""
    size, files = whole.used[place]
    page = os.sysconf("SC_PAGE_SIZE")
    for kind in kinds:
        if kind == "read-only":
            yield Case(place, kind, 0)
            continue
        for i in range(count):
            share = i / max(1, count - 1)
            value = {
                "size": SMALLEST * ((size - page) / SMALLEST) ** share // page * page,
                "inodes": 1 + share * (files - 2),
            }.get(kind, 1 + (i + 0.5) / count * whole.operations)
            yield Case(place, kind, int(value))


def tried(case: Case, folder: Path, whole: Whole, totals: Counter[str]) -> tuple[int, str]:
    """The exit code and the message of the first attempt; what is wrong is added to `totals`."""
    prepared(folder)
    plain = case.kind == "removed"
    disk = None if plain else LimitedDisk(folder / case.place, case.options)
    if disk is not None and case.kind == "read-only":
        disk.protect()
    found = Counter[str]()
    try:
        planned = None if case.in_the_middle else attempt(folder, PLAN).code
        (folder / "output").write_bytes(b"")
        first = attempt(folder, disturbance=_disturbance(case, folder, disk))
        said = (folder / "output").read_text(errors="replace")
        if disk is not None and case.kind == "unmounted":
            begun = disk.holds("runs")  # else it was gone before there was a store
            found["left_over"] += not _nothing_below(disk) and begun
        if disk is not None:
            disk.give_room()
        finished = _finished(folder)
        _judge_first(case, folder, first, planned, said, found)
        again = attempt(folder)
        found["failed_ends"] += again.code != 0
        found["redone"] += sum(_finished(folder).get(name) != at for name, at in finished.items())
        files = outcome(folder)
        missing = differences(whole.files, files)
        if case.place == "cache" and case.kind in ("unmounted", "removed"):
            missing["lost"] = [name for name in missing["lost"] if not name.startswith("cache/")]
        for kind, names in missing.items():
            found[kind] += len(names)
        both = (folder / "output").read_text(errors="replace")
        found["tracebacks"] += both.count("Traceback") + both.count("Exception ignored")
        if any(found[name] for name in WRONG):
            print(f"{case}: {dict(+found)}, {missing}, plan {planned}\n{both}\n", file=sys.stderr)
        totals.update(found)
        return first.code, said[said.find("error:") if "error:" in said else 0 :].strip()
    finally:
        if disk is not None:
            disk.remove()


def _judge_first(
    case: Case, folder: Path, first: Attempt, planned: int | None, said: str, found: Counter[str]
) -> None:
    """Whether the exit code is right, and the message says where, how much is free, what next."""
    if first.code == 0:
        return
    place = str(folder / case.place)
    clear = first.code in (1, 2) and place in said and "next:" in said
    clear &= case.kind not in ("size", "inodes") or "free" in said
    found["unclear"] += not clear
    found["unlike_plan"] += planned is not None and (planned == 2) != (first.code == 2)


def _disturbance(case: Case, folder: Path, disk: LimitedDisk | None) -> Disturbance | None:
    """What happens to the disk at a file operation; done once it succeeds."""
    if not case.in_the_middle:
        return None
    acts: dict[str, Callable[[], bool]] = {"removed": lambda: _removed(folder / case.place)}
    if disk is not None:
        acts |= {"protected": disk.protect, "unmounted": disk.detach}
    act = acts[case.kind]
    return Disturbance(case.value, lambda _: act())


def _removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _nothing_below(disk: LimitedDisk) -> bool:
    """Mount the disk again; whether nothing was written to the empty folder meanwhile."""
    if os.path.ismount(disk.path):  # it ended before
        return True
    written = sorted(path.name for path in disk.path.rglob("*"))
    shutil.rmtree(disk.path)
    disk.path.mkdir()
    disk.attach()
    return not written


def _finished(folder: Path) -> dict[str, tuple[int, int]]:
    """Finished runs and evaluations -> inode and time of their records."""
    records = [*folder.glob("store/runs/*/spent.json"), *folder.glob("store/runs/*/evals/*.json")]
    stats = {path.relative_to(folder).as_posix(): path.stat() for path in records}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}


if __name__ == "__main__":
    main()
