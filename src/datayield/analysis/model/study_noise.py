"""Which cells of a study share one noise model: all of one evaluation and metric."""

from collections.abc import Hashable

from datayield.analysis.model.contrast import LayoutCell
from datayield.analysis.model.noise_model import NoiseModel
from datayield.analysis.results import Baseline, MetricResults, Point

NoiseModels = dict[str, NoiseModel]  # by evaluation


def point_key(point: Point) -> Hashable:
    """The point's cell in the layout of its evaluation."""
    return point.key, point.encoder, point.n, point.images


def base_key(base: Baseline) -> Hashable:
    """The baseline's cell in the layout of its evaluation."""
    return base.kind, base.encoder


def noise_models(measured: MetricResults) -> NoiseModels:
    """One fit per evaluation, to every curve's cells and to the untrained encoders.

    The same seed gives the runs of one method and encoder the same initial weights and nested
    subsets, so they are a block, and each curve is a line. Pixels and published weights have no
    seed.
    """
    cells: dict[str, list[LayoutCell]] = {}
    for key, line in measured.curves.items():
        mine = cells.setdefault(key.eval, [])
        for p in line:
            mine.append(
                LayoutCell(point_key(p), p.seeds, (key.method, p.encoder), (key, p.encoder), p.n)
            )
    for base in measured.baselines:
        if base.kind == "untrained" and base.eval in cells:
            name = base_key(base)
            cells[base.eval].append(LayoutCell(name, base.seeds, name, name, 0))
    return {name: NoiseModel(mine) for name, mine in cells.items()}
