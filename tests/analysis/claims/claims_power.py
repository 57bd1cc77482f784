"""How often claims are called right and wrong: `python -m tests.analysis.claims.claims_power`.

Prints two tables. First false alarms where no effect is planted (and a familywise rate over one
claim of each test), and the power where the paper's effect is; for `flat` it is the other way
round: the false alarm is an effect of the margin that is called flat. Then how often an effect of
exactly the margin is called "no effect", and how often none is, and the same of "not always", where
a claim states an effect of several comparisons. --studies N: how many of each.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from math import log2
from typing import Any, NamedTuple

from tests.analysed import verdicts_of
from tests.analysis.claims.claims_simulated import SHARES, SIZES, Truth, nothing, simulate


class Planted(NamedTuple):
    """A claim, the truth under which it does not hold, and one under which it does, in words."""

    claim: dict[str, Any]
    absent: Truth
    present: Truth
    effect: str


def _rise(points: float) -> Truth:
    """`points` from the smallest N to the largest, evenly by doublings."""
    return lambda n, m, b, t, s: 0.5 + points / 100 * n / 5


def _bend(n: float, m: int, b: int, t: int, s: float) -> float:
    return 0.5 + 0.01 * (1.2 * min(n, 3) + 0.2 * max(n - 3, 0))


def _steady(n: float, m: int, b: int, t: int, s: float) -> float:
    return 0.5 + 0.008 * n


def _peak(n: float, m: int, b: int, t: int, s: float) -> float:
    return 0.5 + (0.03 if 0.3 < s < 0.7 else 0.0)


def _known(x: float) -> dict[str, float]:
    return {str(size): float(i) for i, size in enumerate(SIZES)}


CLAIMS: dict[str, Planted] = {
    "beats_baseline": Planted(
        {"of": "one", "each": ["data.count"]},
        nothing,
        lambda n, m, b, t, s: 0.53,
        "+3 points at every N",
    ),
    "gain": Planted(
        {"of": ["one", "two", "three"], "over": "data.count", "from": 1000, "to": 4000},
        nothing,
        lambda n, m, b, t, s: 0.5 + 0.014 * min(n / 2, 1),
        "+1.4 points (Olerinskiy)",
    ),
    "monotone": Planted(
        {"of": "two", "over": "data.count", "each": ["method"]}, nothing, _rise(5), "+5 points"
    ),
    "diminishing": Planted(
        {"of": "one", "over": "data.count"}, _steady, _bend, "1.2, then 0.2 points per doubling"
    ),
    "flat": Planted(
        {"of": ["one", "two", "three"], "over": "data.count", "margin": 2.0},
        _rise(2),
        nothing,
        "none, margin 2 points",
    ),
    "peak_then_fall": Planted(
        {"of": "one", "where": {"data.count": "first"}}, nothing, _peak, "3 points up, 3 down"
    ),
    "gap_grows": Planted(
        {"of": "one", "over": "data.count", "across": "method",
         "between": ["simclr", "moco_v3"]},
        nothing,
        lambda n, m, b, t, s: 0.5 + 0.006 * n * (m == 2),
        "a gap that grows by 3 points",
    ),
    "ordering": Planted(
        {"of": "one", "over": "method", "order": ["simclr", "barlow_twins", "moco_v3"]},
        lambda n, m, b, t, s: 0.5 + 0.03 * (m == 2),
        lambda n, m, b, t, s: 0.5 + 0.02 * m,
        "steps of 2 points",
    ),
    "correlates": Planted(
        {"of": "two", "over": "data.count", "numbers": _known(0)}, nothing, _rise(5), "+5 points"
    ),
    "crossover": Planted(
        {"of": "one", "over": "data.count", "across": "method",
         "between": ["simclr", "moco_v3"]},
        lambda n, m, b, t, s: 0.5 + 0.03 * (m == 0) * (n < 2),
        lambda n, m, b, t, s: 0.5 + 0.03 * (1 if (m == 0) == (n < 2) else 0),
        "3 points, then −3",
    ),
    "flips_under": Planted(
        {"of": "one", "over": "data.count", "under": "budget",
         "settings": [{"epochs": 10}, {"images": 160000}]},
        lambda n, m, b, t, s: 0.5 + 0.01 * n * (b == 0) * 0.6,
        lambda n, m, b, t, s: 0.5 + 0.006 * n * (1 if b == 0 else -1),
        "+3 under one, −3 under the other",
    ),
    "gain by images": Planted(
        {"test": "gain", "of": ["one", "two", "three"], "over": "data.count", "from": 1000,
         "to": 4000, "by": "images"},
        nothing,
        lambda n, m, b, t, s: 0.5 + 0.014 * min(n / 2, 1),
        "+1.4 points at equal images",
    ),
    "gain, two axes": Planted(
        {"test": "gain", "of": "one", "over": "data.count", "from": 32000,
         "at_from": {"budget": {"epochs": 10}}, "to": 4000,
         "at_to": {"budget": {"images": 160000}}},
        nothing,
        lambda n, m, b, t, s: 0.5 + 0.03 * b,
        "+3 points of fewer images at a larger budget",
    ),
    "gain, time to the end of a cell": Planted(
        {"test": "gain", "of": "one", "over": "method", "from": "simclr", "to": "moco_v3",
         "by": "flops", "reach": {"method": "simclr"}, "expect": "fall"},
        lambda n, m, b, t, s: 0.5 + 0.03 * log2(5 * s),
        lambda n, m, b, t, s: 0.5 + 0.03 * log2(5 * s) + 0.03 * (m == 2),
        "a doubling sooner",
    ),
    "gain, time to 53%": Planted(
        {"test": "gain", "of": "one", "over": "method", "from": "simclr", "to": "moco_v3",
         "by": "flops", "reach": 53, "expect": "fall"},
        lambda n, m, b, t, s: 0.5 + 0.03 * log2(5 * s),
        lambda n, m, b, t, s: 0.5 + 0.03 * log2(5 * s) + 0.03 * (m == 2),
        "a doubling sooner, some within the first milestone",
    ),
    "flips_under, by": Planted(
        {"test": "flips_under", "of": "one", "over": "data.count", "from": 1000, "to": 32000,
         "under": "by", "settings": ["epochs", "images"]},
        lambda n, m, b, t, s: 0.5 + 0.006 * n * (b == 0),
        lambda n, m, b, t, s: 0.5 + 0.006 * n * (1 if b == 0 else -1),
        "+3 at equal epochs, −3 at equal images",
    ),
}  # fmt: skip


# Effects of exactly the margin of "no effect", one point.
AT_THE_MARGIN: dict[str, Truth] = {
    "beats_baseline": lambda n, m, b, t, s: 0.51,
    "gain": lambda n, m, b, t, s: 0.5 + 0.01 * min(n / 2, 1),
    "monotone": _rise(1),
    "peak_then_fall": lambda n, m, b, t, s: 0.5 + (0.01 if 0.3 < s < 0.7 else 0.0),
    "gap_grows": lambda n, m, b, t, s: 0.5 + 0.002 * n * (m == 2),
    "ordering": lambda n, m, b, t, s: 0.5 + 0.005 * m,
    "crossover": lambda n, m, b, t, s: 0.5 + 0.01 * (m == 0) * (n < 2),
    "flips_under": lambda n, m, b, t, s: 0.5 + 0.002 * n * (b == 0),
    "gain by images": lambda n, m, b, t, s: 0.5 + 0.01 * min(n / 2, 1),
}


# Claims of several comparisons, with an effect of exactly one point in each of them.
ALWAYS_AT_THE_MARGIN: dict[str, Truth] = {
    "beats_baseline": lambda n, m, b, t, s: 0.51,
    "monotone": _rise(1),
    "ordering": lambda n, m, b, t, s: 0.5 + 0.01 * m,
    "crossover": lambda n, m, b, t, s: 0.5 + 0.01 * (m == 0) * (1 if n < 2 else -1),
    "flips_under": lambda n, m, b, t, s: 0.5 + 0.002 * n * (1 if b == 0 else -1),
}


def rates(
    test: str, truth: Truth, seeds: int, studies: int, start: int = 0, **more: Any
) -> Counter[str]:
    """Verdict -> how many of the studies, for one claim alone."""
    claim = {"id": "C1", "test": test, **CLAIMS[test].claim}
    shares = shares_of(test)
    of = CLAIMS[test].claim["of"]
    tasks = [of] if isinstance(of, str) else of
    verdicts: Counter[str] = Counter()
    for i in range(studies):
        results = simulate([claim], truth, seeds, start + i, shares=shares, tasks=tasks, **more)
        verdicts[verdicts_of(results)[0].verdict] += 1
    return verdicts


def shares_of(test: str) -> Sequence[float]:
    """Shares of the budget that its claim looks at."""
    return SHARES if test == "peak_then_fall" or "time to" in test else (1.0,)


def familywise(seeds: int, studies: int, start: int = 0, **more: Any) -> tuple[int, int]:
    """Studies with nothing planted in which any claim is called reproduced; and either word."""
    claims = [
        {"id": f"C{i}", "test": test, **planted.claim}
        for i, (test, planted) in enumerate(CLAIMS.items())
        if test != "flat" and "test" not in planted.claim  # flat is true where nothing is planted
    ]
    reproduced = either = 0
    for i in range(studies):
        judged = verdicts_of(simulate(claims, nothing, seeds, start + i, **more))
        reproduced += any(j.verdict == "reproduced" for j in judged)
        either += any(j.verdict in ("reproduced", "contradicted") for j in judged)
    return reproduced, either


def uneven(n: float) -> float:
    """Runs on few images vary twice as much."""
    return 2.0 if n < 3000 else 1.0


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=400)
    many = parser.parse_args(arguments).studies
    out = sys.stdout.write
    out(
        f"Share of {many} simulated studies, %: not so but called reproduced / and contradicted\n\n"
    )
    out(
        "| test | 2 seeds | 3 seeds | 3 seeds, uneven noise | power at 2 | power at 3 | planted |\n"
    )
    out("|---|---|---|---|---|---|---|\n")
    for test, planted in CLAIMS.items():
        cells = []
        for seeds, more in ((2, {}), (3, {}), (3, {"noise_at": uneven})):
            verdicts = rates(test, planted.absent, seeds, many, **more)
            wrong, contrary = verdicts["reproduced"], verdicts["contradicted"]
            cells.append(f"{_share(wrong, many)} / {_share(contrary, many)}")
        for seeds in (2, 3):
            verdicts = rates(test, planted.present, seeds, many, 10**6)
            cells.append(_share(verdicts["reproduced"], many))
        out(f"| {test} | {' | '.join(cells)} | {planted.effect} |\n")
        sys.stdout.flush()
    cells = []
    for seeds, more in ((2, {}), (3, {}), (3, {"noise_at": uneven})):
        alarm, either = familywise(seeds, many, 2 * 10**6, **more)
        cells.append(f"{_share(alarm, many)} / {_share(either - alarm, many)}")
    out(f"| any of ten (Holm) | {' | '.join(cells)} | | | nothing |\n")
    _excluded("no effect", AT_THE_MARGIN, many, 3 * 10**6)
    _excluded("not always", ALWAYS_AT_THE_MARGIN, many, 4 * 10**6)


def _excluded(verdict: str, truths: dict[str, Truth], many: int, start: int) -> None:
    """Print how often `verdict` is given where these truths hold, and where there is no effect."""
    out = sys.stdout.write
    out(f'\nShare of {many} simulated studies called "{verdict}", %\n\n')
    out("| test | one point, 2 seeds | 3 seeds | nothing, 2 seeds | 3 seeds |\n")
    out("|---|---|---|---|---|\n")
    for test, truth in truths.items():
        cells = [
            _share(rates(test, each, seeds, many, start)[verdict], many)
            for each in (truth, nothing)
            for seeds in (2, 3)
        ]
        out(f"| {test} | {' | '.join(cells)} |\n")
        sys.stdout.flush()


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f}"


if __name__ == "__main__":
    main()
