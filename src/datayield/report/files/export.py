"""A finished report as small files to keep in a repository: tables, answers, provenance."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from datayield.report.files.index import verdicts
from datayield.report.files.summary import NAME, run_command
from datayield.spec.atomic_files import read_json, write_json, write_text
from datayield.spec.errors import StoreError
from datayield.spec.study import as_texts, folder_suffix
from datayield.store.format import duration

FIGURE = "published.svg"  # the paper's figures beside ours, where its numbers are known
KEPT = ("table.csv", "curves.csv", "normalised.csv", "selection.csv", "claims.json", "answers.json")
_LONG = re.compile(r"(?<=[,\n])-?\d+\.\d{7,}(?:e[-+]?\d+)?(?=[,\n])")
PROVENANCE = "provenance.json"


def export(report: Path, into: Path, private: Iterable[tuple[Path, str]]) -> Path:
    """Copy the results in the folder `report` to `into/<study>/<scale>/`, with their provenance.

    `private`: folders of this machine, each with its replacement. An existing README.md is kept,
    since a person wrote it. Raises StoreError if there is no report.
    """
    known = read_json(report / NAME)
    if not isinstance(known, dict):
        raise StoreError(
            "no report to export", where=str(report), hint="run datayield report first"
        )
    variant = folder_suffix(known.get("overrides", {}))
    folder = into / str(known["study"]) / f"{known['scale'] or 'only'}{variant}"
    hidden = sorted(private, key=lambda pair: -len(str(pair[0])))
    for name in KEPT:
        source = report / name
        if source.exists():
            text = without_paths(source.read_text(encoding="utf-8"), hidden)
            write_text(folder / name, _LONG.sub(_rounded, text) if name[-4:] == ".csv" else text)
        else:
            (folder / name).unlink(missing_ok=True)  # of an earlier export
    drawn = report / "figures" / FIGURE
    if drawn.exists():
        write_text(folder / FIGURE, drawn.read_text(encoding="utf-8"))
    else:
        (folder / FIGURE).unlink(missing_ok=True)
    command = run_command(known)
    write_json(folder / PROVENANCE, {"command": command, **known})
    if not (folder / "README.md").exists():
        said = read_json(report / "answers.json") or []
        judged = (read_json(report / "claims.json") or {}).get("claims", [])
        text = _readme(known, command, [str(s) for s in said], verdicts(report), judged)
        write_text(folder / "README.md", without_paths(text, hidden))
    return folder


def without_paths(text: str, hidden: Iterable[tuple[Path, str]]) -> str:
    """`text` with folders of this machine replaced."""
    for path, name in hidden:
        if len(path.parts) > 1:  # not the root itself
            text = text.replace(str(path), name)
    return text


def _rounded(number: "re.Match[str]") -> str:
    """Seven digits: more than the precision of any test set, and half the bytes."""
    return f"{float(number[0]):.7g}"


def _readme(
    known: dict[str, Any],
    command: str,
    answers: list[str],
    counts: dict[str, int],
    judged: list[dict[str, Any]],
) -> str:
    study, scale = known["study"], known["scale"]
    overrides = as_texts(known.get("overrides", {}))
    versions = ", ".join(f"{k} {v}" for k, v in sorted(known["versions"].items()))
    time, wall = duration(known["seconds"]), duration(known["seconds_first_to_last"])
    lines = [
        f"# {study}" + (f" at {scale} scale" if scale else ""),
        "",
        *(f"- set `{text}`" for text in overrides),
        *([""] if overrides else []),
        f"`{command}`, {known['date']}, {', '.join(known['devices'])}; {versions}.",
        f"{known['done']} of {known['total']} runs and baselines done; {time} of pretraining, "
        f"{wall} from first start to last end.",
        "",
        "Written by `datayield report --export`; the numbers are in the files next to it.",
    ]
    if counts:
        lines += ["", "Claims: " + ", ".join(f"{n} {v}" for v, n in counts.items()) + ".", ""]
        lines += ["| claim | | verdict | evidence | published |", "|---|---|---|---|---|"]
        lines += [_claim(j) for j in sorted(judged, key=_bad_news_first)]
    return "\n".join([*lines, "", *(f"- {answer}" for answer in answers), ""])


def _bad_news_first(judged: dict[str, Any]) -> int:
    order = ("contradicted", "no effect", "not always", "inconclusive", "reproduced", "not tested")
    return order.index(judged["verdict"])


def _claim(judged: dict[str, Any]) -> str:
    """One row of a Markdown table, with bars in cells escaped."""
    published = "" if judged["published"] is None else f"{judged['published']:g}"
    cells = judged["id"], judged["says"], judged["verdict"], judged["evidence"], published
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
