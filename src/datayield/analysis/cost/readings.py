"""A study's runs as readings: one score of one seed, and what had been spent for it.

A run's final score is valid for its own budget. Its score at a milestone is valid for a smaller
budget only if the milestone equals a complete run (spec/run/milestone_run.py): at a constant
learning rate on a trunk. Under a cosine, or before the decay of `wsd`, it does not.
"""

import json
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from datayield.analysis.results import Row, RunCost, StudyResults
from datayield.spec.run import NORMALISERS, Normaliser, RunSpec, Subset, run_at, short_number

UNITS = NORMALISERS


class Context(NamedTuple):
    """What readings must share to be comparable: everything but images, budget and seed."""

    eval: str
    protocol: str
    metric: str
    method: str
    digest: str  # the rest of the run, as JSON


class Reading(NamedTuple):
    """One score of one seed after `spent`; `whole` at the end of a run, else at a milestone."""

    context: Context
    data: str  # which images, except how many and which draw: equal along a ladder
    n: int
    seed: int
    spent: dict[Normaliser, float]
    row: Row
    whole: bool
    stands: bool  # for a run of that budget


class Standing(NamedTuple):
    """How many of a study's runs can be read at milestones, and how many only at full budget."""

    reread: int  # runs with milestones that equal complete runs
    alone: int  # runs that are valid only at their full budgets


class RunCosts:
    """The cost of each finished run, by id; turns rows into readings."""

    def __init__(self, results: StudyResults) -> None:
        self._spent = {spent.run: spent for spent in results.spent}
        self._runs = _Runs(results.specs)

    def readings(self, rows: Iterable[Row]) -> list[Reading]:
        """Every score of every finished run, with its cost in each normaliser.

        FLOPs and seconds of a milestone are its fraction of the run's, plus those of the stages
        that its encoder comes from; images, epochs and views are the run's own. Images are those
        requested, though the last batch is full. Runs without a spec or a record are left out.
        """
        readings = []
        contexts: dict[Context, Context] = {}  # equal ones are kept once: rows are many
        for run, own in groupby(rows, attrgetter("run")):
            spent = self._spent.get(run)
            if spent is None or run not in self._runs:
                continue
            before = [self._spent.get(each) for each in self._runs.before(run)]
            stages = [each for each in before if each is not None]
            if len(stages) < len(before):
                continue
            rest, data = self._runs.rest(run), self._runs.data(run)
            at: dict[float, tuple[dict[Normaliser, float], bool, bool]] = {}
            for row in own:
                share = row.share
                if share not in at:
                    whole = share >= 1
                    stands = whole or self._runs.stands(run, share)
                    at[share] = _spent(row, spent, stages), whole, stands
                context = Context(row.eval, row.protocol, row.metric, row.method, rest)
                context = contexts.setdefault(context, context)
                amounts, whole, stands = at[share]
                readings.append(
                    Reading(context, data, row.n, row.seed, amounts, row, whole, stands)
                )
        return readings


def standing(readings: Iterable[Reading]) -> Standing:
    """How many runs are read at milestones, and how many only at their full budgets."""
    seen = {r.row.run for r in readings}
    reread = {r.row.run for r in readings if r.stands and not r.whole}
    return Standing(len(reread), len(seen - reread))


def amount(unit: Normaliser, value: float) -> str:
    """A level of a normaliser as text: '160k images', '10 epochs', '35 s'."""
    if unit == "seconds":
        return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"
    if unit == "epochs":
        return f"{value:.3g} epochs"
    return f"{short_number(value)} {'FLOPs' if unit == 'flops' else unit}"


def _spent(row: Row, spent: RunCost, before: list[RunCost]) -> dict[Normaliser, float]:
    """What the run had cost by then; FLOPs and seconds include those of earlier stages."""
    part = row.share * row.images / max(spent.images, 1)  # of the whole run's cost
    amounts: dict[Normaliser, float] = {
        "images": row.share * row.images,
        "views": part * spent.views,
        "seconds": part * spent.seconds + sum(b.seconds for b in before),
    }
    if row.n:
        amounts["epochs"] = amounts["images"] / row.n
    flops = [b.flops for b in before if b.flops is not None]
    if spent.flops is not None and len(flops) == len(before):
        amounts["flops"] = part * spent.flops + sum(flops)
    return amounts


_REST = tuple(name for name in RunSpec.model_fields if name not in ("data", "budget", "seed"))
_rest_of = attrgetter(*_REST)


class _Runs:
    """Properties of the runs' specs, each computed once for all runs that share its parts.

    Runs of a study usually hold the same part objects, so parts are compared by identity.
    """

    def __init__(self, specs: dict[str, RunSpec]) -> None:
        self._specs = specs
        self._rest: dict[tuple[int, ...], str] = {}
        self._data: dict[int, str] = {}
        self._texts: dict[str, str] = {}  # equal texts are kept once

    def __contains__(self, run: str) -> bool:
        return run in self._specs

    def rest(self, run: str) -> str:
        """Everything but images, budget and seeds."""
        spec = self._specs[run]
        parts = tuple(map(id, _rest_of(spec)))
        if parts not in self._rest:
            text = spec.model_dump_json(include=set(_REST))
            if spec.before is not None:  # earlier stages have seeds too
                text = json.dumps(_unseeded(json.loads(text)))
            self._rest[parts] = self._texts.setdefault(text, text)
        return self._rest[parts]

    def data(self, run: str) -> str:
        """The images, regardless of their number and of the seeds that draw them."""
        data = self._specs[run].data
        if id(data) not in self._data:
            drawn: Any = {"parts": {"__all__": {"seed"}}}
            if isinstance(data, Subset):
                drawn = {"count", "seed"}
            text = data.model_dump_json(exclude=drawn)
            self._data[id(data)] = self._texts.setdefault(text, text)
        return self._data[id(data)]

    def stands(self, run: str, share: float) -> bool:
        """Whether the run at this milestone equals a complete run of that budget."""
        return run_at(self._specs[run], share) is not None

    def before(self, run: str) -> list[str]:
        """Ids of the runs that this one's encoder comes from."""
        spec = self._specs[run]
        return [] if spec.before is None else [stage.id for stage in spec.chain[:-1]]


def _unseeded(value: Any) -> Any:
    """`value` without seeds, which earlier stages of a chain have too."""
    if isinstance(value, dict):
        return {k: _unseeded(v) for k, v in value.items() if k != "seed"}
    return [_unseeded(v) for v in value] if isinstance(value, list) else value
