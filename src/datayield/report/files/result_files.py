"""The results as files: every value in CSV, and a summary for a paper in LaTeX."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from datayield.analysis.cost import Normalised
from datayield.analysis.decision import Ledger
from datayield.analysis.format import count, metric_name
from datayield.analysis.model import CurveFit, CurveGain
from datayield.analysis.results import CurveKey, Point, Row, RunCost, Seeds, StudyResults
from datayield.spec.atomic_files import write_text, write_with

_COLUMNS = tuple(name for name in Row._fields if name != "mean_of")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}


def to_csv(results: StudyResults, path: Path) -> None:
    """One value per line, columns as in `Row`, accuracies in [0, 1]; equal rows, equal bytes.

    Sorted by evaluation, metric, kind, method, axes, budget, N, images, share, seed and run.
    """
    words: dict[tuple[int, int], tuple[str, str]] = {}  # few, of many rows that share them

    def points(rows: list[Row]) -> dict[_Place, list[Row]]:
        """The rows of each point."""
        by_point: dict[_Place, list[Row]] = {}
        for row in rows:
            key = id(row.budget), id(row.axes)
            if key not in words:
                words[key] = row.axes_label, row.budget_label
            place = row.method, *words[key], row.n, row.images
            by_point.setdefault(place, []).append(row)
        return by_point

    def write(file: BinaryIO) -> None:  # in parts: of 100,000 runs, not all is held as text
        text = cache(_text)
        file.write(f"{text(*_COLUMNS)}\n".encode())
        for _, part in sorted(results.measured.items()):
            for place, rows in sorted(points(part).items()):
                rows.sort(key=_within_point)
                file.write(_lines(place, rows, text).encode())

    write_with(path, write)


_Place = tuple[str, str, str, int, int]  # method, axes, budget, n, images
_within_point = attrgetter("share", "seed", "run")


def _lines(place: _Place, rows: list[Row], text: Callable[..., str]) -> str:
    """The rows of one point as CSV; `text` is a cached `_text`, for cells that many rows share."""
    method, axes, budget, n, images = place
    lines = []
    for row in rows:
        # by place, as rows are millions
        run, kind, _, encoder, dataset, _, _, _, share, _, seed, *measured, value, n_test = row[:17]
        n_train, low, high, distinct, collapsed = row[17:22]
        interval = "," if low is None and high is None else _text(low, high)
        lines.append(
            f"{run},{text(kind, method, encoder, dataset, n, budget, images)},"
            f"{text(share, axes, seed, *measured)},{value},{n_test},{n_train},{interval},"
            f"{distinct},{collapsed}\n"
        )
    return "".join(lines)


def _text(*cells: object) -> str:
    """The cells as CSV, quoted where that is needed."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def ledgers_to_csv(ledgers: list[Ledger], path: Path) -> None:
    """One choice of one seed per line: its score and its gap, in [0, 1]."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    cell = (*CurveKey._fields, "encoder", "n", "images", "milestones")
    writer.writerow([*cell, "chosen_by", "seed", "share", "score", "gap_to_best_on_test"])
    for ledger in ledgers:
        shares = " ".join(f"{share:g}" for share in ledger.milestones)
        fixed = (*_key_cells(ledger.key), ledger.encoder, ledger.n, ledger.images, shares)
        for choice in ledger.choices:
            gap, at, head = choice.gap.by_seed, choice.shares.by_seed, _text(*fixed, choice.by)
            out.writelines(
                f"{head},{seed},{at[seed]},{score},{gap[seed]}\n"
                for seed, score in choice.score.values
            )
    write_text(path, out.getvalue())


def curves_to_csv(
    gains: dict[CurveKey, CurveGain], fits: dict[CurveKey, CurveFit], path: Path
) -> None:
    """One curve per line: its gain from images, and the law fitted to its error, in [0, 1]."""
    law = [f"{part}{end}" for part in ("a", "b", "c") for end in ("", "_low", "_high")]
    rows = []
    for key, fit in fits.items():
        gain, fitted = gains.get(key), fit.law
        row: list[object] = [*_key_cells(key)]
        if gain is not None:
            d = gain.total.gain
            row += [gain.total.n, gain.total.to, d.mean, d.low, d.high, d.seeds]
            row += [gain.total.verdict, gain.helps_up_to]
        row += [""] * (len(key) + 8 - len(row)) + [fit.verdict, fit.reason]
        if fitted is not None:
            row += [*fitted.a, *fitted.b, *fitted.c]
        rows.append(row)
    gained = ["from", "to", "gain", "gain_low", "gain_high", "seeds", "verdict", "helps_up_to"]
    _write(path, [*CurveKey._fields, *gained, "law", "why_not", *law], rows)


def normalised_to_csv(normalised: Normalised, path: Path) -> None:
    """One comparison under one set of normalisers per line; accuracies in [0, 1]."""
    head = ["eval", "protocol", "metric", "method", "small", "large", "from", "to", "at_equal"]
    head += ["level", "interpolated", "before", "after", "gain", "gain_low", "gain_high", "seeds"]
    rows: list[list[object]] = []
    for c in normalised.comparisons:
        for e in c.equals:
            d = e.difference
            row: list[object] = [*c.context[:4], c.start, c.name, c.n, c.to, " ".join(e.units)]
            row += [e.level, e.interpolated, e.before.mean, e.after.mean]
            rows.append([*row, d.mean, d.low, d.high, d.seeds, e.sign, c.conclusion])
    _write(path, [*head, "sign", "conclusion"], rows)


def runs_to_csv(spent: tuple[RunCost, ...], path: Path) -> None:
    """What each finished run requested and took, columns as in `RunCost`.

    `signs` that it learned nothing are separated by spaces.
    """
    names = [f.name for f in fields(RunCost) if f.name != "signs"]
    each = attrgetter(*names)
    _write(path, [*names, "signs"], ((*each(run), " ".join(run.signs)) for run in spent))


def _key_cells(key: CurveKey) -> tuple[str, ...]:
    return (*key[:4], key.axes_label, key.budget_label)


def _write(path: Path, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    write_text(path, out.getvalue())


def to_latex(results: StudyResults, path: Path) -> None:
    """A booktabs table per evaluation, in percent; `\\input` it with booktabs loaded."""
    parts = [
        "% Needs \\usepackage{booktabs}. Main metrics in percent: mean $\\pm$ half range of seeds."
    ]
    lines = results.main.curves
    for name in dict.fromkeys(key.eval for key in lines):
        mine = {key: line for key, line in lines.items() if key.eval == name}
        parts.append(_table(results, name, mine))
    write_text(path, "\n\n".join(parts) + "\n")


def escape(text: str) -> str:
    """`text` with LaTeX's special characters escaped."""
    return re.sub(r"[\\~^<>|&%$#_{}]", lambda m: _LATEX[m.group()], text)


def _table(results: StudyResults, name: str, mine: dict[CurveKey, list[Point]]) -> str:
    cells = {(p.n, key): p.seeds for key, line in mine.items() for p in line}
    sizes = sorted({n for n, _ in cells})
    rows = [
        [count(n).replace(",", "{,}"), *(_cell(cells.get((n, k))) for k in mine)] for n in sizes
    ]
    base = [
        f"{escape(b.name)} & \\multicolumn{{{len(mine)}}}{{c}}{{{_cell(b.seeds)}}} \\\\"
        for b in results.main.baselines
        if b.eval == name
    ]
    body = [" & ".join(row) + r" \\" for row in rows]
    heads = [" & ".join(["$N$", *(escape(key.name) for key in mine)]) + r" \\"]
    seeds = sorted({len(s.values) for s in cells.values()})
    seed_range = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    n_test = min(s.n_test for s in cells.values())
    protocol, metric = next(iter(mine)).protocol, metric_name(next(iter(mine)).metric)
    caption = (
        f"{escape(name)}: {metric} (\\%) under {escape(protocol)} on {count(n_test)} test images, "
        f"mean $\\pm$ half the range over {seed_range} seed{'' if seed_range == '1' else 's'}."
    )
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            f"\\caption{{{caption}}}",
            f"\\begin{{tabular}}{{r{'c' * len(mine)}}}",
            r"\toprule",
            *heads,
            r"\midrule",
            *body,
            *([r"\midrule", *base] if base else []),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    )


def _cell(seeds: Seeds | None) -> str:
    if seeds is None:
        return "--"
    mean = f"{100 * seeds.mean:.1f}"
    half = 50 * (seeds.high - seeds.low)
    return f"${mean} \\pm {half:.1f}$" if len(seeds.values) > 1 else f"${mean}$"
