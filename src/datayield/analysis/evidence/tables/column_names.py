"""What a column's name says: "config.numImages (k)" -> images, in thousands."""

import re
from functools import lru_cache
from typing import NamedTuple

# Parts of a name before the last dot or slash that say where a tool keeps it, not what it is.
PLACES = {
    "config", "summary", "params", "param", "metrics", "metric", "tags", "data", "info", "hparams",
    "hyperparameters", "args", "cfg", "summarymetrics", "user", "inputs", "attributes", "mlflow",
    "results", "result", "pretraining", "pretrain",
}  # fmt: skip
# Those of them that hold what a run measured, which is no setting of it.
OUTCOMES = {"summary", "summarymetrics", "metrics", "metric", "results", "result"}
_UNITS = {
    "%": "percent", "percent": "percent", "pct": "percent", "pp": "percent", "points": "percent",
    "k": "k", "thousand": "k", "thousands": "k", "×1000": "k", "x1000": "k", "in k": "k", "1e3":
    "k",
    "m": "m", "million": "m", "millions": "m", "mio": "m", "in m": "m", "1e6": "m",
    "b": "b", "billion": "b", "billions": "b", "bn": "b",
    "h": "hours", "hr": "hours", "hrs": "hours", "hour": "hours", "hours": "hours",
    "min": "minutes", "mins": "minutes", "minutes": "minutes",
    "s": "seconds", "sec": "seconds", "secs": "seconds", "seconds": "seconds",
}  # fmt: skip
TIMES = {"k": 1e3, "m": 1e6, "b": 1e9}
_BRACKETS = re.compile(r"[\(\[]\s*([^\)\]]*?)\s*[\)\]]")
_JOINED = {
    ("top", "1"): "top1", ("acc", "1"): "top1", ("accuracy", "1"): "top1", ("prec", "1"): "top1",
    ("precision", "1"): "top1", ("top", "5"): "top5", ("acc", "5"): "top5", ("prec", "5"): "top5",
    ("accuracy", "5"): "top5", ("err", "1"): "err1", ("error", "1"): "err1", ("k", "nn"): "knn",
    ("im", "net"): "imagenet", ("m", "iou"): "miou", ("roc", "auc"): "auroc", ("log", "loss"):
    "logloss",
    ("acc1",): "top1", ("acc5",): "top5", ("top1acc",): "top1", ("accuracies",): "accuracy",
    ("fine", "tune"): "finetune", ("fine", "tuned"): "finetune", ("fine", "tuning"): "finetune",
    ("finetuned",): "finetune", ("finetuning",): "finetune", ("pre", "train"): "pretrain",
    ("pretraining",): "pretrain", ("pre", "training"): "pretrain", ("number",): "n", ("num",): "n",
    ("nr",): "n", ("no",): "n", ("nb",): "n", ("img",): "images", ("imgs",): "images", ("image",):
    "images",
    ("unlabeled",): "unlabelled", ("labeled",): "labelled", ("datasets",): "dataset",
}  # fmt: skip
_FILLER = {"of", "the", "in", "on", "for", "per", "#", "by"}


class ColumnName(NamedTuple):
    """The words of a name, lower case, without places and units; `key` joins them."""

    words: tuple[str, ...]
    unit: str  # percent, k, m, b, hours, minutes, seconds, or ""

    @property
    def key(self) -> str:
        return "_".join(self.words)


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def is_outcome(name: str) -> bool:
    """Whether a tool keeps it among what a run measured: `metrics.train/lr`, "summary.strength"."""
    place, *rest = re.split(r"[./:]+", name.lower())
    return bool(rest) and place in OUTCOMES


@lru_cache(maxsize=1 << 12)
def column_name(name: str) -> ColumnName:
    """A name taken apart."""
    unit = next((_UNITS[u.lower()] for u in _BRACKETS.findall(name) if u.lower() in _UNITS), "")
    text = _BRACKETS.sub(lambda m: " " if m[1].lower() in _UNITS else f" {m[1]} ", name)
    if "%" in text:
        unit, text = unit or "percent", text.replace("%", " ")
    text = re.sub(r"(?<=\d)[,_' ](?=\d{3}(?!\d))", "", text)
    if re.search(r"[a-z]", text):
        text = re.sub(r"([a-z])([A-Z])", r"\1_\2", text)
    parts = [part for part in re.split(r"[./:]+", text.lower()) if part.strip(" _-")]
    while len(parts) > 1 and re.sub(r"[ _-]", "", parts[0]) in PLACES:
        parts.pop(0)
    words = [w for part in parts for w in re.split(r"[\s_\-@,|=]+", part) if w]
    if len(words) > 1 and words[-1] in ("percent", "pct", "percentage"):
        unit, words = "percent", words[:-1]
    if len(words) > 1 and words[-1] in ("seconds", "sec", "hours", "minutes", "min", "hrs", "h"):
        unit = unit or _UNITS[words[-1]]
    return ColumnName(tuple(_joined([w for w in words if w not in _FILLER])), unit)


def _joined(words: list[str]) -> list[str]:
    made: list[str] = []
    i = 0
    while i < len(words):
        two = _JOINED.get((words[i], words[i + 1])) if i + 1 < len(words) else None
        made.append(two or _JOINED.get((words[i],), words[i]))
        i += 2 if two else 1
    return made
