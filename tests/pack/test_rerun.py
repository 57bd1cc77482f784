"""A run of a pack is trained again and gives the same bits, or says how far off it is."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from datayield.pack import Rerun, make_pack, opened, rerun
from datayield.pack.rerun import ScoreAgain, draw_run
from datayield.session import open_study
from datayield.spec.errors import ConfigError
from tests.conftest import Call
from tests.pack.packed import opened_study, store_results, write_study

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The pack of a study that really ran, beside its images."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATAYIELD_CACHE", str(folder / "cache"))
        patch.delenv("DATAYIELD_DATA", raising=False)
        session = open_study(str(write_study(folder)), store=folder / "store", device="cpu")
        assert session.run(session.plan(), QUIET).failed == ()
        yield make_pack(session, folder / "small.zip").path


def test_a_run_gives_the_same_bits_again(trained: Path, datayield: Call) -> None:
    done = datayield("verify", str(trained), "--images", "--seed", "1")
    assert done.code == 0, done.err
    assert "trained again: simclr n=" in done.out
    assert "equal, bit for bit" in done.out
    with opened(trained) as (folder, packed):
        again = rerun(trained, folder, packed, QUIET, seed=2, minutes=5.0)
    assert (again.verdict, again.equal) == ("equal", True)
    (score,) = again.scores
    assert score.packed == score.again
    assert score.spread is not None


def test_other_images_and_missing_ones_are_refused(
    trained: Path, tmp_path: Path, datayield: Call
) -> None:
    shutil.copy(trained, tmp_path / "copy.zip")
    done = datayield("verify", "copy.zip", "--images")
    assert done.code == 2
    assert "images' not found" in done.err
    write_study(tmp_path)
    shutil.copy(tmp_path / "images/light/1.png", tmp_path / "images/dark/0.png")
    done = datayield("verify", "copy.zip", "--images")
    assert done.code == 2
    assert "do not give the runs of the pack" in done.err


def test_a_run_is_drawn_from_the_cheapest_kind_or_from_all_in_time(
    tmp_path: Path, datayield: Call
) -> None:
    session = opened_study(tmp_path)
    store_results(session)
    pack = make_pack(session, tmp_path / "small.zip").path
    with opened(pack) as (_, packed):
        cheap = [draw_run(packed, seed, None) for seed in range(20)]
        any_ = [draw_run(packed, seed, 1.0) for seed in range(40)]
        assert draw_run(packed, 3, None) == cheap[3]
        with pytest.raises(ConfigError, match="took so little time"):
            draw_run(packed, 0, 0.1)
    assert {(task.spec.seed, seconds) for task, seconds in cheap} == {(0, 8.0), (1, 8.0)}
    assert len({task.spec.id for task, _ in any_}) == 4
    assert datayield("verify", "small.zip", "--seed", "1").code == 2


def test_a_difference_is_judged_beside_that_of_two_seeds() -> None:
    near = ScoreAgain("class", 1.0, "accuracy", 0.50, 0.52, spread=0.03)
    far, alone = near._replace(again=0.54), near._replace(spread=None)
    assert [near.within, far.within, alone.within] == [True, False, False]
    assert alone._replace(again=0.50).within
    run = Rerun("id", "simclr", 1.0, "cpu", "cuda", False, (near,))
    assert run.verdict == "within the seeds"
    assert run._replace(scores=(near, far)).verdict == "different"
    assert run._replace(equal=True).verdict == "equal"
