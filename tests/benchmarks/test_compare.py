"""What `benchmarks/compare.py` says of made files, whose truth is known."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

COMPARE = Path(__file__).parents[2] / "benchmarks/compare.py"


def _file(path: Path, factor: float, seed: int, repetitions: int = 7) -> Path:
    """Two benchmarks with 2% noise: one takes `factor` as long, and so has a lower rate."""
    draw = np.random.default_rng(seed)
    lines: list[dict[str, object]] = [{"machine": {"cpu": "made"}, "commit": f"c{seed}"}]
    for repetition in range(repetitions):
        noise = 1 + 0.02 * draw.normal(size=2)
        told = [
            {"probe": "a", "items": 10, "seconds": factor * noise[0]},
            {"batch": 32, "images_per_second": round(1000 / (factor * noise[1])), "peak_rss": seed},
        ]
        lines += [{"command": "x.py", "line": line, "repetition": repetition} for line in told]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def _compared(*words: object) -> tuple[int, list[dict[str, object]], str]:
    command = [sys.executable, str(COMPARE), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


@pytest.mark.parametrize(("factor", "code"), [(1.0, 0), (1.05, 0), (1.3, 1), (0.7, 0)])
def test_only_what_is_more_than_a_tenth_slower_fails(
    tmp_path: Path, factor: float, code: int
) -> None:
    files = _file(tmp_path / "a", 1.0, 1), _file(tmp_path / "b", factor, 2)
    found, lines, _ = _compared(*files)
    assert found == code
    assert [line["figure"] for line in lines] == ["seconds", "images_per_second"]
    for line in lines:  # a rate is compared as a time
        assert line["ratio"] == pytest.approx(factor, rel=0.05)
        assert line["slower"] is bool(code)
        low, high = line["interval"]  # type: ignore[misc]
        assert low <= line["ratio"] <= high


def test_one_repetition_decides_nothing(tmp_path: Path) -> None:
    files = _file(tmp_path / "a", 1.0, 1, 1), _file(tmp_path / "b", 2.0, 2, 1)
    code, lines, _ = _compared(*files)
    assert code == 0
    assert {line["interval"] for line in lines} == {None}


def test_files_without_a_common_time_are_refused(tmp_path: Path) -> None:
    (tmp_path / "none").write_text("{}\n")
    code, _, said = _compared(_file(tmp_path / "a", 1.0, 1), tmp_path / "none")
    assert code == 2
    assert "no time in common" in said
    assert "not a file of" in _compared(COMPARE, COMPARE)[2]
