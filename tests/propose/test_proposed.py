"""Designs for many situations: they load, they fit the time, and they can decide what can be."""

from itertools import product
from pathlib import Path

import pytest
import yaml

from datayield.analysis.power import detectable, run_noise
from datayield.propose import (
    SETUPS,
    LabelledData,
    Proposal,
    PublishedFile,
    Setup,
    SetupTiming,
    Situation,
    UnlabelledData,
    proposed,
    study_text,
)
from datayield.propose.grid import (
    FEWEST_IMAGES,
    FEWEST_STEPS,
    fewest_seconds,
    grid_for,
    planned_seconds,
    round_down,
    spaced,
)
from datayield.spec.errors import ConfigError
from datayield.spec.run import Listing, flops_per_image
from datayield.spec.study import Study, load_study


def labels_of(classes: int, labels: int) -> LabelledData:
    return LabelledData("./labelled", "label", classes, labels, labels * 5 // 4, folds=5)


SIX = labels_of(6, 400)


def situation(
    images: int = 2000,
    minutes: float = 20.0,
    labels: LabelledData | None = SIX,
    side: int = 300,
    weights: PublishedFile | None = None,
) -> Situation:
    unlabelled = UnlabelledData("./photos", "train", images, side)
    return Situation("photos", unlabelled, labels, 60 * minutes, 1.7, weights=weights)


def timings(per_second: float = 2500.0, evaluation: float = 1.0) -> list[SetupTiming]:
    """Setups whose time grows with their pixels and width, as on a machine of this speed."""
    return [
        SetupTiming(each, (each.size / 16) ** 2 * (each.width or 64) / 16 / per_second, evaluation)
        for each in SETUPS
    ]


def loaded(proposal: Proposal, folder: Path) -> Study:
    path = folder / "study.yaml"
    path.write_text(study_text(proposal))
    return load_study(str(path))


SITUATIONS = [
    situation(images, minutes, labels)
    for images, minutes, labels in product(
        (40, 200, 2_000, 60_000, 3_000_000),
        (3.0, 20.0, 600.0),
        (None, labels_of(2, 90), labels_of(6, 400), labels_of(1000, 40_000), labels_of(1000, 2500)),
    )
]


@pytest.mark.parametrize("speed", [200.0, 2500.0, 60_000.0])
def test_every_design_fits_its_time_and_has_what_can_be_decided(speed: float) -> None:
    for each in SITUATIONS:
        if grid_for(each, timings(speed)[0]) is None:
            with pytest.raises(ConfigError, match="too little time"):
                proposed(each, timings(speed))
            continue
        made = proposed(each, timings(speed))
        grid, setup = made.grid, made.timing.setup
        assert planned_seconds(each, made.timing, grid) <= each.seconds
        assert list(grid.counts) == sorted(set(grid.counts))
        assert FEWEST_IMAGES <= grid.counts[0] <= grid.counts[-1] <= each.images.images
        assert len(grid.budgets) == 3
        assert grid.budgets[0] >= max(grid.counts[-1], 0.9 * FEWEST_STEPS * setup.batch)
        assert grid.budgets[-1] >= 19 * grid.counts[-1]
        assert grid.seeds >= 2
        short = {shortfall.lever for shortfall in made.shortfalls}
        assert ("images" in short) == (len(grid.counts) < 3) == (each.images.images < 128)
        assert ("all" in short) == (each.labels is None)
        if each.labels is not None:
            assert ("labels" in short) == (len(grid.labels) != 3)
            assert all(count <= each.labels.labels for count in grid.labels)
            points = [(float(n), float(c)) for n in grid.counts for c in grid.budgets]
            seen = detectable(points, grid.seeds, run_noise(each.labels.tested), grid.labels)
            decided = {"images": seen.images, "compute": seen.compute, "labels": seen.labels}
            assert {name for name, gain in decided.items() if gain is None} == short


@pytest.mark.parametrize("each", SITUATIONS[:: len(SITUATIONS) // 9], ids=str)
def test_every_design_is_a_study(each: Situation, tmp_path: Path) -> None:
    made = proposed(each, timings(20_000.0))
    study = loaded(made, tmp_path)
    images = each.images.images
    cells = study.cells({split: Listing("0", images) for split in study.splits()})
    assert len(cells) == made.grid.runs
    assert {cell.run.data.count for cell in cells} == {*made.grid.counts}
    presented = sorted({cell.run.images for cell in cells})
    asked = zip(presented, made.grid.budgets, strict=True)
    assert all(abs(images - budget) < made.timing.setup.batch for images, budget in asked)
    assert all(flops_per_image(cell.run) for cell in cells)
    counts = [ev.train_count for ev in study.evaluations]
    assert counts == [*made.grid.labels[:-1], None]  # the last uses all that there are
    more = study.cells({split: Listing("1", images + 100) for split in study.splits()})
    most = made.grid.counts[-1]
    assert max(cell.run.images for cell in more) == max(presented)
    assert {cell.run.data.count for cell in more} == {
        *made.grid.counts[:-1],
        most + 100 * (most == images),
    }


def test_more_time_brings_more_of_the_same_then_larger_images() -> None:
    made = [proposed(situation(minutes=m), timings()) for m in (3, 20, 100, 6_000)]
    sizes = [each.timing.setup.size for each in made]
    assert sizes[0] == sizes[1] == 16
    assert sizes == sorted(sizes)
    assert sizes[-1] >= 32
    assert made[0].grid.budgets[-1] < made[1].grid.budgets[-1]
    assert made[1].grid.seeds == 5


def test_setups_are_timed_only_as_far_as_they_may_be_used() -> None:
    asked: list[Setup] = []

    def timed() -> "list[SetupTiming]":
        for each in timings():
            asked.append(each.setup)
            yield each

    proposed(situation(minutes=3), timed())
    assert asked == [SETUPS[0]]


def test_too_many_images_for_the_time_are_left_out() -> None:
    made = proposed(situation(images=100_000, minutes=20), timings())
    assert made.grid.counts[-1] < 100_000
    assert "100,000 are usable" in study_text(made)


@pytest.mark.parametrize("images", [0, 31])
def test_too_few_images_are_refused(images: int) -> None:
    with pytest.raises(ConfigError, match="32 or more; 128 to judge more images") as raised:
        proposed(situation(images=images), timings())
    assert raised.value.got == f"{images} usable images"


@pytest.mark.parametrize("images", [50, 2_000, 10**6])
@pytest.mark.parametrize("speed", [50.0, 2500.0])
def test_too_little_time_says_how_much_it_takes(images: int, speed: float) -> None:
    each, timing = situation(images), timings(speed)[0]
    least = fewest_seconds(each, timing)
    with pytest.raises(ConfigError, match="too little time") as raised:
        proposed(each._replace(seconds=0.9 * least), [timing])
    assert str(-int(-least // 60)) in raised.value.hint
    assert proposed(each._replace(seconds=1.01 * least), [timing]).grid.runs >= 6


def test_published_weights_are_a_baseline(tmp_path: Path) -> None:
    file = PublishedFile("weights/a.safetensors", "timm/resnet18", "half")
    study = loaded(proposed(situation(weights=file), timings()), tmp_path)
    (baseline,) = study.baselines
    assert baseline.encoder is not None
    assert (baseline.encoder.name, baseline.encoder.normalise) == ("timm/resnet18", "half")


def test_what_is_commented_out_is_right(tmp_path: Path) -> None:
    """Without weights and prices, the lines that a person may fill in: only their # is removed."""
    lines = study_text(proposed(situation(), timings())).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("# baselines:"))
    filled = [
        line.removeprefix("# ") for line in lines[first:] if ": " in line or line.endswith(":")
    ]
    said = yaml.safe_load("\n".join(line for line in filled if not line.startswith("What")))
    assert said["prices"] == {"image": 0.02, "hour": 1.5, "label": 0.1, "currency": "EUR"}
    assert said["spend"] == 100
    path = tmp_path / "study.yaml"
    priced = "\n".join([*lines, yaml.safe_dump({k: said[k] for k in ("prices", "spend")})])
    path.write_text(priced)
    assert load_study(str(path)).prices.hour == 1.5


@pytest.mark.parametrize(
    "name", ["photos: a #1", "{x}", "Müll 垃圾", "- y", "'q\"", "yes", "12", "a\nb"]
)
def test_any_name_of_a_folder_or_label_is_read_back(name: str, tmp_path: Path) -> None:
    labels = labels_of(6, 400)._replace(label=name.strip(), dataset=f"/data/{name}")
    made = situation(labels=labels)
    made = made._replace(images=made.images._replace(dataset=f"/data/{name}"))
    if "\n" in name:
        with pytest.raises(ConfigError):
            loaded(proposed(made, timings()), tmp_path)
        return
    study = loaded(proposed(made, timings()), tmp_path)
    assert study.base["data"]["dataset"] == f"/data/{name}"
    assert {(ev.dataset, ev.label) for ev in study.evaluations} == {(f"/data/{name}", name)}


def test_how_images_are_tested_is_said() -> None:
    labels = labels_of(3, 400)._replace(
        shared=7, overlap=9, others=("site",), groups=("patient",), folds=None, test="test"
    )
    text = study_text(proposed(situation(labels=labels), timings()))
    for words in ("sees 7 of the tested", "shares 9 images", "labels here: site", "by patient"):
        assert words in text
    assert "test: test" in text


def test_three_values_as_far_apart_as_there_is_room() -> None:
    assert spaced(2000, 32) == (120, 500, 2000)
    assert spaced(300, 32) == (32, 97, 300)
    assert spaced(127, 32) == (127,)
    assert [round_down(v) for v in (7.9, 99.9, 127, 4_567, 1_000_000)] == [
        7, 99, 120, 4500, 1_000_000,
    ]  # fmt: skip


def test_groups_and_uneven_classes_are_part_of_the_study(tmp_path: Path) -> None:
    labels = SIX._replace(train="train[: by patient]", grouped="patient", uneven=0.83)
    made = proposed(situation(labels=labels), timings())
    study = loaded(made, tmp_path)
    assert {ev.train for ev in study.evaluations} == {"train[: by patient]"}
    assert {ev.metric for ev in study.evaluations} == {"balanced_accuracy"}
    text = study_text(made)
    assert "# Images of one patient are in one part." in text
    assert "# 83% of these images are of one class: each class counts alike." in text
