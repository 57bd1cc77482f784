"""Well-formed studies that ask too much of their data, from a seed: for `tests.plan_and_run`.

Each takes a study that runs and draws a few of its parts anew: evaluations of every protocol on
sets without labels, with one class, with one image a class or without masks; counts, sizes and
fractions that do not fit; methods with batches and queues of odd sizes; budgets below a step.
"""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from tests.bad_inputs import masks
from tests.data.made import pixels
from tests.generated_configs import BASE

PROTOCOLS = (
    "linear@1", "linear_sgd@1", "knn@1", "vtab@1", "finetune@1", "segment@1", "spectrum@1",
    "state@1", "augmentation_spectrum@1", "linear_sgd@2", "segment@2",
)  # fmt: skip
SEGMENTING = ("segment@1", "segment@2")
SETS = (
    "digits", "sprites?n=64&n_test=32", "./pair", "./alone", "./single", "./plain", "./stranger",
    "./masked/task", "./few", "./images", "./spelled", "./apart",
)  # fmt: skip
FITTING = ("./pair", "./pair", "./stranger", "digits", "sprites?n=64&n_test=32")
ABSENT = ("./absent", "./phone", "torchvision/CIFAR10", "tiny-imagenet")
APPLIES = {  # to which protocols; an option of others is refused by the file alone
    "val": ("vtab@1",), "label_fraction": ("linear@1", "knn@1"), "per_class": ("linear@1", "knn@1"),
    "draws": (), "ignore": SEGMENTING, "views": ("state@1", "augmentation_spectrum@1"),
    "classes": ("linear@1", "linear_sgd@1", "linear_sgd@2", "knn@1", "vtab@1", "spectrum@1",
                "state@1"),
}  # fmt: skip
EVALUATION: dict[str, tuple[Any, ...]] = {
    "label": ("label", "digit", "category", "absent", "position_x"),
    "train_count": (2, 3, 4, 5, 9, 20, 1000),
    "test_count": (2, 5, 1000),
    "train": ("train", "train[:50%]", "train[:1]", "test[:50%]", "absent", "train[10%:20%]"),
    "test": ("test", "train[50%:]", "train", "test[:1]", "val"),
    "val": ("val", "train[80%:]", "test[:50%]"),
    "size": (8, 16, 24, 30, 32),
    "fit": ("squash",),
    "label_fraction": (0.01, 0.1, 0.5, 1.0),
    "per_class": (1, 2, 5, 50),
    "draws": (1, 2),
    "metric": ("balanced_accuracy", "accuracy"),
    "classes": ([0], [0, 1], ["a"], ["a", "b"], "[:1]", "[:2]", {"share": 0.5}, ["absent"]),
    "ignore": (0, 255),
    "views": ("mild", "multicrop"),
    "at": ([0.5, 1.0], [0.0, 1.0]),
    "optional": (True,),
    "allow_overlap": (True,),
    "seed": (1,),
    "where": ({"data.count": [32]}, {"data.count": ["50%"]}, {"seed": [7]}),
}
ENCODERS: tuple[Any, ...] = (
    {"name": "convnet", "width": 4}, {"name": "convnet"}, "resnet18",
    {"name": "resnet18", "stem": "cifar_pad2"}, {"name": "resnet18", "stem": "imagenet"},
    {"name": "vit_tiny", "patch": 8}, {"name": "vit_tiny", "patch": 4, "pool": "avg"},
    {"name": "viny", "patch": 8}, {"name": "timm/resnet10t"},
    {"name": "timm/mobilenetv3_small_050"}, {"name": "timm/vit_tiny_patch16_224"},
    {"name": "timm/convnext_atto"}, {"name": "timm/absent"},
    {"name": "timm/swin_tiny_patch4_window7_224"}, {"name": "timm/mixer_s16_224"},
)  # fmt: skip
METHODS: tuple[dict[str, Any], ...] = (
    *({"name": name, "projector": [8, 8]} for name in (
        "barlow_twins", "simclr", "vicreg", "byol", "moco_v3", "dino", "lejepa", "swav")),
    {"name": "byol", "projector": [8, 8], "predictor": 8, "momentum": 1.0},
    {"name": "moco_v3", "projector": [8], "predictor": 2, "momentum": 0.0},
    {"name": "dino", "projector": [8, 8], "prototypes": 2, "freeze": 1.0, "centre_momentum": 1.0},
    {"name": "swav", "projector": [8, 8], "prototypes": 4, "queue": 0},
    {"name": "swav", "projector": [8, 8], "prototypes": 4, "queue": 5, "queue_from": 0.0},
    {"name": "swav", "projector": [2], "prototypes": 9, "queue": 100_000, "queue_from": 1.0},
    {"name": "lejepa", "projector": [8, 2], "directions": 1, "sigreg": 1.0},
    {"name": "simmim", "mask_patch": 8}, {"name": "simmim", "mask_patch": 16, "ratio": 0.5},
    {"name": "supervised", "classes": 2}, {"name": "supervised", "classes": 10, "label": "digit"},
    {"name": "supervised", "classes": 3, "label": "absent"},
)  # fmt: skip
RUN: dict[str, tuple[Any, ...]] = {
    "batch": (2, 3, 7, 33, 64, 100, 1),
    "precision": ("bf16",),
    "budget": (
        {"images": 1}, {"steps": 1}, {"steps": 3}, {"epochs": 0.01}, {"epochs": 2}, {"flops": 1e3},
        {"flops": 1e8}, "100 images", {"images": 31},
    ),
    "views": (
        "symmetric", "multicrop", "simmim", {"recipe": "mild", "size": 64},
        {"recipe": "multicrop", "size": 16}, [{"count": 1, "size": 8}], [{"count": 4, "size": 16}],
        [{"count": 2, "size": 16}, {"count": 2, "size": 8}], {"recipe": "mild", "size": 12},
    ),
    "data": (
        {"dataset": "./pair", "count": 20}, {"dataset": "./plain", "count": 25},
        {"dataset": "./plain", "split": "val"},
        {"dataset": "./alone", "classes": ["a"], "count": 5},
        {"dataset": "digits", "count": "50%", "size": 16}, {"dataset": "digits", "classes": [0]},
        {"dataset": "digits", "split": "train[:10%]", "count": 32},
        {"dataset": "digits", "split": "test", "count": 40, "rule": "first", "skip": 1000},
        {"parts": {"A": {"dataset": "digits", "count": 20}, "B": {"dataset": "./pair"}}},
        {"parts": {"A": {"dataset": "digits", "count": 20}, "B": {"dataset": "digits",
                                                                  "count": 20}}},
        {"parts": {"A": {"dataset": "./pair", "classes": ["a"], "count": 5},
                   "B": {"dataset": "./pair", "classes": ["b"], "count": 500}}},
        {"dataset": "./absent"}, {"dataset": "./few", "count": 3}, {"dataset": "./phone"},
    ),
    "optim": (
        {"name": "sgd", "lr": 0.1}, {"name": "lars", "lr": 0.1, "clip": 1.0},
        {"lr": 1e-3, "schedule": "wsd", "decay": 0.5, "trunk": {"images": 640}},
        {"lr": 1e-3, "schedule": "step", "milestones": [0.5]},
        {"lr": 1e-3, "warmup": {"epochs": 1}}, {"lr": 1e-3, "warmup": 0.99},
    ),
    "init": (
        "pretrained", {"method": {"name": "supervised", "classes": 10, "label": "digit"}},
        {"data": {"count": 20}}, {"encoder": {"name": "convnet", "width": 8}},
        {"data": {"dataset": "./pair", "count": 10}}, {"data": {"dataset": "./absent"}},
    ),
    "seed": (5,),
}  # fmt: skip
AXES: tuple[tuple[str, Any], ...] = (
    ("data.count", [32]), ("data.count", [2, 7]), ("data.count", ["50%", "all"]), ("seed", [0]),
    ("data.count", [5000]), ("batch", [2, 16]), ("method", ["simclr", "swav"]),
    ("views", ["mild", "symmetric"]), ("budget", [{"images": 32}, {"epochs": 1}]),
    ("encoder", ["resnet18", {"name": "convnet", "width": 4}]), ("data.count", 64), ("seed", 3),
    ("run", [None, {"name": "wide", "encoder": {"width": 8}}]), ("init", [None, "pretrained"]),
    ("data", ["digits", "./pair"]), ("precision", ["fp32", "bf16"]),
)  # fmt: skip


def mismatched(count: int, seed: int = 0) -> Iterator[str]:
    """`count` texts of study files, always the same for a seed."""
    rng = random.Random(seed)
    for _ in range(count):
        study = copy.deepcopy(BASE)
        study["axes"] = {"data.count": [32]}
        study["evaluations"] = [_evaluation(rng) for _ in range(rng.choice((1, 1, 2)))]
        for place, ev in enumerate(study["evaluations"]):
            ev["name"] = f"task{place}"
        if rng.random() < 0.35:
            size = rng.choice((8, 16, 16, 32))
            encoder = copy.deepcopy(rng.choice(ENCODERS))
            study["base"]["encoder"] = (
                encoder
                if isinstance(encoder, str)
                else {
                    **encoder,
                    "size": size,
                }
            )
            study["base"]["views"] = "mild"  # of that size
            for ev in study["evaluations"] if rng.random() < 0.8 else ():
                ev["size"] = size
        if rng.random() < 0.35:
            study["base"]["method"] = copy.deepcopy(rng.choice(METHODS))
            study["recipes"] = {}
        for key in rng.sample(list(RUN), rng.choice((0, 0, 1, 1))):
            study["base"][key] = copy.deepcopy(rng.choice(RUN[key]))
            if key == "data":
                study["axes"] = {"seed": [0]}
        if rng.random() < 0.3:
            axis, values = rng.choice(AXES)
            study["axes"][axis] = copy.deepcopy(values)
        yield json.dumps(study)


def _evaluation(rng: random.Random) -> dict[str, Any]:
    """One that fits, most of the time, besides what is drawn for it."""
    ev: dict[str, Any] = {"protocol": rng.choice(PROTOCOLS), "size": 16}
    fitting = ("./masked/task",) if ev["protocol"] in SEGMENTING else FITTING
    ev["dataset"] = rng.choice(rng.choices((fitting, SETS, ABSENT), (14, 5, 1))[0])
    label = {"digits": "digit", "sprites": "category"}.get(ev["dataset"].partition("?")[0])
    if label:
        ev |= {"label": label, "train_count": 60, "test_count": 30}
    if ev["protocol"] in ("finetune@1", *SEGMENTING):
        ev["epochs"] = 1
    odd = rng.random() < 0.1
    keys = [key for key in EVALUATION if odd or ev["protocol"] in APPLIES.get(key, PROTOCOLS)]
    for key in rng.sample(keys, rng.choice((0, 1, 1, 2))):
        ev[key] = copy.deepcopy(rng.choice(EVALUATION[key]))
    return ev


def options_of(text: str) -> tuple[str, ...]:
    """The device that a study is planned for and run on: that there is, mostly."""
    rng = random.Random(text)
    if rng.random() < 0.9:
        return ()
    return ("--device", rng.choice(("cpu", "cuda", "cuda:1", "mps", "xpu", "cuda:x", "")))


def write_sets(folder: Path) -> None:
    """The small datasets of `SETS` below `folder`."""
    layouts = {
        "pair": {"train/a": 12, "train/b": 12, "test/a": 6, "test/b": 6},
        "alone": {"train/a": 12, "test/a": 6},
        "single": {"train/a": 1, "train/b": 1, "test/a": 6, "test/b": 6},
        "plain": {"train": 20, "test": 10},
        "stranger": {"train/a": 12, "train/b": 12, "test/a": 6, "test/c": 6},
        "spelled": {"train/Ant": 12, "train/bee": 12, "test/ant": 6, "test/bee": 6},
        "apart": {"train/a": 12, "train/b": 12, "test/c": 6, "test/d": 6},
        "few": {"train/a": 2, "train/b": 1, "test/a": 1},
    }
    drawn = 0
    for name, splits in layouts.items():
        for place, count in splits.items():
            (folder / name / place).mkdir(parents=True)
            for i in range(count):
                drawn += 1
                Image.fromarray(pixels(drawn, 16, 16)).save(folder / name / place / f"{i:02}.png")
    heic = b"\0\0\0\x18ftypheic" + bytes(500)  # read by an optional extra alone
    for name in ("phone/train/a/1.heic", "phone/test/a/2.heic", "pair/train/a/photo.heic"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(heic)
    (folder / "masked").mkdir()
    masks(0)(folder / "masked")
