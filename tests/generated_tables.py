"""One known set of results, written in hundreds of ways: each must be read as the same evidence.

`python -m tests.generated_tables [COUNT]` reads that many variants and prints those that differ.
"""

import csv
import io
import json
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from datayield.analysis.evidence import Evidence
from datayield.analysis.evidence.tables import evidence_of_table
from datayield.spec.errors import DatayieldError

COUNT = 400
BATCH = 100

Record = dict[str, Any]
Key = tuple[str, str, int | None, float | None, int | None, int | None, float, str]

IMAGES = ["images", "n_images", "num_images", "dataset_size", "train_size", "unique_images", "N",
          "pretrain_n", "samples", "Number of images", "nUnique", "pretraining-images",
          "Unique pretraining images"]  # fmt: skip
PRESENTED = ["presented", "images_seen", "samples_seen", "images presented", "seen", "imagesSeen"]
EPOCHS = ["epochs", "n_epochs", "max_epochs", "Epochs", "pretraining epochs", "numEpochs"]
STEPS = ["steps", "max_steps", "iterations", "n_iters", "totalSteps"]
LABELS = ["labels", "n_labels", "labelled", "labeled_images", "finetune_n", "Labels", "num_labels"]
SEED = ["seed", "random_state", "trial", "Seed", "rng_seed"]
METHOD = ["method", "algo", "algorithm", "objective", "ssl_method", "SSL Method", "model"]
TASK = ["task", "dataset", "benchmark", "downstream", "eval_dataset", "Target", "downstream task"]
SCORE = ["accuracy", "acc", "top1", "acc@1", "test_acc", "Top-1", "score", "test/accuracy",
         "testAcc", "linear_probe_top1", "final_test_accuracy", "Test Accuracy"]  # fmt: skip
ERROR = ["error", "err1", "test_error", "Top-1 error", "error_rate"]


class GeneratedTable(NamedTuple):
    """A file's name and bytes, what is in it, and how it is written, in words."""

    name: str
    data: bytes
    truth: frozenset[Key]
    how: str


def results(rng: random.Random) -> list[Record]:
    """Scores in tenths of a percent of two methods and two tasks, and untrained models."""
    rows: list[Record] = []
    labelled = rng.random() < 0.3
    for task in ("flowers", "pets"):
        for method in ("simclr", "vicreg"):
            for images in (2000, 4000, 8000):
                for epochs in (50, 100):
                    for labels in (200, 400) if labelled else (None,):
                        for seed in range(rng.choice((1, 2, 2))):
                            score = rng.randint(300, 900)
                            rows.append(
                                {"method": method, "task": task, "images": images, "epochs": epochs,
                                 "labels": labels, "seed": seed, "score": score}
                            )  # fmt: skip
        if rng.random() < 0.7:
            rows.append(
                {"method": "untrained", "task": task, "images": 0, "epochs": 0, "seed": 0,
                 "labels": 200 if labelled else None, "score": rng.randint(100, 300)}
            )  # fmt: skip
    return rows


def truth_of(rows: list[Record], seeded: bool) -> frozenset[Key]:
    """What must be read from these rows."""
    return frozenset(
        (
            str(r["task"]),
            r["method"],
            r["images"],
            float(r["epochs"] * r["images"]) if r["images"] else None,
            r["labels"],
            r["seed"] if seeded else None,
            round(r["score"] / 1000, 6),
            "us" if r["images"] else "nobody",
        )
        for r in rows
    )


def key_of(evidence: Evidence) -> frozenset[Key]:
    """What was read."""
    return frozenset(
        (o.task, o.method, o.setting.images, o.setting.presented, o.setting.labels, o.seed,
         round(o.score, 6), o.pretrained_by)
        for o in evidence.observations
    )  # fmt: skip


def generated(index: int) -> GeneratedTable:
    """Variant `index`: always the same."""
    rng = random.Random(index)
    rows = results(rng)
    kind = rng.choice([
        "csv", "csv", "tsv", "semicolon", "parquet", "jsonl", "json", "columns", "wandb",
        "wandb-api", "mlflow", "mlflow-api", "markdown",
    ])  # fmt: skip
    shape = rng.choice(["long", "long", "wide tasks", "wide sizes", "wide seeds", "metrics"])
    if shape == "wide seeds":
        rows = [r for r in rows if r["images"]]
    seeded = shape == "wide seeds" or rng.random() < 0.8
    how: list[str] = []
    columns = _columns(rng, _style(rng, kind, shape, seeded), rows, how)
    if kind in ("csv", "tsv", "semicolon", "markdown") and rng.random() < 0.3:
        columns = _footed(columns)
        how.append("a row of means below")
    if seeded and rng.random() < 0.3 and not kind.startswith("wandb"):
        columns += [dict(columns[0])]
        how.append("a repeated row")
    if rng.random() < 0.6:
        head, body = columns[0], columns[1:]
        names = [*head]
        rng.shuffle(names)
        columns = [{k: r.get(k, "") for k in names} for r in [head, *body]]
        how.append("columns in another order")
    written, name = _written(rng, kind, columns, how)
    return GeneratedTable(
        name, written, truth_of(rows, seeded), f"{kind}, {shape}, {', '.join(how)}"
    )


class _Style(NamedTuple):
    """How one table is written."""

    kind: str
    shape: str
    seeded: bool
    unit: str  # of scores
    compute: str  # the column that tells it
    size: str  # how numbers of images are written
    grouping: str
    decimals: bool  # commas
    typed: bool  # numbers are numbers, not text
    names: dict[str, str]

    def number(self, value: float) -> Any:
        return value if self.typed else _text(value, self.decimals)

    def images(self, n: int) -> Any:
        return self.number(n / 1000) if self.size == "header k" else self.amount(n)

    def amount(self, n: int) -> Any:
        if self.size == "k" and n:
            return f"{n // 1000}k" if n % 1000 == 0 else str(n)
        return self.grouping.format(n) if self.size == "grouped" else n

    def score(self, tenths: int) -> Any:
        if self.unit in ("share", "error"):
            return self.number((1000 - tenths if self.unit == "error" else tenths) / 1000)
        made = self.number(tenths / 10)
        return f"{made}%" if self.unit == "sign" else made


def _style(rng: random.Random, kind: str, shape: str, seeded: bool) -> _Style:
    before = {"wandb": "", "wandb-api": "", "mlflow": "params.", "mlflow-api": ""}.get(kind)
    if before is None:
        before = rng.choice(["", "", "", "config.", "cfg/"])
    unit = rng.choice(["percent", "percent", "share", "sign", "error", "header"])
    typed = kind in ("parquet", "json", "jsonl", "columns", "wandb-api", "mlflow-api")
    if shape != "long" or (typed and unit == "sign"):
        unit = rng.choice(["percent", "share"])
    size = rng.choice(["plain", "plain", "k", "grouped", "header k"]) if not typed else "plain"
    decimals = kind == "semicolon" and rng.random() < 0.7
    names = {
        "images": before + rng.choice(IMAGES) + (" (k)" if size == "header k" else ""),
        "presented": before + rng.choice(PRESENTED),
        "epochs": before + rng.choice(EPOCHS),
        "steps": before + rng.choice(STEPS),
        "batch": before + rng.choice(["batch_size", "bs", "global_batch_size"]),
        "labels": before + rng.choice(LABELS),
        "seed": before + rng.choice(SEED),
        "method": before + rng.choice(METHOD),
        "task": before + rng.choice(TASK),
        "score": ("metrics." if kind == "mlflow" else "")
        + rng.choice(ERROR if unit == "error" else SCORE)
        + (" (%)" if unit == "header" else ""),
    }
    compute = rng.choice(["presented", "epochs", "steps"])
    grouping = "{}" if decimals else rng.choice(["{:,}", "{}", "{:_}"])
    return _Style(kind, shape, seeded, unit, compute, size, grouping, decimals, typed, names)


def _record(style: _Style, r: Record) -> Record:
    names = style.names
    made: Record = {names["method"]: r["method"], names["task"]: r["task"]}
    made[names["images"]] = style.images(r["images"])
    if style.compute == "steps":
        made[names["steps"]] = r["epochs"] * r["images"] // BATCH
        made[names["batch"]] = BATCH
    elif style.compute == "epochs":
        made[names["epochs"]] = r["epochs"]
    else:
        made[names["presented"]] = style.amount(r["epochs"] * r["images"])
    if r["labels"] is not None:
        made[names["labels"]] = r["labels"]
    if style.seeded:
        made[names["seed"]] = r["seed"]
    made[names["score"]] = style.score(r["score"])
    return made


def _columns(rng: random.Random, style: _Style, rows: list[Record], how: list[str]) -> list[Record]:
    """Records with the names and the units of one table, in its shape."""
    names, score = style.names, style.names["score"]
    how.append(f"{names['images']}, {score}, {style.compute}, {style.unit}, {style.size}")
    if style.decimals:
        how.append("decimal commas")
    made = [_record(style, r) for r in rows]
    match style.shape:
        case "metrics":
            both = [(r, m, v) for r in made for m, v in _metrics(style, r[score])]
            return [
                {**{k: x for k, x in r.items() if k != score}, "metric": m, "value": v}
                for r, m, v in both
            ]
        case "wide tasks":
            return _wide(made, names["task"], score, lambda v: f"{v}_acc")
        case "wide sizes" if style.compute == "epochs" and style.size != "header k":
            return _wide(made, names["images"], score, lambda v: f"{v} images")
        case "wide seeds":
            return _wide(made, names["seed"], score, lambda v: f"seed {v}")
    return _noisy(rng, made, style.typed, style.decimals, how)


def _metrics(style: _Style, score: Any) -> list[tuple[str, Any]]:
    return [("accuracy", score), ("loss", style.number(2.31))]


def _noisy(
    rng: random.Random, rows: list[Record], typed: bool, decimals: bool, how: list[str]
) -> list[Record]:
    """With other columns that a table of runs has."""
    if rng.random() < 0.6:
        loss = [rng.uniform(1.5, 3) for _ in rows]
        for r, value in zip(rows, loss, strict=True):
            r["train_loss"] = value if typed else _text(round(value, 3), decimals)
            r["lr"] = 0.1 if typed else _text(0.1, decimals)
        how.append("loss and lr")
    if rng.random() < 0.3:
        for r in rows:
            r["train_acc"] = 0.97 if typed else _text(0.97, decimals)
        how.append("training accuracy")
    if rng.random() < 0.3:
        for i, r in enumerate(rows):
            r["notes"] = 'a "good" one,\nthen; lunch' if i % 7 == 0 else ""
        how.append("quoted line ends")
    if rng.random() < 0.3:
        for i, r in enumerate(rows):
            r["Unnamed: 0"] = i
        how.append("an index")
    return rows


def _wide(rows: list[Record], axis: str, score: str, name: Callable[[Any], str]) -> list[Record]:
    """Scores of one row side by side."""
    made: dict[str, Record] = {}
    names = dict.fromkeys(name(r[axis]) for r in rows)
    for r in rows:
        rest = {k: v for k, v in r.items() if k not in (axis, score)}
        line = made.setdefault(repr(sorted(rest.items())), {**rest, **dict.fromkeys(names, "")})
        while line.get(name(r[axis]), "") != "":
            line = made.setdefault(repr((rest, len(made))), {**rest, **dict.fromkeys(names, "")})
        line[name(r[axis])] = r[score]
    return list(made.values())


def _footed(rows: list[Record]) -> list[Record]:
    first = next(iter(rows[0]))
    return [*rows, {**dict.fromkeys(rows[0], "50"), first: "mean"}]


def _text(value: float, decimals: bool) -> str:
    text = f"{value:g}" if value != round(value, 1) else f"{value:.1f}"
    return text.replace(".", ",") if decimals else text


def _written(
    rng: random.Random, kind: str, rows: list[Record], how: list[str]
) -> tuple[bytes, str]:
    if kind == "parquet":
        return _parquet(rows), "t.parquet"
    if kind == "json":
        return json.dumps(rng.choice([rows, {"runs": rows}])).encode(), "t.json"
    if kind == "jsonl":
        return "\n".join(map(json.dumps, rows)).encode(), "t.jsonl"
    if kind == "columns":
        return json.dumps(
            {k: {str(i): r.get(k) for i, r in enumerate(rows)} for k in rows[0]}
        ).encode(), "t.json"
    if kind == "wandb-api":
        return json.dumps([_wandb(i, r) for i, r in enumerate(rows)]).encode(), "runs.json"
    if kind == "mlflow-api":
        return json.dumps(
            {"runs": [_mlflow(i, r) for i, r in enumerate(rows)]}
        ).encode(), "runs.json"
    if kind == "wandb":
        rows = [
            {"Name": f"run-{i}", "State": "finished", "Runtime": 100 + i, **r}
            for i, r in enumerate(rows)
        ]
        rows.append({**rows[0], "Name": "broken", "State": "crashed"})
    if kind == "mlflow":
        state = {"status": "FINISHED"}
        rows = [{"run_id": f"{i:032x}", **state, **r, "tags.name": i} for i, r in enumerate(rows)]
    return _text_table(rng, kind, rows, how), f"t.{'tsv' if kind == 'tsv' else 'csv'}"


def _text_table(rng: random.Random, kind: str, rows: list[Record], how: list[str]) -> bytes:
    names = list(dict.fromkeys(k for r in rows for k in r))
    empty = rng.choice(["", "NaN", "n/a", "-"])
    lines = [names, *([_cell(r.get(n, ""), empty) for n in names] for r in rows)]
    if kind == "markdown":
        cells = [[str(c).replace("\n", " ") for c in line] for line in lines]
        made = ["| " + " | ".join(c) + " |" for c in cells]
        made.insert(1, "|" + "---|" * len(names))
        return "\n".join(made).encode()
    file = io.StringIO()
    delimiter = {"tsv": "\t", "semicolon": ";"}.get(kind, ",")
    csv.writer(file, delimiter=delimiter, lineterminator=rng.choice(["\n", "\r\n"])).writerows(
        lines
    )
    text = file.getvalue()
    if rng.random() < 0.2:
        text = "# results of spring\n" + text
        how.append("a comment")
    encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"])
    if encoding == "latin-1":
        text = "# zurück\n" + text
    how.append(encoding)
    return text.encode(encoding)


def _cell(value: Any, empty: str) -> Any:
    return empty if value == "" else value


def _parquet(rows: list[Record]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(k for r in rows for k in r))
    columns = {n: [None if r.get(n) == "" else r.get(n) for r in rows] for n in names}
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def _wandb(i: int, row: Record) -> Record:
    score = next(reversed(row))
    config = {k: {"value": v, "desc": None} for k, v in row.items() if k != score}
    return {"name": f"run-{i}", "state": "finished", "config": json.dumps(config),
            "summaryMetrics": json.dumps({score: row[score], "_step": 12})}  # fmt: skip


def _mlflow(i: int, row: Record) -> Record:
    score = next(reversed(row))
    params = [{"key": k, "value": str(v)} for k, v in row.items() if k != score]
    return {
        "info": {"run_id": f"{i:032x}", "status": "FINISHED"},
        "data": {"params": params, "metrics": [{"key": score, "value": row[score]}]},
    }


def wrong(table: GeneratedTable, folder: Path) -> str:
    """What differs from the truth; "" if nothing."""
    path = folder / table.name
    path.write_bytes(table.data)
    try:
        evidence = evidence_of_table(path)
    except DatayieldError as error:
        return f"{table.how}\n{error.text()}"
    read = key_of(evidence)
    if read == table.truth:
        return ""
    more, less = sorted(map(str, read - table.truth))[:2], sorted(map(str, table.truth - read))[:2]
    return f"{table.how}\n  read {more}\n  not {less}\n  {'; '.join(evidence.notes)}"


def main(count: int = COUNT) -> int:
    """Read all variants; the number of those that differ."""
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        for index in range(count):
            if said := wrong(generated(index), Path(folder)):
                differ += 1
                print(f"{index}: {said}")  # noqa: T201
    print(f"{count - differ} of {count} tables read as they are")  # noqa: T201
    return differ


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:]))))
