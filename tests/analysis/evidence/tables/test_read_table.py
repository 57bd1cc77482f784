"""Single decisions of reading a table; how they go together is in `tests.generated_tables`."""

from pathlib import Path

import pytest

from datayield.analysis.evidence import Evidence, Setting
from datayield.analysis.evidence.tables import Mapping, amount, evidence_of_table
from datayield.spec.study import published_tables


@pytest.fixture
def read(tmp_path: Path):  # type: ignore[no-untyped-def]
    """The evidence in a text."""

    def evidence(text: str, mapping: Mapping | None = None) -> Evidence:
        path = tmp_path / "t.csv"
        path.write_text(text)
        return evidence_of_table(path, mapping)

    return evidence


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16k", 16e3), ("1.2M", 1.2e6), ("1,281,167", 1281167), ("1'281'167", 1281167),
        ("1e6", 1e6),
        ("1.281.167", 1281167), ("10^6", 1e6), ("12,345", 12345), ("70,3", 70.3), ("0,725", 0.725),
        ("2B", 2e9), ("−3.5", -3.5), ("45%", 45), ("100 epochs", 100), (".5", 0.5),
        ("1.5e+3", 1500),
        ("**70.3**", 70.3),
    ],
)  # fmt: skip
def test_numbers(text: str, value: float) -> None:
    found = amount(text)
    assert found is not None
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "n/a", "nan", "-", "OOM", "v1.2.3b", "inf"])
def test_no_numbers(text: str) -> None:
    assert amount(text) is None


def test_a_spread_is_of_the_runs_behind_it(read) -> None:  # type: ignore[no-untyped-def]
    said = read("images,accuracy\n1k,70.3 ± 0.9\n2k,72.3 ± 0.4\n")
    assert [(o.repeats, o.spread) for o in said.observations] == [
        (2, pytest.approx(0.009)), (2, pytest.approx(0.004)),
    ]  # fmt: skip
    assert "2 rows with a spread but no number of runs, which is taken as 2" in said.notes
    (told,) = read("images,acc,acc_std,n_seeds\n1k,70.3,0.9,5\n").observations
    assert (told.repeats, told.spread) == (5, pytest.approx(0.009))
    (mean,) = read("images,acc,acc_stderr,n_seeds\n1k,70.3,0.9,4\n").observations
    assert mean.spread == pytest.approx(0.018)


def test_a_small_value_among_percents_is_a_percent(read) -> None:  # type: ignore[no-untyped-def]
    said = read("images,accuracy\n1000,0.5\n2000,40\n3000,78\n")
    assert [o.score for o in said.observations] == pytest.approx([0.005, 0.4, 0.78])
    assert "accuracy: 0.5 read as percent, like the others" in said.notes


def test_baselines_are_no_points(read) -> None:  # type: ignore[no-untyped-def]
    rows = "simclr,1000,40\nsimclr,2000,42\nsupervised,,55\nscratch,,12\nvicreg,0,13\n"
    said = read("method,images,accuracy\n" + rows)
    by = {o.method: o.pretrained_by for o in said.observations}
    assert by == {"simclr": "us", "supervised": "others", "scratch": "nobody", "vicreg": "nobody"}
    ladder = read("method,images,accuracy\nsupervised,1000,40\nsupervised,2000,42\n")
    assert {o.pretrained_by for o in ladder.observations} == {"us"}


def test_the_test_score_is_taken(read) -> None:  # type: ignore[no-untyped-def]
    said = read(
        "images,train_acc,val_acc,test_acc,test_acc5\n1000,.99,.5,.4,.8\n2000,.99,.6,.5,.9\n"
    )
    assert [o.score for o in said.observations] == [0.4, 0.5]
    assert said.notes[0] == "score = test_acc; not used: test_acc5, val_acc, train_acc"


def test_several_scores_are_several_tasks(read) -> None:  # type: ignore[no-untyped-def]
    said = read("images,flowers_acc,pets_acc,mean_acc,train_acc\n1000,40,50,45,99\n")
    assert [o.task for o in said.observations] == ["flowers", "pets"]


def test_a_log_keeps_the_end_of_each_run(read) -> None:  # type: ignore[no-untyped-def]
    rows = "a,1,1000,.2\na,50,1000,.4\na,100,1000,.5\nb,1,2000,.2\nb,100,2000,.6\n"
    said = read("run_name,epoch,images,val_acc\n" + rows)
    assert [(o.setting.presented, o.score) for o in said.observations] == [(1e5, 0.5), (2e5, 0.6)]


def test_a_crossed_column_names_a_method(read) -> None:  # type: ignore[no-untyped-def]
    said = read("images,aug,acc\n1000,weak,40\n2000,weak,42\n1000,strong,45\n2000,strong,48\n")
    assert [world.method for world in said.worlds] == ["aug weak", "aug strong"]


def test_numbers_for_all_rows_and_filters(read) -> None:  # type: ignore[no-untyped-def]
    text = "gpu,Ep.,quality\na,100,.3\na,200,.4\nb,400,.5\n"
    mapping = Mapping(images="50k", epochs="Ep.", score=("quality",), where=("gpu=a",))
    said = read(text, mapping)
    assert [o.setting.presented for o in said.observations] == [5e6, 1e7]


def test_views_and_hours_can_be_named(read) -> None:  # type: ignore[no-untyped-def]
    text = "images,crops of each,took,accuracy\n1000,2,3,.3\n1000,8,5,.4\n"
    said = read(text, Mapping(views="crops of each", hours="took"))
    assert [(o.setting.views, o.hours) for o in said.observations] == [(2, 3), (8, 5)]
    seconds = read("images,train_time,accuracy\n1000,7200,.3\n2000,3600,.4\n")
    assert [o.hours for o in seconds.observations] == [2, 1]
    said = read("images,train_time,accuracy\n1000,2,.3\n2000,1,.4\n", Mapping(hours="train_time"))
    assert [o.hours for o in said.observations] == [2, 1]
    said = read("images,accuracy\n1000,.3\n2000,.4\n", Mapping(views="4"))
    assert [o.setting.views for o in said.observations] == [4, 4]


def test_commas_that_are_no_decimals(read) -> None:  # type: ignore[no-untyped-def]
    said = read('devices,images,acc\n"0,1","10,000",40\n"0,1","20,000",42\n')
    assert [o.setting.images for o in said.observations] == [10_000, 20_000]
    said = read("images;acc\n10.000;40,5\n20.000;42,25\n")
    assert [o.setting.images for o in said.observations] == [10_000, 20_000]
    assert [o.score for o in said.observations] == [0.405, 0.4225]


def test_labels_alone_are_enough(read) -> None:  # type: ignore[no-untyped-def]
    said = read("labels,accuracy\n100,.3\n200,.4\n")
    assert said.observations[0].setting == Setting(None, None, 100, None)


TWO = [(1000, None, None, None), (2000, None, None, None)]
WRITTEN = {
    ",,accuracy,accuracy\nmethod,images,cifar10,pets\na,1000,40,50\na,2000,42,51\n": TWO * 2,
    "method  images  accuracy\na  1000  40\na  2000  42\n": TWO,
    '{"a": {"images": 1000, "accuracy": 0.4}, "b": {"images": 2000, "accuracy": 0.5}}': TWO,
    "method,1k,2k\na,40,45\n": TWO,
    "method,n=1000,n=2000\na,40,45\n": TWO,
    "images,simclr,byol\n1000,40,41\n2000,42,43\n": [TWO[0], TWO[0], TWO[1], TWO[1]],
    "images,accuracy,accuracy_gain\n1000,40,0\n2000,42,2\n": TWO,
    "images,accuracy\n1000,OOM\n2000,.5\n": TWO[1:],
    "dataset,data_fraction,acc\ncifar10,2%,60\ncifar10,4%,70\n": TWO,
    "dataset,Data (%),acc\ncifar10,2,60\ncifar10,4,70\n": TWO,
    "dataset_size,fraction,acc\n10000,.1,40\n10000,.2,45\n": TWO,
    "images,budget,acc\n1000,100,.3\n2000,200,.4\n": [
        (1000, 1e5, None, None), (2000, 4e5, None, None),
    ],
    "n,images,seed,acc\n1000,9000,0,.3\n2000,9000,0,.4\n": [
        (1000, 9e3, None, None), (2000, 9e3, None, None),
    ],
    "pretrain images,train images,acc\n1000,50,40\n2000,50,42\n": [
        (1000, None, 50, None), (2000, None, 50, None),
    ],
    "images,shots,n_classes,acc\n1000,1,10,20\n1000,5,10,30\n": [
        (1000, None, 10, None), (1000, None, 50, None),
    ],
    "task,images,label_fraction,top1\nimagenet,1k,1%,20\nimagenet,1k,100%,60\n": [
        (1000, None, 12812, None), (1000, None, 1281167, None),
    ],
    "N,C,L,V,TOP1\n1k,1e6,100,2,.4\n": [(1000, 1e6, 100, None)],
    "images,views,acc\n1000,2,40\n1000,4,42\n": [(1000, None, None, 2), (1000, None, None, 4)],
}  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_what_was_bought(text: str, read) -> None:  # type: ignore[no-untyped-def]
    assert [tuple(o.setting) for o in read(text).observations] == WRITTEN[text]


@pytest.mark.parametrize("name", published_tables())
def test_published_tables_hold_the_numbers_of_the_reference(name: str) -> None:
    from collections import Counter

    from datayield.spec.claims import load_reference

    path = published_tables()[name]
    said = evidence_of_table(path)
    reference = load_reference(path.with_name(f"{name}.reference.csv"))
    printed = Counter(round(r.value, 2) for r in reference if r.value and r.unit == "percent")
    read = Counter(round(100 * o.score, 2) for o in said.observations)
    assert read <= printed
    assert len(said.worlds) > 1
    assert all(world.runs[0].setting.presented for world in said.worlds)


def test_law_cells_weigh_means_by_their_runs() -> None:
    from datayield.analysis.evidence import Observation, World
    from datayield.analysis.model.law import cells_of

    at, values = Setting(10, 100.0, None, None), [0.5, 0.52, 0.57]
    single = cells_of(World("", "", tuple(Observation("", "", at, None, v) for v in values)))
    mean, spread = sum(values) / 3, (sum((v - 0.53) ** 2 for v in values) / 2) ** 0.5
    pooled = Observation("", "", at, None, mean, repeats=3, spread=spread)
    told = cells_of(World("", "", (pooled,)))
    assert told.repeats == single.repeats == 3
    assert told.freedom == single.freedom == 2
    assert told.squares == pytest.approx(single.squares)
    assert told.errors == pytest.approx(single.errors)
