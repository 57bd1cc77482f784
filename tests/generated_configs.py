"""Odd studies made from a seed: `python -m tests.generated_configs [--count 450] [--seed 0]`.

Each is a valid study, changed in one or two places: wrong types, unknown keys, huge numbers, odd
text, deep nesting, repeated values, short forms. `plan` is called on each in this process. It
prints how many ended with which exit code and reason, and exits 1 on a traceback or a hang. `--run`
also runs those that `plan` accepts.
"""

import argparse
import contextlib
import copy
import io
import json
import os
import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

LONGEST = 5.0  # seconds that a plan may take

BASE: dict[str, Any] = {
    "study": "odd",
    "base": {
        "data": {"dataset": "digits", "size": 8, "count": 64},
        "encoder": {"name": "convnet", "size": 8, "width": 4},
        "views": {"recipe": "mild", "size": 8},
        "method": {"name": "simclr", "projector": [8, 8]},
        "optim": {"name": "adamw", "lr": 1e-3},
        "batch": 32,
        "budget": {"images": 64},
    },
    "recipes": {"barlow_twins": {"optim": {"lr": 2e-3}}},
    "axes": {"data.count": [32, 64], "seed": [0]},
    "evaluations": [
        {"name": "digit", "protocol": "knn@1", "dataset": "digits", "label": "digit", "size": 8,
         "train_count": 60, "test_count": 40},
    ],
    "scales": {"pocket": {}, "large": {"axes": {"data.count": [128]}}},
}  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 3.5, 1e-9, 2**31, 2**32, 2**63, 2**70, -(2**70), 1e30, 1e300,
    "", " ", "x", "a" * 300, "../../evil", "/etc", ".", "..", "~", "~nobody/x", "é漢😀", "a\tb",
    "no", "true", "1e3", "0x10", "1:30", "2024-01-01", "all", "25%", "0%", "101%", "-5%",
    "100 epochs", "3 minutes", "simclr", "resnet18", "vit_tiny", "timm/resnet18", "symmetric",
    "digits", "sprites", "sprites?n=-1", "./images", "./absent", "./file.txt", "knn@1",
    "vtab_mini@1", [], [[]], [None],
    [0, 0], [1, 2, 3], ["a", {"b": 1}], {}, {"": 1}, {"name": "x"}, {"name": None},
    {"name": ["x"]}, {"a": {"b": {"c": {"d": 1}}}}, {"epochs": 3}, {"minutes": 2}, {"images": "9"},
    {"epochs": -1}, {"parts": {"A": "digits", "B": {"dataset": "digits", "count": 5}}},
    {"parts": {}}, {"dataset": "digits", "count": "all"}, {"recipe": "mild"}, {"share": 0.5},
)  # fmt: skip
AXES: tuple[tuple[str, Any], ...] = (
    ("seed", [0, 1, 2]), ("seed", [0, 0]), ("seed", [-1]), ("seed", [2**32]), ("seed", "all"),
    ("method", ["simclr", "barlow_twins"]), ("method", [{"name": "simclr"}, "vicreg"]),
    ("method", [None]), ("method", [["simclr"]]), ("encoder", ["resnet18", "convnet"]),
    ("data", ["digits", "./images"]), ("data.count", ["10%", "25%", "all"]),
    ("data.count", [100, 100.0]), ("data.count", [10**12]), ("budget", [{"epochs": 1}, "2 epochs"]),
    ("budget", [{"minutes": 2}]), ("views", ["mild", "symmetric"]), ("optim.lr", [1e-3, 1e-2]),
    ("optim", ["sgd"]), ("run", [None, {"name": "b", "batch": 16}]), ("run", [{}]), ("run", "x"),
    ("run", [None, {}]), ("init", [None, {"method": "vicreg"}]), ("init", ["pretrained"]),
    ("recipe", ["small"]), ("recipe", [["small"]]), ("as_published", ["yes"]), ("", [1]),
    (".", [1]), ("data..count", [1]), ("batch", [16, 32]), ("a.b.c", [1]), ("data.size.x", [1]),
    ("seed", list(range(30_000))), ("optim.warmup", [{"epochs": 1}]),
    ("data.classes", [[1], "[:2]"]),
    ("encoder.size", [8, 16]), ("data.size", [8, 4096]), ("method.projector", [[8], [8, 4]]),
)  # fmt: skip
CLAIM: dict[str, Any] = {
    "id": "more", "test": "gain", "says": "", "cites": "", "of": "digit", "over": "data.count",
    "from": "first", "to": 64,
}  # fmt: skip
TEXTS = (
    "a: &a [*a]", "\tx: 1", "study: [", "a: 1\n---\nb: 2", "", "- 1", "x", "study: !!int x",
    "study: 2024-01-01", "{? [1]: 2}", "a: .inf", "a: 010", "<<: 3", "%YAML 9.9\n---\n{}",
    "a: " + "[" * 3000, "'", "\x00", "\ufeff\ufeffa: 1", "a: *b", "? a\n: b", "null", "a: \x1b[31m",
)  # fmt: skip


class Outcome(NamedTuple):
    """What a command did with one study."""

    code: int
    reason: str  # the first line of the message, its numbers and names left out; "ok" without one
    crashed: str  # the traceback; empty without one
    seconds: float


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield from _places(inner, (*path, key))


def _at(study: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        study = study[key]
    return study


def generated(count: int, seed: int = 0) -> Iterator[str]:
    """`count` texts of study files, always the same for a seed."""
    rng = random.Random(seed)
    for _ in range(count):
        study = copy.deepcopy(BASE)
        for _ in range(rng.choice((1, 1, 1, 2))):
            _changed(study, rng)
        text = json.dumps(study, ensure_ascii=rng.random() < 0.5)  # JSON is YAML
        if rng.random() < 0.12:
            text = rng.choice((*TEXTS, text[: rng.randrange(len(text))], f"{text}\nx: 1"))
        yield text


def _changed(study: dict[str, Any], rng: random.Random) -> None:
    kind = rng.random()
    place = rng.choice(list(_places(study)))
    parent = _at(study, place[:-1])
    if kind < 0.45:
        parent[place[-1]] = copy.deepcopy(rng.choice(ODD))
    elif kind < 0.55:
        mappings = [study, *(v for p in _places(study) if isinstance(v := _at(study, p), dict))]
        key = rng.choice(
            ("x", "", "count", "size", "name", "seed", "../y", "k" * 300, "data.count")
        )
        rng.choice(mappings)[key] = copy.deepcopy(rng.choice(ODD))
    elif kind < 0.62:
        del parent[place[-1]]
    elif kind < 0.9:
        axis, values = rng.choice(AXES)
        if isinstance(study.get("axes"), dict):
            study["axes"][axis] = copy.deepcopy(values)
    elif kind < 0.95:
        scales = {rng.choice(("../../../evil", "ok", "", "a/b", "CON", "x" * 200)): rng.choice(ODD)}
        study["scales"] = copy.deepcopy(scales)
    elif kind < 0.975:
        study["claims"] = copy.deepcopy(rng.choice(ODD))
    else:
        study["claims"] = [copy.deepcopy(CLAIM)]
        study["claims"][0][rng.choice(("from", "to", "over", "of", "where", "each", "by"))] = (
            copy.deepcopy(rng.choice(ODD))
        )


def called(*arguments: str) -> Outcome:
    """A command in this process. Its exit code, and the traceback of what it does not handle."""
    from datayield.cli import main

    out, crashed, code = io.StringIO(), "", 1
    began = time.monotonic()
    with (
        mock.patch.object(sys, "argv", ["datayield", *arguments]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        try:
            main()
        except SystemExit as done:
            code = int(done.code or 0)
        except Exception:
            crashed = traceback.format_exc()
    lines = out.getvalue().splitlines()
    first = next((x for x in lines if x.startswith(("error", "fail"))), "ok")
    several = [x for x in lines if re.match(r"\d+\. ", x)] if "problems must be" in first else []
    reason = " + ".join(dict.fromkeys(map(_reason, several or [first])))
    return Outcome(code, reason, crashed, time.monotonic() - began)


def _reason(line: str) -> str:
    """A message without what is of this study alone: `error: axes.seed: duplicate value`."""
    words = [word for word in line.split() if not any(c in word for c in "/'\"0123456789[{")]
    return " ".join(words[:7])


def planned(texts: Iterator[str], folder: Path) -> Iterator[tuple[str, Outcome]]:
    """Each text with what `plan` does with it."""
    path = folder / "odd.yaml"
    for text in texts:
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        yield text, called("plan", "odd.yaml", "--json")


def run_too(text: str, folder: Path) -> Outcome:
    """What `run` does with a study that `plan` accepts. Trains: seconds to minutes each."""
    (folder / "odd.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    return called("run", "odd.yaml", "--json")


@contextlib.contextmanager
def place(folder: Path) -> Iterator[None]:
    """A folder with images of its own, store and cache, as the working directory."""
    from PIL import Image

    for i in range(12):
        target = folder / "images" / "ab"[i % 2] / f"{i}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (20 * i, 0, 255 - 20 * i)).save(target)
    (folder / "file.txt").write_text("words")
    own = {"DATAYIELD_STORE": str(folder / "store"), "DATAYIELD_CACHE": str(folder / "cache")}
    before = Path.cwd()
    with mock.patch.dict(os.environ, own):
        os.environ.pop("DATAYIELD_DATA", None)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def main() -> int:
    """Plan (and run) them, print counts by reason; 1 where one crashed or took too long."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=450)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", action="store_true")
    asked = parser.parse_args()
    reasons: Counter[tuple[int, str]] = Counter()
    bad = 0
    with tempfile.TemporaryDirectory() as name, place(Path(name)):
        for text, outcome in planned(generated(asked.count, asked.seed), Path(name)):
            outcomes = [outcome]
            if asked.run and outcome.code == 0:
                outcomes.append(run_too(text, Path(name)))
            for done in outcomes:
                reasons[done.code, done.reason] += 1
            if outcome.crashed or outcomes[-1].crashed or outcome.seconds > LONGEST:
                bad += 1
                said = outcome.crashed or outcomes[-1].crashed or f"{outcome.seconds:.1f} s"
                sys.stdout.write(f"--- {text[:2000]}\n{said}\n")
    for (code, reason), times in reasons.most_common():
        sys.stdout.write(f"{times:4}  exit {code}  {reason}\n")
    sys.stdout.write(f"{asked.count} studies, {bad} with a traceback or over {LONGEST:g} s\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
