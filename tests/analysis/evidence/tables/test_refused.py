"""Tables that cannot be read say what is wrong, where, and what to do."""

from pathlib import Path

import pytest

from datayield.analysis.evidence.tables import Mapping, evidence_of_table
from datayield.spec.errors import ConfigError, DataError

CASES = {
    "images,accuracy\n1000,0.4\n2000,0.5\n3000,2.3\n4000,0.6\n": (
        "most values are shares (at most 1), but not all",
        "t.csv: column 'accuracy', line 4",
        "2.3",
        "correct the row, leave it out, or name another column: --score COLUMN",
    ),
    "images,accuracy\n1000,0.4\n2000,-0.5\n": (
        "-0.5 cannot be a score: it is negative",
        "t.csv: column 'accuracy', line 3",
        "-0.5",
        "name another column: --score COLUMN, or --error COLUMN",
    ),
    "images,err\n1000,40\n2000,120\n": (
        "120 cannot be an error rate: it is above 100",
        "t.csv: column 'err', line 3",
        "120",
        "name another column: --score COLUMN, or --error COLUMN",
    ),
    "images,loss\n1000,4\n2000,2\n": (
        "no column is known as a score",
        "t.csv",
        "images, loss",
        "name it: --score COLUMN",
    ),
    "images,accuracy,acc\n1000,40,50\n": (
        "several columns could be the score",
        "t.csv",
        "accuracy, acc",
        'name one: --score "accuracy"',
    ),
    "images,height,girth\n1000,40,50\n": (
        "no column is known as a score",
        "t.csv",
        "images, height, girth",
        'name it: --score "girth"',
    ),
    "task,images,label_fraction,acc\nfoo,1k,0.1,20\nfoo,1k,1,40\n": (
        "label_fraction is a part of a set whose size is unknown",
        "t.csv: column 'label_fraction'",
        "0.1, 1",
        "add a column 'label_total' with numbers of images",
    ),
    "epochs,accuracy\n100,.3\n200,.4\n": (
        "epochs tell how much was presented only together with the number of images",
        "t.csv: column 'epochs'",
        "epochs, accuracy",
        "name its column, or give it for all rows: --images 50000",
    ),
    "images,steps,accuracy\n1000,100,.3\n1000,200,.4\n": (
        "steps alone does not say how many images were presented",
        "t.csv: column 'steps'",
        "images, steps, accuracy",
        "add a column batch_size",
    ),
    "images,flops,accuracy\n1000,1e18,.3\n1000,2e18,.4\n": (
        "flops alone does not say how many images were presented",
        "t.csv: column 'flops'",
        "images, flops, accuracy",
        "add a column presented",
    ),
    "Step,a - acc,a - acc__MIN\n1,.1,.1\n2,.2,.2\n": (
        "this is the export of a chart, with one row per step",
        "t.csv",
        "a - acc__MIN",
        "export the table of runs instead, with one row per run",
    ),
    "images,epochs,10,20\n1000,100,40,41\n": (
        "columns are named by numbers, but not of what",
        "t.csv",
        "10, 20",
        'name them, for example "100 epochs", "500 labels" or "seed 1"',
    ),
    "1000,0.4\n2000,0.5\n": (
        "the first row must name the columns",
        "t.csv: line 1",
        "1000, 0.4",
        "add a row such as: images,presented,seed,accuracy",
    ),
    "hello\nworld\n": (
        "no table of two or more columns",
        "t.csv",
        "hello",
        "separate columns by commas, semicolons, tabs or bars, with their names on top",
    ),
    "images,seed,accuracy\n1000,0,70,3\n": (
        "4 cells for 3 columns",
        "t.csv: line 2",
        "1000,0,70,3",
        "quote cells that contain a comma, or separate columns by semicolons",
    ),
    "metric,value,images\nloss,.3,10\nmae,.3,20\n": (
        "no metric is known as a score",
        "t.csv: column 'metric'",
        "loss, mae",
        "choose one: --where metric=NAME --score value",
    ),
    "images,accuracy\nmany,.3\nmore,.4\n": (
        "no row has both a score and an amount of images, compute, labels or views",
        "t.csv",
        "images, accuracy",
        "no number of images in the table: taken as equal in all rows; no compute in the table: "
        "taken as equal in all rows; accuracy read as share; 2 rows without images, compute, "
        "labels or views not used",
    ),
    '[{"images": 1, "accuracy": 0.5}, {"images": 2, "accuracy": -1}]': (
        "-1 cannot be a score: it is negative",
        "t.csv: column 'accuracy', record 2",
        "-1",
        "name another column: --score COLUMN, or --error COLUMN",
    ),
    '{"images": 10, "accuracy": 0.5}\n{"images": 20,\n': (
        "this is not valid JSON",
        "t.csv: line 2",
        '{"images": 20,',
        "the parser says: Expecting property name enclosed in double quotes",
    ),
    "images,accuracy\n1000,good\n2000,better\n": (
        "the score holds no numbers",
        "t.csv: column 'accuracy'",
        "good, better",
        "name another column: --score COLUMN",
    ),
    'images,accuracy\n1000,"4\n2000,5\n': (
        "cannot read the table: unexpected end of data",
        "t.csv",
        None,
        "is a quote left open?",
    ),
    "images,accuracy\n1000,40%\n2000,0.44\n": (
        "other values of this column have a percent sign: is this a share?",
        "t.csv: column 'accuracy', line 3",
        "0.44",
        "write all values in one unit",
    ),
    "images,accuracy\n1000,.3\n-1,.4\n": (
        "images cannot be negative",
        "t.csv: column 'images', line 3",
        "-1",
        "correct the row, or leave its cell empty",
    ),
    "images,accuracy\n": ("no row below the column names", "t.csv", None, ""),
    " \n": ("the table is empty", "t.csv", None, ""),
}  # fmt: skip


@pytest.mark.parametrize("text", CASES)
def test_what_is_wrong_is_said(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(text)
    with pytest.raises(DataError) as caught:
        evidence_of_table(Path("t.csv"))
    error = caught.value
    message, where, got, hint = CASES[text]
    assert (error.message, error.where, error.got) == (message, where, got)
    assert hint == error.hint or not hint
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("mapping", "message", "nearest"),
    [
        (Mapping(score=("accurcy",)), "no such column", "accuracy"),
        (Mapping(images="imags"), "no such column", "images"),
        (Mapping(views="0"), "must be above 0", ""),
        (Mapping(where=("images=7",)), "no row has this value", ""),
        (Mapping(where=("images",)), "write COLUMN=VALUE", ""),
    ],
)
def test_a_wrong_mapping_is_said(
    mapping: Mapping, message: str, nearest: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("images,accuracy\n1000,.4\n2000,.5\n")
    with pytest.raises(ConfigError, match=message) as caught:
        evidence_of_table(path, mapping)
    assert caught.value.nearest == nearest


def test_a_missing_file_has_a_near_name(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("x")
    with pytest.raises(DataError) as caught:
        evidence_of_table(tmp_path / "result.csv")
    assert caught.value.hint == "did you mean 'results.csv'?"


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\x1f\x8b"])
def test_a_spreadsheet_is_no_table(head: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_bytes(head)
    with pytest.raises(DataError, match="a spreadsheet, not a table of text"):
        evidence_of_table(tmp_path / "t.xlsx")
