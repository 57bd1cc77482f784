"""Published numbers: the shipped files are whole, and a bad line is named."""

from pathlib import Path

import pytest

from datayield.spec.claims.reference import Published, load_reference, reference_file
from datayield.spec.errors import ConfigError
from datayield.spec.study import shipped_studies

HEADER = ",".join(Published.model_fields)
GOOD = "Table 1,simclr,,n,5000,cifar100,accuracy,percent,37.95,,,,Table 1a of a paper,"
FOLDER = shipped_studies()[0].parent
SHIPPED = sorted(FOLDER.glob("*.reference.csv"))


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "x.reference.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_line_is_read_as_printed(tmp_path: Path) -> None:
    (row,) = load_reference(written(tmp_path, HEADER, GOOD))
    assert (row.method, row.x, row.at, row.value) == ("simclr", "n", 5000.0, 37.95)
    assert row.seeds is None
    assert not row.doubtful


def test_no_file_is_no_numbers(tmp_path: Path) -> None:
    assert load_reference(reference_file(tmp_path / "mine.yaml", "mine")) == ()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD.replace("37.95", "37,95"), "15 cells for 14 columns"),
        (GOOD.replace("37.95", "about 38"), "value is not a number"),
        (GOOD.replace("37.95", "nan"), "value is not a number"),
        (GOOD.replace("37.95", ""), "needs a note"),
        (GOOD.replace(",n,5000", ",n,"), "given together"),
        (GOOD.replace(",n,", ",size,"), "allowed: , n, images"),
        (GOOD.replace("37.95,,,", "37.95,,,maybe"), "yes or empty"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path, HEADER, GOOD, line)
    with pytest.raises(ConfigError) as caught:
        load_reference(path)
    assert said in caught.value.text()
    assert f"{path}: line 3" in caught.value.text()


def test_columns_are_fixed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 1"):
        load_reference(written(tmp_path, HEADER.replace("arm,", ""), GOOD))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_shipped_numbers_are_whole(path: Path) -> None:
    rows = load_reference(path)
    assert rows
    seen = [(r.figure, r.method, r.arm, r.x, r.at, r.evaluation, r.metric, r.source) for r in rows]
    assert len(set(seen)) == len(seen)
    for row in rows:
        if row.unit == "percent" and row.value is not None:
            assert 0 <= row.value <= 100


def test_some_cells_as_the_papers_print_them() -> None:
    """Read off the papers once more, by hand."""

    def one(study: str, **wanted: object) -> Published:
        rows = load_reference(FOLDER / f"{study}.reference.csv")
        (row,) = [r for r in rows if all(getattr(r, k) == v for k, v in wanted.items())]
        return row

    table1 = one("hammoud2024-table1", method="moco_v3", at=5000.0, evaluation="cifar100")
    assert (table1.value, table1.doubtful) == (12.51, True)
    bridge = one("bridge2025", arm="200k", at=6000.0, metric="miou")
    assert (bridge.value, bridge.spread, bridge.seeds) == (68.76, 0.13, 3)
    assert one("olerinskiy2026", metric="gain_from_1000").value == 1.4
