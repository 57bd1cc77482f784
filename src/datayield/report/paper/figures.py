"""The same figures for a paper: SVG and PDF by matplotlib; equal results give equal bytes."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datayield.analysis.findings import Curves, Findings
from datayield.analysis.format import metric_name
from datayield.analysis.results import Baseline
from datayield.report.figures import label_sides
from datayield.report.palette import BASELINES, Styles
from datayield.report.paper.checkpoints import selection_sheet
from datayield.report.paper.pareto import frontier_sheet
from datayield.report.paper.published import published_sheet
from datayield.report.paper.style import COLUMNS, STYLE, name_sizes, panels, save, shared_legend
from datayield.spec.run import short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def write_static(f: Findings, look_of: Styles, folder: Path) -> list[Path]:
    """Write `<name>.svg` and `<name>.pdf` for each figure that has data."""
    import matplotlib

    makers: dict[str, Callable[[], Figure | None]] = {
        "yield": partial(_yield, f, look_of),
        "gain": partial(_gain, f, look_of),
        "groups": partial(_groups, f, look_of),
        "effective_rank": partial(_rank, f, look_of),
        "grid": partial(_grid, f),
        "selection": partial(selection_sheet, f),
        "frontier": partial(frontier_sheet, f, look_of),
        "published": partial(published_sheet, f),
    }
    written = []
    with matplotlib.rc_context(STYLE):
        for name, make in makers.items():
            figure = make()
            if figure is not None:
                written += [save(figure, folder / f"{name}.{kind}") for kind in ("svg", "pdf")]
    return written


def _yield(f: Findings, look_of: Styles) -> "Figure | None":
    if not f.main:
        return None
    names = list(dict.fromkeys(key.name for key in f.main))
    titles = [next(iter(f.of(name))).place for name in f.evals]
    figure, axes = panels(titles, math.ceil(len(names) / COLUMNS))
    with shared_legend(figure, axes):
        for ax, name in zip(axes, f.evals, strict=True):
            _draw(ax, look_of, f.of(name), 100.0)
            for key in f.of(name):
                fit = f.fits[key]
                if fit.law and fit.verdict == "decided":
                    y = [100 * (1 - e.value) for e in fit.law.error]
                    sizes = [n for n in fit.law.grid if n <= 2.05 * f.main[key][-1].n]
                    colour = look_of[key.name].colour
                    ax.plot(sizes, y[: len(sizes)], ls=":", lw=1, color=colour)
            _baselines(ax, [b for b in f.baselines if b.eval == name], 100.0)
            ax.set_ylabel(f"{metric_name(next(iter(f.of(name))).metric)}, %")
    return figure


def _rank(f: Findings, look_of: Styles) -> "Figure | None":
    if not f.rank:
        return None
    evals = list(dict.fromkeys(key.eval for key in f.rank))
    names = list(dict.fromkeys(key.name for key in f.rank))
    figure, axes = panels(evals, math.ceil(len(names) / COLUMNS))
    with shared_legend(figure, axes):
        for ax, name in zip(axes, evals, strict=True):
            _draw(ax, look_of, {k: v for k, v in f.rank.items() if k.eval == name}, 1.0)
            _baselines(ax, [b for b in f.rank_baselines if b.eval == name], 1.0)
            ax.set_ylabel("effective rank")
    return figure


def _groups(f: Findings, look_of: Styles) -> "Figure | None":
    groups = [g for g in f.groups if any(key.eval == g.name for key in f.scores)]
    if not groups:
        return None
    names = list(dict.fromkeys(key.name for key in f.scores))
    titles = [f"{g.name} ({g.of})" for g in groups]
    figure, axes = panels(titles, math.ceil(len(names) / COLUMNS))
    with shared_legend(figure, axes):
        for ax, group in zip(axes, groups, strict=True):
            _draw(ax, look_of, {k: v for k, v in f.scores.items() if k.eval == group.name}, 100.0)
            _baselines(ax, [b for b in f.score_baselines if b.eval == group.name], 100.0)
            ax.set_ylabel("mean score, %")
    return figure


def _draw(ax: "Axes", look_of: Styles, lines: Curves, scale: float) -> None:
    for key, line in lines.items():
        style, x = look_of[key.name], [p.n for p in line]
        low, high = ([scale * getattr(p.seeds, e) for p in line] for e in ("low", "high"))
        ax.fill_between(x, low, high, color=style.colour, alpha=0.15, lw=0)
        y = [scale * p.seeds.mean for p in line]
        ax.plot(x, y, marker=style.marker, ls=style.pattern, color=style.colour, label=key.name)
    name_sizes(ax, sorted({p.n for line in lines.values() for p in line}))


def _baselines(ax: "Axes", bases: list[Baseline], scale: float) -> None:
    low, high = ax.get_ylim()
    values = [low, high, *(scale * b.seeds.mean for b in bases)]
    for b, side in label_sides(bases, (max(values) - min(values)) / scale):
        colour, at = BASELINES[b.kind], scale * b.seeds.mean
        ax.axhline(at, color=colour, lw=1, ls=(0, (4, 2)), zorder=1)
        where: Any = {"ha": side, "va": "bottom", "transform": ax.get_yaxis_transform()}
        ax.text(0.01 if side == "left" else 0.99, at, b.name, color=colour, fontsize=7, **where)


def _gain(f: Findings, look_of: Styles) -> "Figure | None":
    lines = list(f.gains.values())
    evals = [name for name in f.evals if any(g.key.eval == name for g in lines)]
    if not evals:
        return None
    names = list(dict.fromkeys(g.key.name for g in lines))
    titles = [next(g.key.place for g in lines if g.key.eval == name) for name in evals]
    figure, axes = panels(titles, math.ceil(len(names) / COLUMNS))
    with shared_legend(figure, axes):
        for ax, name in zip(axes, evals, strict=True):
            mine = [g for g in lines if g.key.eval == name]
            ax.axhspan(-100 * f.worth, 100 * f.worth, color="#999999", alpha=0.18, lw=0)
            ax.axhline(0, color="#777777", lw=0.7)
            for i, line in enumerate(mine):
                shift = (
                    min(0.35, 0.07 * len(mine))
                    * (i - (len(mine) - 1) / 2)
                    / max(1, (len(mine) - 1) / 2)
                )
                known = [s for s in line.steps if s.per_doubling.covers != "nothing"]
                each = [s.per_doubling for s in known]
                x = [math.sqrt(s.n * s.to) * (s.to / s.n) ** shift for s in known]
                errors = [[100 * d.arms[side] for d in each] for side in (0, 1)]
                look: Any = {"color": look_of[line.key.name].colour, "label": line.key.name}
                y = [100 * d.mean for d in each]
                ax.errorbar(
                    x,
                    y,
                    errors,
                    fmt=look_of[line.key.name].marker,
                    elinewidth=1,
                    capsize=1.5,
                    **look,
                )
            name_sizes(ax, sorted({p.n for g in mine for p in f.main[g.key]}))
            ax.set_ylabel("points per doubling")
    return figure


def _grid(f: Findings) -> "Figure | None":
    if not f.grids:
        return None
    from matplotlib.colors import LinearSegmentedColormap

    titles = [f"{grid.key.eval}, {grid.key.name}" for grid in f.grids]
    figure, axes = panels(titles, 0)
    colours = LinearSegmentedColormap.from_list("light", ["#f4f1e6", "#6fb3dc"])
    for ax, grid in zip(axes, f.grids, strict=True):
        sizes = sorted({c.n for c in grid.cells})
        budgets = sorted({c.images for c in grid.cells})
        image = [[math.nan] * len(sizes) for _ in budgets]
        for c in grid.cells:
            i, j = budgets.index(c.images), sizes.index(c.n)
            image[i][j] = 100 * c.seeds.mean
            regime = c.regime.replace("-", "-\n").replace(" ", "\n")
            text = f"{100 * c.seeds.mean:.1f}\n{regime}"
            ax.text(j, i, text, ha="center", va="center", fontsize=5.5, linespacing=1)
        ax.imshow(image, cmap=colours, origin="lower", aspect="auto")
        ax.grid(visible=False)
        ax.set_xticks(range(len(sizes)), [short_number(n) for n in sizes])
        ax.set_yticks(range(len(budgets)), [short_number(c) for c in budgets])
        ax.set_xlabel("images N", labelpad=1)
        ax.set_ylabel("images presented C")
    return figure
