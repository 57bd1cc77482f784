"""Plan and run agree on generated studies (more: `python -m tests.plan_and_run`)."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.generated_configs import BASE, place
from tests.generated_mismatches import mismatched
from tests.plan_and_run import checked, warm_up
from tests.written_values import silently_changed


def test_plan_and_run_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm_up()
    # The module draws them too, and runs more.
    monkeypatch.setattr("datayield.report.page.page.write_static", lambda *_: [])
    verdicts = Counter(each.verdict for each in checked(mismatched(6, seed=23), tmp_path))
    assert not [verdict for verdict in verdicts if verdict.isupper()]
    assert {"accepted and ran", "refused by both"} <= verdicts.keys()


def test_the_same_seed_gives_the_same_mismatches() -> None:
    assert list(mismatched(20, seed=3)) == list(mismatched(20, seed=3))
    assert list(mismatched(20, seed=3)) != list(mismatched(20, seed=4))


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "odd.yaml"
    with place(tmp_path):
        yield path


def _written(path: Path, **base: Any) -> None:
    path.write_text(json.dumps(BASE | {"base": BASE["base"] | base}))


def test_values_that_runs_have_are_not_changed(odd: Path) -> None:
    _written(odd, method="simclr", budget="2 epochs", batch=16, precision="bf16")
    assert silently_changed(odd) == []


def test_a_value_that_runs_do_not_have_is_found(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datayield.spec.study import study

    _written(odd)
    whole = study.resolve

    def forgetful(spec: Any, listings: Any) -> Any:
        return whole(spec, listings).model_copy(update={"batch": 256, "seed": 7})

    monkeypatch.setattr(study, "resolve", forgetful)
    assert silently_changed(odd) == ["axes.seed: 0 -> 7", "base.batch: 32 -> 256"]
