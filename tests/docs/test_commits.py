"""`.ci/commits`: which subjects of commits pass, and which do not."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci/commits"


def checked(*subject: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(SCRIPT), *subject], capture_output=True, text=True)


@pytest.mark.parametrize(
    "subject",
    [
        "Lay out rooms within rooms",
        "Pass claims by value",
        "Embed views together",
        "Fix #12: locks",
    ],
)
def test_a_good_subject_passes(subject: str) -> None:
    assert checked(subject).returncode == 0


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        ("Added a page", "imperative"),
        ("Adding a page", "imperative"),
        ("Adds a page", "imperative"),
        ("The page has a table", "imperative"),
        ("add a page", "capital"),
        ("Add a page.", "period"),
        ("Add " + "x" * 69, "72"),
    ],
)
def test_a_bad_subject_is_named(subject: str, fault: str) -> None:
    done = checked(subject)
    assert done.returncode == 1
    assert fault in done.stderr
    assert subject in done.stderr


def test_the_newest_commits_pass() -> None:
    done = checked()
    assert done.returncode == 0, done.stderr
