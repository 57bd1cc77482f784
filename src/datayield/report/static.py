"""The same figures for a paper: SVG and PDF by matplotlib, equal results giving equal bytes."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datayield.analysis.summary import Point
from datayield.report.findings import Curves, Findings
from datayield.report.palette import PIXELS, UNTRAINED
from datayield.spec.budget import short_number
from datayield.store.atomic import write_with

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STYLE: Any = {
    "svg.hashsalt": "datayield",  # else element ids are random
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e9ec",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 3.5,
}
_PANEL = (3.3, 2.3)  # inches: two panels fill the width of a page


def write_static(f: Findings, folder: Path) -> list[Path]:
    """Write `<name>.svg` and `<name>.pdf` for each figure that the data can show."""
    import matplotlib

    makers: dict[str, Callable[[Findings], Figure | None]] = {
        "yield": _yield,
        "gain": _gain,
        "effective_rank": _rank,
        "grid": _grid,
    }
    written = []
    with matplotlib.rc_context(_STYLE):
        for name, make in makers.items():
            figure = make(f)
            if figure is not None:
                written += [_save(figure, folder / f"{name}.{kind}") for kind in ("svg", "pdf")]
    return written


def _save(figure: "Figure", path: Path) -> Path:
    kind = path.suffix[1:]
    dates: dict[str, Any] = {"Date": None} if kind == "svg" else {"CreationDate": None}
    write_with(path, lambda file: figure.savefig(file, format=kind, metadata=dates))
    return path


def _panels(titles: list[str], legend: int) -> "tuple[Figure, list[Axes]]":
    """A figure of panels in two columns with room for `legend` rows of names below."""
    from matplotlib.figure import Figure

    columns = min(2, len(titles))
    rows = math.ceil(len(titles) / columns)
    width, foot = _PANEL[0] * columns + 0.2, 0.3 + 0.19 * legend
    height = _PANEL[1] * rows + foot
    figure = Figure(figsize=(width, height))
    figure.subplots_adjust(
        left=0.6 / width,
        right=1 - 0.15 / width,
        top=1 - 0.28 / height,
        bottom=(foot + 0.25) / height,
        wspace=0.27,
        hspace=0.42,
    )
    axes = [figure.add_subplot(rows, columns, i + 1) for i in range(len(titles))]
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title)
    return figure, axes


@contextmanager
def _legend(figure: "Figure", axes: "list[Axes]") -> Iterator[None]:
    """One legend below all panels, each name once."""
    yield
    found: dict[str, Artist] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(
        list(found.values()), list(found), loc="lower center", ncols=_COLUMNS, fontsize=7.5
    )


_COLUMNS = 2


def _yield(f: Findings) -> "Figure | None":
    if not f.accuracy:
        return None
    names = list(dict.fromkeys(key.name for key in f.accuracy))
    titles = [next(iter(f.of(name))).place for name in f.evals]
    figure, axes = _panels(titles, math.ceil(len(names) / _COLUMNS))
    with _legend(figure, axes):
        for ax, name in zip(axes, f.evals, strict=True):
            _draw(ax, f, f.of(name), 100.0)
            for key in f.of(name):
                fit = f.fits[key]
                if fit.law and fit.verdict == "decided":
                    y = [100 * (1 - e.value) for e in fit.law.error]
                    shown = [n for n in fit.law.grid if n <= 2.05 * f.accuracy[key][-1].n]
                    colour = f.styles[key.name].colour
                    ax.plot(shown, y[: len(shown)], ls=":", lw=1, color=colour)
            for b in (b for b in f.baselines if b.eval == name):
                _baseline(ax, b.name, 100 * b.seeds.mean, b.kind)
            ax.set_ylabel("accuracy, %")
    return figure


def _rank(f: Findings) -> "Figure | None":
    if not f.rank:
        return None
    evals = list(dict.fromkeys(key.eval for key in f.rank))
    names = list(dict.fromkeys(key.name for key in f.rank))
    figure, axes = _panels(evals, math.ceil(len(names) / _COLUMNS))
    with _legend(figure, axes):
        for ax, name in zip(axes, evals, strict=True):
            _draw(ax, f, {k: v for k, v in f.rank.items() if k.eval == name}, 1.0)
            for b in (b for b in f.rank_baselines if b.eval == name):
                _baseline(ax, b.name, b.seeds.mean, b.kind)
            ax.set_ylabel("effective rank")
    return figure


def _draw(ax: "Axes", f: Findings, lines: Curves, scale: float) -> None:
    for key, line in lines.items():
        style, x = f.styles[key.name], [p.n for p in line]
        low, high = ([scale * getattr(p.seeds, e) for p in line] for e in ("low", "high"))
        ax.fill_between(x, low, high, color=style.colour, alpha=0.15, lw=0)
        y = [scale * p.seeds.mean for p in line]
        ax.plot(x, y, marker="o", ls=style.pattern, color=style.colour, label=key.name)
    _size_axis(ax, [p for line in lines.values() for p in line])


def _baseline(ax: "Axes", name: str, at: float, kind: str) -> None:
    colour = PIXELS if kind == "pixels" else UNTRAINED
    ax.axhline(at, color=colour, lw=1, ls=(0, (4, 2)), zorder=1)
    left, side = (0.01, "left") if kind == "pixels" else (0.99, "right")
    where = ax.get_yaxis_transform()
    ax.text(left, at, name, ha=side, va="bottom", transform=where, color=colour, fontsize=7)


def _gain(f: Findings) -> "Figure | None":
    lines = list(f.gains.values())
    evals = [name for name in f.evals if any(g.key.eval == name for g in lines)]
    if not evals:
        return None
    names = list(dict.fromkeys(g.key.name for g in lines))
    titles = [next(g.key.place for g in lines if g.key.eval == name) for name in evals]
    figure, axes = _panels(titles, math.ceil(len(names) / _COLUMNS))
    with _legend(figure, axes):
        for ax, name in zip(axes, evals, strict=True):
            mine = [g for g in lines if g.key.eval == name]
            ax.axhspan(-100 * f.worth, 100 * f.worth, color="#999999", alpha=0.18, lw=0)
            ax.axhline(0, color="#777777", lw=0.7)
            for i, line in enumerate(mine):
                shift = 0.13 * (i - (len(mine) - 1) / 2) / max(1, (len(mine) - 1) / 2)
                known = [s for s in line.steps if s.per_doubling.covers != "nothing"]
                each = [s.per_doubling for s in known]
                x = [math.sqrt(s.n * s.to) * (s.to / s.n) ** shift for s in known]
                errors = [[100 * (d.mean - d.low) for d in each]]
                errors += [[100 * (d.high - d.mean) for d in each]]
                look: Any = {"color": f.styles[line.key.name].colour, "label": line.key.name}
                y = [100 * d.mean for d in each]
                ax.errorbar(x, y, errors, fmt="o", elinewidth=1, capsize=1.5, **look)
            _size_axis(ax, [p for g in mine for p in f.accuracy[g.key]])
            ax.set_ylabel("points per doubling")
    return figure


def _grid(f: Findings) -> "Figure | None":
    if not f.grids:
        return None
    titles = [f"{grid.key.eval}, {grid.key.name}" for grid in f.grids]
    figure, axes = _panels(titles, 0)
    for ax, grid in zip(axes, f.grids, strict=True):
        sizes = sorted({c.n for c in grid.cells})
        budgets = sorted({c.images for c in grid.cells})
        image = [[math.nan] * len(sizes) for _ in budgets]
        middle = sum(c.seeds.mean for c in grid.cells) / len(grid.cells)
        for c in grid.cells:
            i, j = budgets.index(c.images), sizes.index(c.n)
            image[i][j] = 100 * c.seeds.mean
            text = f"{100 * c.seeds.mean:.1f}\n{c.regime.replace('-', '-' + chr(10))}"
            ink = "black" if c.seeds.mean > middle else "white"
            ax.text(j, i, text, ha="center", va="center", fontsize=5, color=ink, linespacing=1)
        ax.imshow(image, cmap="cividis", origin="lower", aspect="auto")
        ax.grid(visible=False)
        ax.set_xticks(range(len(sizes)), [short_number(n) for n in sizes])
        ax.set_yticks(range(len(budgets)), [short_number(c) for c in budgets])
        ax.set_xlabel("images N", labelpad=1)
        ax.set_ylabel("images presented C")
    return figure


def _size_axis(ax: "Axes", line: list[Point]) -> None:
    sizes = sorted({p.n for p in line})
    every = max(1, math.ceil(len(sizes) / 7))
    ticks = sizes[::-1][::every][::-1]
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks(ticks, [short_number(n) for n in ticks])
    ax.set_xlabel("images N", labelpad=1)
