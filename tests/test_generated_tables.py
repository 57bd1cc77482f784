"""Tables of one known set of results, written in many ways, are read as the same evidence."""

from pathlib import Path

import pytest

from tests.generated_tables import COUNT, generated, wrong

SOME = 60  # of the variants: all are read by `python -m tests.generated_tables`


@pytest.mark.parametrize("start", range(4))
def test_a_known_table_is_read_however_it_is_written(start: int, tmp_path: Path) -> None:
    for index in range(start, COUNT, 4 * COUNT // SOME):
        assert not wrong(generated(index), tmp_path), index


def test_a_difference_is_found(tmp_path: Path) -> None:
    table = generated(0)
    other = next(t for t in map(generated, range(1, 9)) if t.truth != table.truth)
    assert wrong(table._replace(truth=other.truth), tmp_path)
