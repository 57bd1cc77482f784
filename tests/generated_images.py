"""Odd images made from a seed: `python -m tests.generated_images [--seed 0] [--no-run]`.

All of Pillow's modes and writers, damaged and truncated files, odd headers, names and files that
are no files. Each is decoded alone, and all together in one folder, on which a tiny study is then
run. It prints what became of them, and exits 1 on a traceback, on what takes over 10 s, where files
are not accounted for, and where pixels differ from the right ones.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np

from datayield.data.catalog import find
from datayield.data.decoded import prepare
from datayield.spec.errors import DataError
from tests.odd_images import SIDE, OddImage, every

LONGEST = 10.0  # seconds that decoding one image may take


class Fault(NamedTuple):
    """What must not be: a crash, a hang, files unaccounted for, or wrong pixels."""

    kind: str
    name: str
    what: str


class Tally:
    """What became of files: (used, skipped or ignored, and why) -> how many; and the faults."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.faults: list[Fault] = []

    @contextmanager
    def watched(self, name: str, longest: float = LONGEST) -> Iterator[None]:
        """Record a crash or a hang of the block, and go on."""
        began = time.monotonic()
        try:
            yield
        except Exception:
            self.faults.append(Fault("traceback", name, traceback.format_exc()))
        if (took := time.monotonic() - began) > longest:
            self.faults.append(Fault("hang", name, f"{took:.1f} s"))


def write(odd: Iterable[OddImage], folder: Path) -> None:
    """Files below `folder`, by their names."""
    for each in odd:
        path = folder / each.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each.data)


def write_no_files(folder: Path) -> int:
    """Things with the names of images that are no readable files. Returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / "pipe.jpg")
    with suppress(OSError), socket.socket(socket.AF_UNIX) as bound:  # names over 107 bytes
        bound.bind(os.path.relpath(folder / "socket.jpg"))
    (folder / "itself.jpg").symlink_to("itself.jpg")
    (folder / "one.jpg").symlink_to("other.jpg")
    (folder / "other.jpg").symlink_to("one.jpg")
    (folder / "absent.jpg").symlink_to("/nowhere/x.jpg")
    (folder / "zero.jpg").symlink_to("/dev/zero")
    (folder / "folder.jpg").mkdir()
    (folder / "unread.jpg").symlink_to("/proc/self/mem")  # an input/output error
    (folder / "pipe-link.jpg").symlink_to("pipe.jpg")
    with (folder / "sparse.jpg").open("wb") as file:
        file.truncate(5 << 30)
    return sum(1 for _ in folder.iterdir())


def right_pixels(odd: OddImage, white: int) -> np.ndarray | None:
    """What an image must look like where 16-bit grey is scaled by `white`."""
    if odd.grey is not None:
        grey = np.rint(odd.grey * (255 / white))
        return np.repeat(grey[..., None], 3, axis=2)
    return odd.expected


def check_pixels(odd: OddImage, pixels: np.ndarray, white: int, tally: Tally, where: str) -> None:
    """Compare decoded pixels [SIDE, SIDE, 3] with the right ones."""
    right = right_pixels(odd, white)
    if right is None:
        return
    worst = np.abs(pixels.astype(int) - right).max()
    if worst > odd.tolerance:
        tally.faults.append(Fault("pixels", odd.name, f"{where}: differ by up to {worst:g}"))


def alone(odd: list[OddImage], root: Path) -> Tally:
    """Each image as the only one of a dataset."""
    tally = Tally()
    for i, each in enumerate(odd):
        folder = root / f"{i:04}"
        write([each], folder)
        with tally.watched(each.name):
            try:
                arrays = prepare(str(folder), "train", SIDE, workers=1)
            except DataError as error:
                tally.outcomes[_refused(error)] += 1
                if right_pixels(each, 255) is not None and "no images" not in str(error):
                    tally.faults.append(Fault("pixels", each.name, f"not used: {error}"))
                continue
            tally.outcomes["used", ""] += 1
            check_pixels(each, arrays.images[0], arrays.white, tally, "alone")
    return tally


def _refused(error: DataError) -> tuple[str, str]:
    text = str(error).splitlines()[0]
    kind = "ignored" if "no images" in text else "skipped"
    return kind, "" if kind == "ignored" else _reason(text.rpartition(": ")[2])


def _reason(text: str) -> str:
    """A reason without the numbers and names of one file."""
    words = [w for w in text.split() if not any(c in w for c in "0123456789'\"/")]
    return " ".join(words[:8])


def together(odd: list[OddImage], folder: Path, others: int) -> Tally:
    """All images as one dataset, with `others` entries that are no files."""
    tally = Tally()
    with tally.watched("all together", 300):
        arrays = prepare(str(folder), "train", SIDE, workers=1)
        census = find(str(folder), "train").census
        tally.outcomes["used", ""] = len(arrays)
        for item in arrays.skipped:
            tally.outcomes["skipped", _reason(item.reason)] += 1
        for kind in ("skipped", "ignored"):
            for why, names in getattr(census, kind).items():
                tally.outcomes[kind, why] += names.number
        accounted = sum(tally.outcomes.values())
        if accounted != len(odd) + others:
            said = f"{len(odd) + others} files, {accounted} accounted for"
            tally.faults.append(Fault("N", "all together", said))
        if arrays.white != 65535:
            tally.faults.append(Fault("pixels", "all together", f"white is {arrays.white}"))
        source = find(str(folder), "train")
        lost = {item.name for item in arrays.skipped}
        used = [n for n in map(source.names, range(len(source))) if _shown(n) not in lost]
        of = {each.name: each for each in odd}
        if len(used) != len(arrays):
            tally.faults.append(Fault("N", "all together", "names of skipped images are unclear"))
            return tally
        for i, name in enumerate(used):
            if name in of:
                check_pixels(of[name], arrays.images[i], arrays.white, tally, "together")
        for note in [*census.lines(), *arrays.notes()]:
            note.encode("utf-8")
    return tally


def _shown(name: str) -> str:
    from datayield.data.census import printable

    return printable(name)


def study(folder: Path, root: Path) -> list[Fault]:
    """Run a tiny study over the folder, as a person would; faults and nothing else."""
    (root / "odd.yaml").write_text(
        f"""study: odd
base:
  data: {{dataset: {folder}, size: {SIDE}}}
  encoder: {{name: convnet, size: {SIDE}, width: 4}}
  views: {{recipe: mild, size: {SIDE}}}
  method: {{name: simclr, projector: [8, 8]}}
  optim: {{lr: 0.001}}
  batch: 20
  budget: {{images: 60}}
axes: {{seed: [0]}}
evaluations:
  - {{name: digit, protocol: knn@1, dataset: digits, label: digit, size: {SIDE},
      train_count: 60, test_count: 60}}
"""
    )
    faults = []
    for verb in ("plan", "run", "plan", "report", "doctor --data"):
        asked = [*verb.split(), *(() if "doctor" in verb else ("odd.yaml",))]
        command = [sys.executable, "-m", "datayield", *asked]
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=280, check=False)
        text = (done.stdout + done.stderr).decode(errors="replace")
        if done.returncode or "Traceback" in text:
            faults.append(Fault("traceback", f"datayield {verb}", text[-3000:]))
        elif verb in ("plan", "run"):
            sys.stdout.write(f"--- datayield {verb}\n{text}")
    return faults


def printed(title: str, tally: Tally) -> None:
    """A table of what became of the files, and the faults."""
    sys.stdout.write(f"--- {title}\n")
    for (kind, why), count in sorted(tally.outcomes.items(), key=lambda i: (i[0][0], -i[1])):
        sys.stdout.write(f"{count:5}  {kind:8} {why}\n")
    for fault in tally.faults:
        sys.stdout.write(f"FAULT {fault.kind}: {fault.name!a}: {fault.what}\n")


@contextmanager
def own_cache(root: Path) -> Iterator[None]:
    """Store and cache below `root`."""
    own = {"DATAYIELD_STORE": str(root / "store"), "DATAYIELD_CACHE": str(root / "cache")}
    with mock.patch.dict(os.environ, own):
        yield


def main() -> int:
    """Decode them alone and together, run a study, print the table; 1 where there is a fault."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-run", action="store_true", help="run no study")
    asked = parser.parse_args()
    odd = every(asked.seed)
    with tempfile.TemporaryDirectory() as name, own_cache(Path(name)):
        root = Path(name)
        one = alone(odd, root / "alone")
        write(odd, root / "all")
        all_of = together(odd, root / "all", write_no_files(root / "all" / "no-files"))
        if not asked.no_run:
            all_of.faults += study(root / "all", root)
        printed("each alone", one)
        printed("all together", all_of)
    faults = Counter(fault.kind for fault in one.faults + all_of.faults)
    told = ", ".join(f"{faults[kind]} {kind}" for kind in ("traceback", "hang", "N", "pixels"))
    right = sum(right_pixels(each, 255) is not None for each in odd)
    sys.stdout.write(f"{len(odd)} files, {right} with a right answer; faults: {told}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
