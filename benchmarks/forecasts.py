"""How far forecasts along one axis miss, and how often their intervals cover.

    python benchmarks/forecasts.py [--reference FOLDER] [--curves 40] [--write]

Three kinds of curves: of the published tables (FOLDER, else $DATAYIELD_REFERENCE, else
../shared/reference), of the project's own results/, and of synthetic worlds (`forecast_worlds`),
those on which constants were chosen and others. Of measured curves the last point is hidden, and
the last decade where four sizes stay. Beside `datayield.forecast`: the power law with an offset
that the report fits, half of the last slope, and an error linear in ln size. Prints JSON lines;
--write keeps them in benchmarks/results.
"""

import argparse
import datetime
import json
import os
import platform
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from forecast_curves import Curve, Floats, own, published
from forecast_worlds import OTHERS, WORLDS, curve, splits

from datayield import forecast
from datayield.analysis.model.power_law import fit_robust

ROOT = Path(__file__).parents[1]
Line = dict[str, object]


class Task(NamedTuple):
    """What is seen of one curve, and what is predicted."""

    sizes: Floats
    errors: Floats
    at: Floats
    truth: Floats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--curves", type=int, default=40, help="of each synthetic world")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    default = os.environ.get("DATAYIELD_REFERENCE", ROOT.parent / "shared/reference")
    reference = asked.reference or Path(default)
    lines = [{"python": platform.python_version(), "numpy": np.__version__}]
    for line in measured(reference, asked.curves):
        print(json.dumps(line), flush=True)
        lines.append(line)
    if asked.write:
        path = ROOT / f"benchmarks/results/forecasts_{datetime.date.today()}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def measured(reference: Path, number: int) -> Iterator[Line]:
    """All lines: curves of tables, own curves, synthetic ones by regime, and by world."""
    if reference.is_dir():
        yield from hidden("published tables", published(reference))
    else:
        yield {"curves": "published tables", "skipped": f"{reference} not found"}
    yield from hidden("own results", own(ROOT / "results"))
    for name, worlds in (("worlds for tuning", WORLDS), ("other worlds", OTHERS)):
        regimes = defaultdict[str, list[Task]](list)
        for world in worlds:
            tasks = defaultdict[str, list[Task]](list)
            for seed in range(number):
                x, y = curve(world, seed)
                for regime, (seen, ahead) in splits(x, seed).items():
                    tasks[regime].append(Task(x[seen], y[seen], x[ahead], y[ahead]))
            for regime, those in tasks.items():
                regimes[regime] += those
                yield {"curves": world, "hidden": regime, **compared(those)}
        for regime, those in regimes.items():
            yield {"curves": name, "hidden": regime, **compared(those)}


def hidden(name: str, curves: list[Curve]) -> Iterator[Line]:
    """The last point of each curve hidden, by how many sizes stay; then the last decade."""
    by_number = defaultdict[str, list[Task]](list)
    for c in curves:
        stay = len(c.sizes) - 1
        by_number[str(stay) if stay < 4 else "four or more"].append(_task(c, stay))
    for stay, tasks in sorted(by_number.items()):
        yield {"curves": name, "hidden": "last point", "sizes": stay, **compared(tasks)}
    decades = [(c, int((c.sizes <= c.sizes[-1] / 10).sum())) for c in curves]
    tasks = [_task(c, stay) for c, stay in decades if stay >= 4]
    if tasks:
        yield {"curves": name, "hidden": "last decade", **compared(tasks)}


def _task(c: Curve, stay: int) -> Task:
    return Task(c.sizes[:stay], c.errors[:stay], c.sizes[stay:], c.errors[stay:])


def compared(tasks: list[Task]) -> Line:
    """Mean over tasks of the RMS error of ln error, by method; coverage of the 90% intervals."""
    missed = defaultdict[str, list[float]](list)
    covered, seconds = [], []
    for task in tasks:
        started = time.perf_counter()
        told = forecast(task.sizes, task.errors, task.at)
        seconds.append(time.perf_counter() - started)
        guesses = {"forecast": told.mean, **others(task)}
        for method, guess in guesses.items():
            missed[method].append(_rms(np.log(guess / task.truth)))
        if len(task.sizes) >= 4:
            covered.append(np.mean((told.low <= task.truth) & (task.truth <= told.high)))
    line: Line = {"number": len(tasks)}
    line |= {method: round(float(np.mean(values)), 4) for method, values in missed.items()}
    line["coverage"] = round(float(np.mean(covered)), 3) if covered else None
    line["seconds"] = round(float(np.median(seconds)), 4)
    return line


def others(task: Task) -> dict[str, Floats]:
    """What the other methods predict; a power law needs four sizes."""
    x, y, at = np.log(task.sizes), task.errors, np.log(task.at)
    slope = np.log(y[-1] / y[-2]) / (x[-1] - x[-2])
    line = np.polyval(np.polyfit(x, y, 1), at)
    guesses = {
        "half of the last slope": y[-1] * np.exp(0.5 * slope * (at - x[-1])),
        "linear in ln size": np.maximum(line, 1e-3),
    }
    if len(x) >= 4:
        law = fit_robust(task.sizes, np.arange(len(x)), y[None])
        guesses["power law"] = np.maximum(law.error(task.at)[0], 1e-6)
    return guesses


def _rms(values: Iterable[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


if __name__ == "__main__":
    main()
