"""One page for all studies in a store: question, progress and answer of each."""

from collections import Counter
from pathlib import Path
from typing import Any

from datayield.report.files.summary import NAME, run_command
from datayield.spec.atomic_files import read_json, write_text
from datayield.spec.run import short_number
from datayield.spec.study import as_texts
from datayield.store.format import duration

VERDICTS = ("reproduced", "contradicted", "no effect", "not always", "inconclusive")


def write_index(store: Path) -> Path | None:
    """Write `<store>/index.html` from the existing reports; None if there are none."""
    rows = index_rows(store)
    if not rows:
        return None
    from datayield.report.templates import template

    page = store / "index.html"
    write_text(page, template("index.html").render(rows=rows, totals=_totals(rows)))
    return page


def index_rows(store: Path) -> list[dict[str, Any]]:
    """A row per study and scale with a report, by name; reads only files next to the reports."""
    folders = sorted(path.parent for path in store.glob("studies/*/report.html"))
    return [_row(store, folder) for folder in folders]


def verdicts(folder: Path) -> dict[str, int]:
    """Verdict -> number of claims, from a report's claims.json; empty if it has none."""
    kept = read_json(folder / "claims.json")
    claims = kept.get("claims", []) if isinstance(kept, dict) else kept or []
    counts = Counter(str(c.get("verdict", "")) for c in claims if isinstance(c, dict))
    return {v: counts[v] for v in VERDICTS} if any(counts[v] for v in VERDICTS) else {}


def _row(store: Path, folder: Path) -> dict[str, Any]:
    kept = read_json(folder / NAME)
    said = read_json(folder / "answers.json")
    known: dict[str, Any] = kept if isinstance(kept, dict) else {}
    done, total = known.get("done", 0), known.get("total", 0)
    seconds = float(known.get("seconds", 0.0))
    return {
        "name": str(known.get("study", folder.name)),
        "scale": str(known.get("scale", "")),
        "overrides": as_texts(known.get("overrides", {})),
        "command": run_command(known) if known else "",
        "question": str(known.get("question", "")),
        "paper": str(known.get("paper", "")),
        "link": (folder / "report.html").relative_to(store).as_posix(),
        "done": done,
        "total": total,
        "share": round(100 * done / total) if total else 0,
        "seconds": seconds,
        "time": duration(seconds) if seconds else "",
        "wall": duration(float(known.get("seconds_first_to_last", 0.0))),
        "images": short_number(float(known.get("images", 0))),
        "devices": [str(d) for d in known.get("devices", [])],
        "date": str(known.get("date", "")),
        "answer": str(said[0]) if isinstance(said, list) and said else "",
        "verdicts": verdicts(folder),
        "old": not known,
    }


def _totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    counts = {v: sum(row["verdicts"].get(v, 0) for row in rows) for v in VERDICTS}
    return {
        "studies": len(rows),
        "done": sum(row["done"] for row in rows),
        "total": sum(row["total"] for row in rows),
        "time": duration(sum(row["seconds"] for row in rows)),
        "verdicts": counts if any(counts.values()) else {},
    }
