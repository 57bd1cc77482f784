"""What is written for short means the same run as what is written out."""

from pathlib import Path

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.run import Listing, dataset_path, seconds_of
from datayield.spec.study.cell import Cell
from datayield.spec.study.expand import TimeBudgetError
from datayield.spec.study.load import load_study

HERE = {("./some", "train"): Listing("made", 1000), ("digits", "train"): Listing("d", 1000)}
LONG = {
    "data": "{dataset: ./some, size: 32, count: 100}",
    "encoder": "{name: resnet18, stem: cifar, size: 32}",
    "views": "{recipe: symmetric}",
    "method": "{name: simclr}",
    "optim": "{lr: 1e-3}",
    "batch": "10",
    "budget": "{epochs: 10}",
}


EVAL = "{name: e, protocol: spectrum@1, dataset: digits}"


def _cells(tmp_path: Path, axes: str = "{seed: [0]}", ev: str = EVAL, **base: str) -> list[Cell]:
    lines = [f"  {key}: {value}" for key, value in (LONG | base).items()]
    path = tmp_path / "short.yaml"
    path.write_text(
        "study: short\nbase:\n" + "\n".join(lines) + f"\naxes: {axes}\nevaluations: [{ev}]\n"
    )
    here = {(dataset_path(name, tmp_path), split): known for (name, split), known in HERE.items()}
    return load_study(str(path)).cells(here)


def _id(tmp_path: Path, **base: str) -> str:
    (cell,) = _cells(tmp_path, **base)
    return cell.run.id


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ({"method": "simclr"}, {}),
        ({"encoder": "resnet18"}, {}),
        ({"encoder": "{name: resnet18, stem: auto}"}, {}),
        ({"encoder": "{name: resnet18, stem: cifar}"}, {}),
        ({"encoder": "convnet"}, {"encoder": "{name: convnet, size: 32}"}),
        ({"views": "symmetric"}, {}),
        ({"budget": "10 epochs"}, {}),
        ({"budget": "2k images"}, {"budget": "{images: 2000}"}),
        ({"data": "./some"}, {"data": "{dataset: ./some, size: 32, count: 1000}"}),
        ({"data": "{dataset: ./some, count: all}"}, {"data": "{dataset: ./some, count: 1000}"}),
        ({"data": "{dataset: ./some, count: 25%}"}, {"data": "{dataset: ./some, count: 250}"}),
        ({"data": "{dataset: ./some, count: .1%}"}, {"data": "{dataset: ./some, count: 1}"}),
        (
            {"data": "{parts: {B: ./some, A: {dataset: digits, count: 10%}}}"},
            {"data": "{parts: {B: {dataset: ./some}, A: {dataset: digits, count: 100}}}"},
        ),
        (
            {"encoder": "resnet18", "data": "{dataset: ./some, size: 96, count: 9}"},
            {"encoder": "{name: resnet18, stem: imagenet, size: 96}",
             "data": "{dataset: ./some, size: 96, count: 9}"},
        ),
        ({"init": "{method: vicreg, data: digits}"},
         {"init": "{method: {name: vicreg}, data: {dataset: digits}}"}),
    ],
    ids=str,
)  # fmt: skip
def test_short_and_long_are_one_run(
    tmp_path: Path, short: dict[str, str], long: dict[str, str]
) -> None:
    assert _id(tmp_path, **short) == _id(tmp_path, **long)


def test_axes_take_the_same(tmp_path: Path) -> None:
    cells = _cells(tmp_path, "{data.count: [10%, 25%, all]}")
    assert [cell.run.data.count for cell in cells] == [100, 250, 1000]
    cells = _cells(tmp_path, "{encoder: [resnet18, convnet, resnet34]}")
    assert [cell.value("encoder") for cell in cells] == ["resnet18", "convnet", "resnet34"]
    assert [cell.run.encoder.stem for cell in cells] == ["cifar", None, "cifar"]
    cells = _cells(tmp_path, "{data: [./some, digits], views: [mild, symmetric]}")
    assert [cell.axes_label for cell in cells][:2] == [
        "data=./some, views=mild", "data=./some, views=symmetric",
    ]  # fmt: skip
    cells = _cells(tmp_path, "{run: [null, {name: other, method: vicreg, encoder: convnet}]}")
    assert [cell.run.method.name for cell in cells] == ["simclr", "vicreg"]


def test_a_stated_stem_stays(tmp_path: Path) -> None:
    stated = "{name: resnet18, stem: imagenet, size: 32}"
    (cell,) = _cells(tmp_path, "{encoder: [resnet18]}", encoder=stated)
    assert cell.run.encoder.stem == "imagenet"


def test_a_protocol_alone_is_measured_on_the_data_of_the_base(tmp_path: Path) -> None:
    _cells(tmp_path, ev="spectrum@1")
    (evaluation,) = load_study(str(tmp_path / "short.yaml")).evaluations
    assert (evaluation.name, evaluation.size) == ("spectrum@1", 32)
    assert evaluation.dataset == str(tmp_path / "some")


@pytest.mark.parametrize(
    ("axes", "line"),
    [
        ("{data.count: 500}", "data.count: [500]"),
        ("{seed: 3}", "seed: [3] for that one seed, or seed: [0, 1, 2] for 3 seeds"),
        ("{method: simclr}", 'method: ["simclr"]'),
        ("{budget: {epochs: 3}}", 'budget: [{"epochs": 3}]'),
        ("{data.count: 10%}", 'data.count: ["10%"]'),
    ],
)
def test_an_axis_that_is_no_list_is_refused_with_the_line_to_write(
    tmp_path: Path, axes: str, line: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _cells(tmp_path, axes)
    assert f"write {line}\n" in caught.value.text()


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ({"minutes": 2}, 120), ("2 min", 120), ("1.5 hours", 5400), ({"h": 1}, 3600),
        ({"epochs": 2}, None), ("2 epochs", None), ({"minutes": True}, None), (None, None),
        ({"minutes": 2, "epochs": 1}, None), ({"minutes": float("nan")}, None), ("", None),
    ],
)  # fmt: skip
def test_the_seconds_of_a_budget(written: object, seconds: float | None) -> None:
    assert seconds_of(written) == seconds


def test_a_budget_in_time_comes_with_its_run(tmp_path: Path) -> None:
    with pytest.raises(TimeBudgetError) as caught:
        _cells(tmp_path, budget="{minutes: 2}", optim="{lr: 1e-3, warmup: {epochs: 1}}")
    assert caught.value.seconds == 120
    assert (caught.value.run.steps, caught.value.run.batch) == (1, 10)


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ({"data": "{dataset: ./some, count: 120%}"}, "0% to 100%"),
        ({"data": "{dataset: ./some, count: half}"}, "all, or a share"),
        ({"data": "{dataset: ./absent, count: 25%}"}, "absent' not found, so 25% of it"),
        ({"data": "{dataset: ./some, count: 25%, classes: [1]}"}, "explicit count"),
        ({"budget": "{minutes: 2}"}, "datayield plan --measure"),
        ({"budget": "{hours: 2}"}, "images, epochs, steps or flops"),
        ({"budget": "90 s"}, "not reproducible"),
        ({"budget": "{min: -1}"}, "not reproducible"),
        ({"budget": "640"}, "{images: 640}"),
        ({"budget": "{images: 1e30}"}, "more than 1e+13"),
        ({"encoder": "vit_tiny"}, "{name: vit_tiny, patch: 8}"),
        ({"encoder": "resnet19"}, "did you mean 'resnet18'"),
        ({"encoder": "{name: resnet18, size: 32}"}, "cifar up to 64 px"),
        ({"method": "simclear"}, "did you mean 'simclr'"),
        ({"views": "symetric"}, "did you mean 'symmetric'"),
    ],
    ids=str,
)
def test_what_means_nothing_is_refused(tmp_path: Path, base: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _cells(tmp_path, **base)
    assert says in caught.value.text()
