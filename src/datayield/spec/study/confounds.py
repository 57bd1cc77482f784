"""Confounds that would make a study's curves misleading: reported as warnings, not errors.

Each warning names the key to change. These are the common pitfalls: durations in epochs, batches
larger than the dataset, recipes that depend on N, a single seed.
"""

from collections.abc import Iterable
from itertools import combinations

from datayield.spec.run import DURATIONS, Mixture, RunSpec, Subset, ViewSpec
from datayield.spec.study.cell import Cell
from datayield.spec.study.repeated import same_runs
from datayield.spec.study.study import Study

FEW_STEPS = 100
FEW_WARMUP_STEPS = 5


def confounds(study: Study, cells: list[Cell]) -> list[str]:
    """Warnings in plain words, the most serious first."""
    runs = [cell.run for cell in cells]
    return [
        *_size_with_compute(cells),
        *_same_runs(study, runs),
        *_too_short(runs),
        *_durations_move(cells),
        *_small_sets(runs),
        *_mixtures(cells),
        *_labels_choose(cells),
        *_methods_differ(runs),
        *_views_differ(runs),
        *_seeds(study, runs),
        *_probes(study),
    ]


def _size_with_compute(cells: list[Cell]) -> Iterable[str]:
    sizes = {cell.run.data.count for cell in cells}
    by_budget: dict[str, set[int]] = {}
    for cell in cells:
        by_budget.setdefault(cell.budget.label(), set()).add(cell.run.images)
    moving = [budget for budget, images in by_budget.items() if len(sizes) > 1 and len(images) > 1]
    if moving and len(moving) == len(by_budget):
        yield (
            f"budget: at {moving[0]} the compute C grows with N, so data size and training length "
            "are confounded; add a fixed budget as well, for example {images: "
            f"{max(by_budget[moving[0]])}}}"
        )


def _same_runs(study: Study, runs: list[RunSpec]) -> Iterable[str]:
    for same in same_runs(study.axes, [run.id for run in runs]):
        yield (
            f"axes.{same.axis}: {same.first} and {same.second} give the same runs throughout, "
            "so their curves are duplicates"
        )


def _too_short(runs: list[RunSpec]) -> Iterable[str]:
    shortest = min(runs, key=lambda run: run.steps)
    if shortest.steps < FEW_STEPS:
        yield (
            f"budget: the shortest run has {shortest.steps} optimizer steps (n="
            f"{shortest.data.count}, batch {shortest.batch}); lower batch or raise the budget"
        )
    warm = min(run.optim.warmup * run.trunk_steps for run in runs)
    if 0 < warm < FEW_WARMUP_STEPS:
        yield f"optim.warmup: only {warm:.1f} steps in the shortest run"


def _durations_move(cells: list[Cell]) -> Iterable[str]:
    """Durations in epochs with a budget that is not in epochs."""
    shares_of: dict[tuple[str, str, str, str], set[float]] = {}
    for cell in cells:
        spec = cell.run.model_dump()
        for key in DURATIONS:
            part, knob = key.split(".")
            if isinstance(share := spec[part].get(knob), float):
                group = key, cell.axes_label, cell.run.method.name, cell.budget.label()
                shares_of.setdefault(group, set()).add(share)
    for key in DURATIONS:
        shares = set().union(
            *(s for group, s in shares_of.items() if group[0] == key and len(s) > 1)
        )
        if shares:
            yield (
                f"{key}: a duration in epochs is {min(shares):.2g} to {max(shares):.2g} of the "
                "run, depending on N; give it as a share of the budget to keep it fixed"
            )


def _small_sets(runs: list[RunSpec]) -> Iterable[str]:
    tiny = sorted({run.data.count or 0 for run in runs if (run.data.count or 0) < run.batch})
    if tiny:
        yield (
            f"data.count: {', '.join(map(str, tiny))} is less than a batch of "
            f"{max(run.batch for run in runs)}, so batches contain duplicate images; a "
            "contrastive loss then repels an image from itself"
        )


def _mixtures(cells: list[Cell]) -> Iterable[str]:
    """What a mixture changes besides the added images, and which labels its parts use."""
    runs = [cell.run for cell in cells]
    alone: dict[Subset, list[RunSpec]] = {}
    for run in runs:
        if isinstance(run.data, Subset):
            alone.setdefault(run.data, []).append(run)
    for run in (run for run in runs if isinstance(run.data, Mixture)):
        n = run.data.count or 1
        for name, part in run.data.members:
            others, own = alone.get(part, []), part.count or 1
            images = any(other.images == run.images for other in others)
            epochs = any(abs(other.images * n - run.images * own) < own * n for other in others)
            if others and not (images and epochs):
                yield (
                    f"data.parts.{name}: its images are seen {run.images / n:.3g} times in the "
                    f"mixture and {others[0].images / own:.3g} times alone; add runs on it alone "
                    "at both equal images presented and equal epochs"
                )
                return


def _labels_choose(cells: list[Cell]) -> Iterable[str]:
    parts = (part for cell in cells for _, part in cell.run.data.members)
    if chosen := sorted({part.words for part in parts if part.classes is not None}):
        yield (
            f"data.classes: labels select the images of {', '.join(chosen)}; no "
            "loss uses labels, but this set cannot be built without them"
        )


def _methods_differ(runs: list[RunSpec]) -> Iterable[str]:
    by_method: dict[str, set[tuple[object, ...]]] = {}
    for run in runs:
        key = (run.batch, run.view_count, run.precision)
        by_method.setdefault(run.method.name, set()).add(key)
    if (
        len(by_method) > 1
        and len(set().union(*by_method.values())) > 1
        and not any(by_method[a] == by_method[b] for a in by_method for b in by_method if a != b)
    ):
        yield "recipes: the methods differ in batch, number of views or precision, not only in loss"


def _views_differ(runs: list[RunSpec]) -> Iterable[str]:
    """Numbers of views that have no kind of view in common: what differs besides the number."""
    kinds: dict[tuple[str, int], set[ViewSpec]] = {}
    for run in runs:
        alike = {view.model_copy(update={"count": 1}) for view in run.views}
        kinds.setdefault((run.method.name, run.view_count), set()).update(alike)
    for ((method, few), one), ((other, many), two) in combinations(kinds.items(), 2):
        if method == other and not one & two:
            first, second = min(one, key=repr).model_dump(), min(two, key=repr).model_dump()
            differ = ", ".join(key for key, value in first.items() if second[key] != value)
            yield (
                f"views: {method} with {few} and with {many} views differs in {differ} too, not "
                "only in their number; give both the same view, with another count"
            )
            return


def _seeds(study: Study, runs: list[RunSpec]) -> Iterable[str]:
    seeds = {run.seed for run in runs}
    if len(seeds) == 1:
        yield "axes.seed: a single seed gives no band, so differences may be noise"
    if len(seeds) > 1 and "seed" in study.base.get("data", {}):
        yield "data.seed is fixed: the band over seeds excludes the choice of images"


def _probes(study: Study) -> Iterable[str]:
    for ev in study.evaluations:
        scored = ev.traits.needs_labels  # others have no per-item score
        if scored and ev.test_count is not None and ev.test_count < 500:
            yield (
                f"evaluations.{ev.name}: {ev.test_count} test images imply an error of about "
                f"±{98 / ev.test_count**0.5:.1f} points in every score"
            )
