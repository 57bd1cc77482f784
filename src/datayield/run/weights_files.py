"""Files of weights that are absent or do not fit: tried in another process, once and kept."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from datayield.run.encoder_names import unknown_network
from datayield.run.other_process import asked_apart, kept_answers
from datayield.run.weights_trial import FitAnswer, weights_trials
from datayield.spec.atomic_files import read_json, write_json
from datayield.spec.errors import ConfigError, StoreError
from datayield.spec.identity import digest
from datayield.spec.run import EncoderSpec, RunSpec, WeightsFile
from datayield.store.plan import Plan

Use = tuple[EncoderSpec, WeightsFile]


def weights_refusals(plan: Plan) -> tuple[list[ConfigError], list[str]]:
    """What is wrong with the files that pending tasks need, and what to know of the others."""
    refusals, there = list[ConfigError](), list[Use]()
    for encoder, file in dict.fromkeys(_uses(plan)):
        if encoder.timm_name and unknown_network(encoder.timm_name):
            continue  # refused by its name
        try:
            file.found()
            there.append((encoder, file))
        except ConfigError as error:
            refusals.append(error)
    notes = []
    for (encoder, file), answer in zip(there, _answers(there), strict=True):
        if answer is None:  # there is no torch here to try with
            continue
        if (problem := answer["problem"]) is not None:
            refusals.append(_refusal(problem, encoder, file))
        notes += [f"weights {file.name}: {line}" for line in answer["notes"]]
    return refusals, notes


def _uses(plan: Plan) -> Iterator[Use]:
    for task in plan.todo:
        spec = task.spec
        if isinstance(spec, RunSpec):
            if isinstance(spec.init, WeightsFile) and task.share_left > 0:
                yield spec.encoder, spec.init
        elif spec.weights is not None and spec.encoder is not None:
            yield spec.encoder, spec.weights


def _refusal(problem: dict[str, str], encoder: EncoderSpec, file: WeightsFile) -> ConfigError:
    error = ConfigError(
        problem["message"],
        where=f"{file.path}, encoder {encoder.name}",
        got=problem["got"],
        allowed=problem["allowed"],
        hint=problem["next"],
        about=file.weights,
    )
    error.nearest = problem["nearest"]
    return error


def _answers(uses: list[Use]) -> list[FitAnswer | None]:
    """An answer for each use; None where none can be had."""
    if not uses:
        return []
    path = kept_answers("weights-timm-")
    kept = read_json(path)
    known: dict[str, Any] = kept if isinstance(kept, dict) else {}
    keys = [digest([encoder.content_text, file.content_text], 24) for encoder, file in uses]
    late = {key: use for key, use in zip(keys, uses, strict=True) if not _whole(known.get(key))}
    if late:
        asked = [
            (encoder.model_dump(mode="json"), file.model_dump(mode="json"))
            for encoder, file in late.values()
        ]
        told = weights_trials(asked) if "torch" in sys.modules else _apart(asked)
        known |= dict(zip(late, told, strict=False))
        with suppress(StoreError):  # it is only asked again
            write_json(path, known)
    return [answer if _whole(answer := known.get(key)) else None for key in keys]


def _apart(asked: list[Any]) -> list[FitAnswer]:
    told = asked_apart("datayield.run.weights_trial", asked)
    return told if isinstance(told, list) else []


def _whole(answer: Any) -> bool:
    """Whether an answer is as it was written."""
    if not isinstance(answer, dict) or not isinstance(answer.get("notes"), list):
        return False
    problem = answer.get("problem", "")
    parts = ("message", "got", "allowed", "nearest", "next")
    return problem is None or (isinstance(problem, dict) and all(p in problem for p in parts))
