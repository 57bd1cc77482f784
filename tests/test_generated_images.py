"""Odd images are used as they are, or skipped and counted (more: `tests.generated_images`)."""

from pathlib import Path

from tests.generated_images import alone, together, write, write_no_files
from tests.odd_images import every

KINDS = ("rotations", "truncated", "foreign", "tiffs", "pages", "names")  # made in an instant


def test_all_files_of_a_folder_are_accounted_for_and_look_right(tmp_path: Path) -> None:
    odd = every(5, KINDS)
    write(odd, tmp_path / "all")
    tally = together(odd, tmp_path / "all", write_no_files(tmp_path / "all" / "no-files"))
    assert tally.faults == []
    assert tally.outcomes["used", ""] > 100
    assert tally.outcomes["skipped", "a named pipe, not a file"] == 2
    assert tally.outcomes["skipped", "missing file"] == 1


def test_an_odd_image_alone(tmp_path: Path) -> None:
    tally = alone(every(6, KINDS)[::9], tmp_path)
    assert tally.faults == []
    assert {"used", "skipped"} <= {kind for kind, _ in tally.outcomes}
