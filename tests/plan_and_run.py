"""Whether `plan` and `run` agree: `python -m tests.plan_and_run [--count 450] [--seed 0]`.

Every generated study is planned and run, in processes forked from one that has imported torch, with
its budgets cut to two steps. What only `plan` refuses is run too, as if nothing had been refused.
Prints how many ended how, and each that should not have; exit code 1 where there is one:

- accepted by `plan` and refused by `run`, or failed in it; refused by `plan`, yet `run` could
- a traceback, or a hang
- a value that was written and is not what the runs have
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from datayield.run.signals import ABORTED
from tests.generated_configs import BASE, LONGEST, Outcome, called, generated, place
from tests.generated_mismatches import mismatched, options_of, write_sets
from tests.written_values import silently_changed

STOP, KILL = 5.0, 40.0  # seconds after which a run is asked to stop, or is killed
STEPS = 2
RAN = (0, 3, ABORTED)  # the last two were stopped
UNKNOWABLE = ("cannot be downloaded",)  # before it is tried
ON_PURPOSE = (  # it would run, and mean nothing
    "are also in", "no test image is of", "class is ambiguous", "parts A and B share images",
    "a classifier needs training items of",  # knn@1 would score 1.0 on a single class
)  # fmt: skip


class Agreed(NamedTuple):
    """One study: what plan did, what run did, and what run does if plan's refusals are ignored."""

    text: str
    plan: Outcome
    run: Outcome
    forced: Outcome | None
    changed: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """One of the rows of the table; those in capitals should not be."""
        if self.plan.crashed or self.run.crashed:
            return "TRACEBACK"
        if "HANG" in (self.plan.reason, self.run.reason) or self.plan.seconds > LONGEST:
            return "HANG"
        if self.changed:
            return "CHANGED SILENTLY"
        if self.plan.code == 0:
            if self.run.code == 2:
                known = not any(words in self.run.reason for words in UNKNOWABLE)
                return "REFUSED BY RUN ALONE" if known else "refused by run: no network"
            return "accepted and ran" if self.run.code in RAN else "FAILED IN RUN"
        if self.run.code != self.plan.code:
            return "REFUSED BY PLAN ALONE"
        if self.forced is not None and self.forced.code == 0:
            wanted = any(words in self.plan.reason for words in ON_PURPOSE)
            return "refused by both, on purpose" if wanted else "REFUSED, YET RUNS"
        return "refused by both"


def forked(work: Callable[[], dict[str, Any]], seconds: float = KILL) -> dict[str, Any] | None:
    """What `work` returns, from a forked process; None where it had to be killed.

    It gets SIGINT after `STOP` seconds, and again after as many, as from a person who stops it.
    """
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        os.setsid()
        try:
            with os.fdopen(theirs, "w") as pipe:
                json.dump(_told_by(work), pipe)
        finally:
            os._exit(0)
    os.close(theirs)
    began, asked = time.monotonic(), 0
    while (ended := os.waitpid(pid, os.WNOHANG))[0] == 0:
        took = time.monotonic() - began
        if took > seconds:
            os.killpg(pid, signal.SIGKILL)
            ended = os.waitpid(pid, 0)
            break
        if took > STOP * (asked + 1) and asked < 2:
            os.kill(pid, signal.SIGINT)
            asked += 1
        time.sleep(0.005)
    with os.fdopen(ours) as pipe:
        told = pipe.read()
    if not told and (code := os.waitstatus_to_exitcode(ended[1])) == ABORTED:
        return {"code": code, "reason": "ok"}
    return json.loads(told) if told else None


def _told_by(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return work()
    except BaseException:
        return {"crashed": traceback.format_exc()}


def agreed(text: str, folder: Path) -> Agreed:
    """Plan a study, run it, and run it again without plan's refusals if it has any."""
    path, options = folder / "odd.yaml", options_of(text)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    def plan() -> dict[str, Any]:
        done = called("plan", "odd.yaml", "--json", *options)
        return {**done._asdict(), "changed": silently_changed(path) if done.code == 0 else []}

    def run() -> dict[str, Any]:
        with short():
            return called("run", "odd.yaml", *options)._asdict()

    def anyway() -> dict[str, Any]:
        from datayield.run.refusals import Readiness

        ready = Readiness((), ())
        with (
            short(),
            mock.patch("datayield.session.readiness", return_value=ready),
            mock.patch("datayield.run.preflight._check"),  # by the same conditions
        ):
            return called("run", "odd.yaml", *options)._asdict()

    planned = forked(plan)
    ran = _outcome(forked(run))
    forced = None
    if planned and planned.get("code") == 2:
        forced = _outcome(forked(anyway))
    changed = tuple(planned.pop("changed", ())) if planned else ()
    return Agreed(text, _outcome(planned), ran, forced, changed)


def _outcome(told: dict[str, Any] | None) -> Outcome:
    if told is None:
        return Outcome(1, "HANG", "", KILL)
    return Outcome(**{"code": 1, "reason": "", "crashed": "", "seconds": 0.0, **told})


class short:  # noqa: N801
    """Within the context, every run of a study is `STEPS` steps long, with its batch."""

    def __enter__(self) -> None:
        from datayield.spec.run import Budget
        from datayield.spec.study import expand, study

        whole = expand.resolve

        def cut(spec: Any, listings: Any) -> Any:
            run = whole(spec, listings)
            images = min(run.images, STEPS * run.batch)
            return run.model_copy(update={"budget": Budget(unit="images", amount=images)})

        self.patches = [mock.patch.object(module, "resolve", cut) for module in (expand, study)]
        for patch in self.patches:
            patch.start()

    def __exit__(self, *_: object) -> None:
        for patch in self.patches:
            patch.stop()


def warm_up() -> None:
    """Import what plan and run import, so that a fork starts at once."""
    import importlib

    os.environ["HF_HUB_OFFLINE"] = "1"  # five attempts to reach it take 20 seconds
    for name in (
        "matplotlib.figure", "matplotlib.backends.backend_agg", "sklearn.datasets", "timm",
        "datayield.cli", "datayield.session", "datayield.run.engines.choose",
        "datayield.run.scheduler", "datayield.report.page.page", "datayield.report.files.index",
        "datayield.report.terminal.plan", "matplotlib.backends.backend_svg",
        "matplotlib.backends.backend_pdf", "scipy.stats",
    ):  # fmt: skip
        importlib.import_module(name)
    import torch

    torch.set_num_threads(1)


def checked(texts: Iterable[str], folder: Path) -> Iterator[Agreed]:
    """Each study with what plan and run did, in a folder with images of its own."""
    with place(folder):
        write_sets(folder)
        for text in texts:
            yield agreed(text, folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--count", type=int, default=450, help="half odd, half mismatched")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="skip as many")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after these")
    parser.add_argument("--verbose", action="store_true", help="print every study")
    asked = parser.parse_args()
    warm_up()
    half = asked.count // 2
    texts = [*chain(generated(half, asked.seed), mismatched(asked.count - half, asked.seed))]
    began, table, reasons, seen = time.monotonic(), Counter[str](), Counter[str](), 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        for each in checked(texts[asked.first :], Path(name)):
            seen += 1
            table[each.verdict] += 1
            if each.verdict == "refused by both":
                reasons[each.plan.reason] += 1
            if each.verdict.isupper() or asked.verbose:
                place = asked.first + seen - 1
                sys.stdout.write(
                    f"--- {place} {each.verdict}: {_brief(each.text)} {options_of(each.text)}\n"
                )
                for what in ("plan", "run", "forced"):
                    if (done := getattr(each, what)) is not None:
                        sys.stdout.write(
                            f"    {what}: {done.code} {done.seconds:.1f} s {done.reason} "
                            f"{done.crashed[-600:]}\n"
                        )
                sys.stdout.write("".join(f"    {line}\n" for line in each.changed))
                sys.stdout.flush()
            if time.monotonic() - began > asked.seconds:
                break
    for reason, times in reasons.most_common():
        sys.stdout.write(f"{times:4}  refused by both: {reason}\n")
    for verdict, times in table.most_common():
        sys.stdout.write(f"{times:4}  {verdict}\n")
    sys.stdout.write(f"{seen} studies in {time.monotonic() - began:.0f} s, seed {asked.seed}\n")
    return 1 if any(verdict.isupper() for verdict in table) else 0


def _brief(text: str) -> str:
    """A study without what all of them have."""
    try:
        study = json.loads(text)
        differ = {k: v for k, v in study.items() if v != BASE.get(k)}
        differ["base"] = {k: v for k, v in study["base"].items() if v != BASE["base"].get(k)}
    except (ValueError, KeyError, AttributeError):
        return text[:1500]
    return json.dumps(differ)


if __name__ == "__main__":
    sys.exit(main())
