"""The torchvision datasets that a study may name, with their splits and sizes."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

HIDDEN = ("unlabeled", "train+unlabeled")  # splits of STL10 whose labels must not be used


class Split(NamedTuple):
    """torchvision's arguments for the split, and its number of images."""

    arguments: dict[str, Any]
    images: int


@dataclass(frozen=True)
class Named:
    """How one torchvision dataset is constructed and what it returns.

    `files`: it lists image files; otherwise it holds pixels in `.data`.
    """

    splits: dict[str, Split]
    files: bool = False
    labels: str = field(default="targets", kw_only=True)  # attribute of sets that hold pixels
    names: tuple[str, ...] = field(default=("label",), kw_only=True)  # of the labels


def _by_flag(train: int, test: int) -> dict[str, Split]:
    return {"train": Split({"train": True}, train), "test": Split({"train": False}, test)}


def _by_name(**counts: int) -> dict[str, Split]:
    return {name: Split({"split": name}, count) for name, count in counts.items()}


SETS: dict[str, Named] = {
    "CIFAR10": Named(_by_flag(50_000, 10_000)),
    "CIFAR100": Named(_by_flag(50_000, 10_000)),
    "FashionMNIST": Named(_by_flag(60_000, 10_000)),
    "STL10": Named(
        _by_name(
            **{"train": 5_000, "test": 8_000, "unlabeled": 100_000, "train+unlabeled": 105_000}
        ),
        labels="labels",
    ),
    "SVHN": Named(_by_name(train=73_257, test=26_032, extra=531_131), labels="labels"),
    "Flowers102": Named(_by_name(train=1_020, val=1_020, test=6_149), files=True),
    "OxfordIIITPet": Named(
        {
            "train": Split({"split": "trainval"}, 3_680),
            "test": Split({"split": "test"}, 3_669),
            "all": Split({"split": "trainval"}, 7_349),  # both, for custom splits
        },
        files=True,
    ),
    "DTD": Named(_by_name(train=1_880, val=1_880, test=1_880), files=True),
    # No split of its own: ours is a fixed permutation, four fifths to train.
    "EuroSAT": Named({"train": Split({}, 21_600), "test": Split({}, 5_400)}, files=True),
    "Food101": Named(_by_name(train=75_750, test=25_250), files=True),
    # Splits or labels of ours: see torchvision_tasks.
    "Caltech101": Named({"train": Split({}, 5_784), "test": Split({}, 2_893)}, files=True),
    "SUN397": Named({"train": Split({}, 87_003), "test": Split({}, 21_751)}, files=True),
    "CLEVRClassification": Named(
        {"train": Split({"split": "train"}, 70_000), "test": Split({"split": "val"}, 15_000)},
        files=True,
        names=("count", "distance"),
    ),
    "Kitti": Named(
        {"train": Split({"train": True}, 6_770), "test": Split({"train": True}, 711)},
        files=True,
        names=("distance",),
    ),
}
