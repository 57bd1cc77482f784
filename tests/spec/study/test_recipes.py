"""Shipped recipes: published values as literals, and what a study makes of a named recipe."""

from copy import deepcopy
from typing import Any

import pytest

from datayield import methods
from datayield.optim.build import build as build_optimizer
from datayield.spec.errors import ConfigError
from datayield.spec.run.method import METHOD_SPECS
from datayield.spec.run.run import RunSpec
from datayield.spec.study.expand import as_run, resolve
from datayield.spec.study.recipes import recipe_set, recipe_sets
from datayield.spec.study.study import Study
from datayield.spec.validate import validated

RESNET = {"name": "resnet18", "stem": "cifar_pad2", "size": 32}
VIT = {"name": "vit_tiny", "patch": 8, "size": 128}  # for masks of 8, 16 and 32 px
BASE: dict[str, Any] = {
    "data": {"dataset": "made", "count": 5000},
    "encoder": RESNET,
    "budget": {"epochs": 1000},
}
ALL = [(name, method) for name in recipe_sets() for method in recipe_set(name).methods]


def run(recipe: str, name: str, knobs: Any = None, **more: Any) -> RunSpec:
    method = {"name": name, **(knobs or {})}
    base = {**deepcopy(BASE), "recipe": recipe, "method": method, **more}
    return resolve(as_run(base, {}, {}, {}), {})


@pytest.mark.parametrize(("name", "method"), ALL, ids="-".join)
@pytest.mark.parametrize("as_published", [False, True])
def test_every_recipe_is_a_run_that_builds(name: str, method: str, as_published: bool) -> None:
    encoder = VIT if method == "simmim" else RESNET
    spec = run(name, method, encoder=encoder, as_published=as_published)
    assert spec.method.name == method
    if name in ("barlow_twins_imagenet", "dino_imagenet_vit"):  # 140 and 17 million weights
        small = spec.method.model_copy(update={"projector": (64, 64)})
        spec = spec.model_copy(update={"method": small})
    optimizer = build_optimizer(methods.build(spec), spec.optim)
    assert optimizer.param_groups[0]["lr"] == spec.optim.lr


def test_set_names_are_file_names_and_sources_are_told() -> None:
    for name in recipe_sets():
        recipe = recipe_set(name)
        assert recipe.name == name
        assert recipe.source
        assert set(recipe.methods) <= set(METHOD_SPECS)


# Literals from the published configurations, converted as the YAML says: lr, weight decay, and
# knobs of the method. BYOL and MoCo v3: published lr x 2, decay / 2. VICReg: variance x 2.
CIFAR = {
    "simclr": (0.4, 1e-4, {"projector": (2048, 256), "temperature": 0.2}),
    "moco_v3": (2 * 0.3, 1e-6 / 2, {"projector": (4096, 256), "predictor": 4096,
                                    "temperature": 0.2, "momentum": 0.99}),
    "vicreg": (0.3, 1e-4, {"projector": (2048, 2048, 2048), "invariance": 25.0,
                           "variance": 2 * 25.0, "covariance": 1.0}),
    "dino": (0.3, 1e-6, {"projector": (2048, 2048, 256), "prototypes": 4096, "temperature": 0.1,
                         "teacher_temperature": 0.07, "first_teacher_temperature": 0.07,
                         "freeze": 1 / 1000, "centre_momentum": 0.9, "momentum": 0.9995}),
    "byol": (2 * 1.0, 1e-5 / 2, {"projector": (4096, 256), "predictor": 4096, "momentum": 0.99}),
    "barlow_twins": (0.3, 1e-4, {"projector": (2048, 2048, 2048), "beta": 0.0051, "scale": 0.1}),
    "swav": (0.6, 1e-6, {"projector": (2048, 128), "prototypes": 3000, "temperature": 0.1,
                         "epsilon": 0.05, "iterations": 3, "queue": 3840,
                         "queue_from": 50 / 1000, "freeze": 2 / 1000}),
}  # fmt: skip
IMAGENET100 = {
    "simclr": (0.3, 1e-4, {"projector": (4096, 512), "temperature": 0.2}),
    "moco_v3": (2 * 0.3, 1e-6 / 2, {"predictor": 4096, "momentum": 0.99}),
    "vicreg": (0.3, 1e-4, {"variance": 50.0}),
    "dino": (0.3, 1e-6, {"teacher_temperature": 0.07, "first_teacher_temperature": 0.04,
                         "temperature_warmup": 50 / 400, "freeze": 1 / 400, "momentum": 0.9995}),
    "byol": (2 * 0.5, 1e-6 / 2, {"predictor": 8192}),
    "barlow_twins": (0.3, 1e-4, {"beta": 0.0051, "scale": 0.1}),
    "swav": (0.6, 1e-6, {"queue_from": 50 / 400, "freeze": 2 / 400}),
}  # fmt: skip
LARS_ROWS = [("cifar", m, *row, 10 / 1000) for m, row in CIFAR.items()] + [
    ("imagenet100", m, *row, 10 / 400) for m, row in IMAGENET100.items()
]


@pytest.mark.parametrize(("name", "method", "lr", "decay", "knobs", "warmup"), LARS_ROWS)
def test_solo_learns_values(
    name: str, method: str, lr: float, decay: float, knobs: dict[str, Any], warmup: float
) -> None:
    spec = run(name, method)
    assert {k: getattr(spec.method, k) for k in knobs} == knobs
    o = spec.optim
    assert (o.name, o.lr, o.weight_decay, o.momentum) == ("lars", lr, decay, 0.9)
    assert (o.eta, o.trust_clip, o.bias_lr) == (0.02, True, 1.0)
    assert (o.schedule, o.warmup, o.final, o.clip) == ("cosine", warmup, 0.0, None)
    assert (spec.batch, spec.view_count) == (256, 2)


VIEWS = {  # scale from, brightness, saturation, hue, blur, solarize; of each view
    ("cifar", "simclr"): [(0.08, 0.8, 0.8, 0.2, 0.5, 0.0)] * 2,
    ("cifar", "swav"): [(0.08, 0.8, 0.8, 0.2, 0.5, 0.0)] * 2,
    ("cifar", "byol"): [(0.08, 0.4, 0.2, 0.1, 0.0, 0.0), (0.08, 0.4, 0.2, 0.1, 0.0, 0.2)],
    ("cifar", "moco_v3"): [(0.08, 0.4, 0.2, 0.1, 0.0, 0.0), (0.08, 0.4, 0.2, 0.1, 0.0, 0.2)],
    ("cifar", "dino"): [(0.08, 0.4, 0.2, 0.1, 0.0, 0.0), (0.08, 0.4, 0.2, 0.1, 0.0, 0.2)],
    ("cifar", "barlow_twins"): [(0.08, 0.4, 0.2, 0.1, 0.0, 0.0), (0.08, 0.4, 0.2, 0.1, 0.0, 0.2)],
    ("cifar", "vicreg"): [(0.2, 0.4, 0.2, 0.1, 0.0, 0.1)] * 2,
    ("imagenet100", "simclr"): [(0.08, 0.8, 0.8, 0.2, 0.5, 0.0)] * 2,
    ("imagenet100", "byol"): [(0.08, 0.4, 0.2, 0.1, 1.0, 0.0), (0.08, 0.4, 0.2, 0.1, 0.1, 0.2)],
    ("imagenet100", "vicreg"): [(0.2, 0.4, 0.2, 0.1, 0.5, 0.1)] * 2,
    ("ghosh2024", "vicreg"): [(0.08, 0.4, 0.4, 0.0, 0.0, 0.0)] * 2,
    ("barlow_twins_imagenet", "barlow_twins"): [
        (0.08, 0.4, 0.2, 0.1, 1.0, 0.0), (0.08, 0.4, 0.2, 0.1, 0.1, 0.2)],
    ("lejepa", "lejepa"): [(0.08, 0.8, 0.8, 0.2, 0.5, 0.1)] * 4,
}  # fmt: skip


@pytest.mark.parametrize(("name", "method"), VIEWS, ids="-".join)
def test_published_views(name: str, method: str) -> None:
    views = [
        (v.scale[0], v.brightness, v.saturation, v.hue, v.blur, v.solarize)
        for v in run(name, method).views
        for _ in range(v.count)
    ]
    assert views == VIEWS[name, method]


PIL_WAY = ("bicubic", "random", "auto")
WAYS = {  # interpolation, order of the jitter, taps of the blur
    "cifar": PIL_WAY,
    "cifar_multicrop": PIL_WAY,
    "imagenet100": PIL_WAY,
    "barlow_twins_imagenet": PIL_WAY,
    "lejepa": (None, "random", 7),
    "hammoud2024_vit": PIL_WAY,
    "imagenet100_vit": PIL_WAY,
    "dino_imagenet_vit": PIL_WAY,
    "moco_v3_imagenet_vit": (None, "random", "auto"),  # torchvision's default crops
}


@pytest.mark.parametrize(("name", "method"), ALL, ids="-".join)
def test_published_views_are_made_as_their_codebase_makes_them(name: str, method: str) -> None:
    """None is ours. The sets of pocket scales, whose results are committed, have no other."""
    encoder = VIT if method == "simmim" else RESNET
    for view in run(name, method, encoder=encoder).views:
        way = (view.interpolation, view.jitter_order, view.blur_taps)
        assert way == WAYS.get(name, (None, None, None))


def test_a_way_is_stated_beside_a_recipe_of_views_and_on_an_axis() -> None:
    views = {"recipe": "vicreg", "interpolation": "bicubic"}
    (view,) = run("small", "byol", views=views).views
    assert (view.interpolation, view.solarize) == ("bicubic", 0.1)
    base = {**deepcopy(BASE), "recipe": "small", "method": {"name": "byol"}}
    axes = [{"views.blur_taps": rule} for rule in ("tenth", "auto")]
    ids = [resolve(as_run(base, {}, axis, {}), {}).id for axis in axes]
    assert ids[0] == run("small", "byol").id != ids[1]


def test_values_of_ghosh_and_how_they_follow_d() -> None:
    for d, beta in ((128, 0.04), (256, 0.02), (512, 0.01)):
        bt = run("ghosh2024", "barlow_twins", {"projector": [d, d]})
        assert bt.method.beta == pytest.approx(beta)  # type: ignore[union-attr]
    for d, weight in ((256, 25.0), (8192, 800.0)):
        vic = run("ghosh2024", "vicreg", {"projector": [d, d]}).method
        assert vic.invariance == vic.variance == 25.0  # type: ignore[union-attr]
        assert vic.invariance / vic.covariance == pytest.approx(weight)  # type: ignore[union-attr]
    spec = run("ghosh2024", "barlow_twins")
    o = spec.optim
    assert (o.name, o.lr, o.weight_decay, o.schedule) == ("adam", 1e-3, 1e-6, "constant")
    assert (o.warmup, spec.batch, spec.method.pairing) == (0.0, 512, "mean_view")  # type: ignore[union-attr]


VITS = [  # lr per 256 images, images per step, weight decay, warm-up, knobs of the method
    ("hammoud2024_vit", "simclr", 0.002 * 32 / 64 * 2, 64, 0.05, 1 / 10,
     {"projector": (4096, 256), "temperature": 0.2}),
    ("imagenet100_vit", "moco_v3", 3e-4, 8 * 128, 0.1, 10 / 400,
     {"projector": (4096, 4096, 256), "predictor": 4096, "temperature": 0.2, "momentum": 0.99}),
    ("moco_v3_imagenet_vit", "moco_v3", 1.5e-4, 4096, 0.1, 40 / 300,
     {"projector": (4096, 4096, 256), "predictor": 4096, "temperature": 0.2, "momentum": 0.99}),
    ("dino_imagenet_vit", "dino", 5e-4, 8 * 64, 0.04, 10 / 100,
     {"projector": (2048, 2048, 256), "prototypes": 65536, "teacher_temperature": 0.04,
      "first_teacher_temperature": 0.04, "momentum": 0.996, "freeze": 1 / 100,
      "prototypes_init": "uniform", "norm_over": None}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "method", "lr", "batch", "decay", "warmup", "knobs"), VITS)
def test_recipes_of_vits_are_those_of_their_sources(
    name: str, method: str, lr: float, batch: int, decay: float, warmup: float, knobs: Any
) -> None:
    spec = run(name, method, encoder={"name": "vit_small", "patch": 16, "size": 224})
    o = spec.optim
    assert (o.name, o.betas, o.schedule) == ("adamw", (0.9, 0.999), "cosine")
    assert (o.lr, spec.batch) == (pytest.approx(lr * batch / 256), batch)
    assert (o.weight_decay, o.warmup) == (decay, pytest.approx(warmup))
    assert {k: getattr(spec.method, k) for k in knobs} == knobs
    first, second = spec.views[:2]
    assert (first.blur, first.solarize, second.blur, second.solarize) == (1.0, 0.0, 0.1, 0.2)
    ends = (o.weight_decay_end, o.clip, o.clip_per)
    assert ends == ((0.4, 3.0, "parameter") if method == "dino" else (None, None, None))


def test_values_of_the_authors_barlow_twins() -> None:
    spec = run("barlow_twins_imagenet", "barlow_twins")
    o = spec.optim
    assert (spec.batch, o.lr, o.eta) == (2048, 0.2 * 2048 / 256, 0.001)
    assert o.lr * o.bias_lr == pytest.approx(0.0048 * 2048 / 256)
    assert (o.name, o.trust_clip, o.weight_decay, o.final) == ("lars", False, 1e-6, 0.001)
    assert o.warmup == 10 / 1000
    assert spec.method.model_dump() == {
        "name": "barlow_twins", "projector": (8192, 8192, 8192), "beta": 0.0051, "scale": 1.0,
        "pairing": "all_pairs",
    }  # fmt: skip


def test_values_of_lejepas_example() -> None:
    spec = run("lejepa", "lejepa")
    o = spec.optim
    assert (o.name, o.lr, o.weight_decay, o.warmup) == ("adamw", 2e-3, 5e-2, 1 / 800)
    assert o.lr * o.final == 1e-3
    assert spec.method.model_dump() == {
        "name": "lejepa", "projector": (2048, 2048, 16), "sigreg": 0.02, "directions": 256,
    }  # fmt: skip


def test_values_as_written_where_the_engine_may_lack_the_method() -> None:
    simmim, bridge = (
        recipe_set("simmim").methods["simmim"],
        recipe_set("bridge2025").methods["simmim"],
    )
    assert simmim["method"] == {"mask_patch": 32, "ratio": 0.6}
    assert bridge["method"] == {"mask_patch": 16, "ratio": 0.5}
    assert (simmim["optim"]["lr"], simmim["batch"]) == (1e-4 * 2048 / 512, 2048)
    assert simmim["optim"]["milestones"] == [{"epochs": 700}]
    assert (simmim["optim"]["warmup"], simmim["optim"]["clip"]) == ({"epochs": 10}, 5.0)
    assert bridge["optim"]["milestones"] == [{"epochs": 50}, {"epochs": 85}]
    assert (bridge["optim"]["lr"], bridge["optim"]["warmup"]) == (1e-4, 0.0)
    for optim in (simmim["optim"], bridge["optim"]):
        assert (optim["name"], optim["weight_decay"], optim["gamma"]) == ("adamw", 0.05, 0.1)
    large, other, small = recipe_set("cifar_multicrop").methods["swav"]["views"]
    assert [v["size"] for v in (large, other, small)] == [32, 32, 18]
    assert [v["count"] for v in (large, other, small)] == [1, 1, 6]
    assert (small["scale"], small["blur"], small["solarize"]) == ([0.08, 0.5], 0.1, 0.1)


def test_epochs_are_shares_of_the_published_run_or_as_published() -> None:
    """At a budget of 1000 passes over 5000 images, and of 5 million images of 50,000."""
    for n, want in ((5_000, 0.05), (50_000, 0.5)):
        for as_published, share in ((False, 0.05), (True, want)):
            made = run("cifar", "swav", as_published=as_published, budget={"images": 5_000_000},
                       data={"dataset": "made", "count": n}).method  # fmt: skip
            assert made.queue_from == pytest.approx(share)  # type: ignore[union-attr]
    with pytest.raises(ConfigError, match=r"longer than the whole run"):
        run("cifar", "simclr", as_published=True, budget={"epochs": 5})


def test_a_users_epochs_are_of_the_run_at_hand() -> None:
    spec = run("cifar", "simclr", optim={"warmup": {"epochs": 10}}, budget={"epochs": 50})
    assert spec.optim.warmup == 0.2
    assert spec.optim.lr == 0.4


def test_the_order_is_recipe_base_own_axes() -> None:
    base = {**deepcopy(BASE), "recipe": "cifar", "optim": {"lr": 1.5}, "batch": 64}
    own = {"simclr": {"optim": {"weight_decay": 3e-4, "lr": 2.5}, "views": {"recipe": "mild"}}}
    at = as_run(base, own, {"method": "simclr", "optim.lr": 3.5}, {})
    assert (at.optim.lr, at.optim.weight_decay, at.optim.eta) == (3.5, 3e-4, 0.02)
    assert (at.batch, at.views[0].count, at.views[0].scale) == (64, 2, (0.3, 1.0))
    assert as_run(base, own, {"method": "simclr"}, {}).optim.lr == 2.5
    assert as_run(base, {}, {"method": "simclr"}, {}).optim.lr == 1.5
    other = as_run({**base, "optim": {"name": "adamw", "lr": 1e-3}}, {}, {"method": "byol"}, {})
    assert other.optim.weight_decay == 0.0  # another optimizer starts afresh
    assert other.method.predictor == 4096  # type: ignore[union-attr]


def test_one_method_may_have_another_recipe() -> None:
    base = {**deepcopy(BASE), "recipe": "cifar"}
    own = {"byol": {"recipe": "small"}}
    rates = [as_run(base, own, {"method": m}, {}).optim.lr for m in ("byol", "simclr")]
    assert rates == [1e-3, 0.4]


def test_views_take_the_size_of_the_encoder_unless_they_have_their_own() -> None:
    encoder = {**RESNET, "size": 64}
    for name in ("cifar", "imagenet100"):
        assert {v.size for v in run(name, "byol", encoder=encoder).views} == {64}
    views = {"recipe": "mild", "size": 48}
    assert {v.size for v in run("cifar", "byol", encoder=encoder, views=views).views} == {48}


def test_the_name_is_gone_from_the_run() -> None:
    """Ids depend on values: the same values written out are the same run."""
    named = run("small", "simclr")
    values = named.model_dump(mode="json", exclude={"budget", "data"})
    written = resolve(as_run({**deepcopy(BASE), **values}, {}, {}, {}), {})
    assert written.id == named.id
    assert run("small", "simclr", as_published=True).id == named.id  # it has no epochs


def test_as_an_axis_of_a_study_that_says_little_else() -> None:
    raw = {
        "study": "compare",
        "base": {**deepcopy(BASE), "budget": {"images": 5_000_000}},
        "axes": {"recipe": ["small", "cifar"], "as_published": [False, True],
                 "method": ["byol", "simclr"]},
        "evaluations": [{"name": "c", "protocol": "linear@1", "dataset": "made", "label": "c"}],
    }  # fmt: skip
    cells = validated(Study, raw, where="test").cells({})
    assert [c.run.optim.name for c in cells] == ["adamw"] * 4 + ["lars"] * 4
    assert cells[0].axes_label == "recipe=small, as_published=false"
    assert len({c.run.id for c in cells}) == 4  # 10 of 1000 epochs, whichever way they are said


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"recipe": "cifra"}, "did you mean 'cifar'"),
        ({"recipe": "ghosh2024"}, "barlow_twins, vicreg"),
        ({"method": {"projector": [64, 64]}}, "no method.name"),
        ({"as_published": "yes"}, "true, false"),
        ({"views": {"size": 32, "recipe": "mild", "count": 2}}, "without size: encoder.size"),
        ({"views": {"recipe": "mild", "interpolation": "cubic"}}, "allowed: bilinear, bicubic"),
        ({"views": {"recipe": "mild", "blur_taps": 6}}, "odd number up to 63"),
        ({"views": {"recipe": "mild", "blur_taps": 65}}, "odd number up to 63"),
        ({"views": {"recipe": "mild", "blur_taps": "simclar"}}, "did you mean 'simclr'"),
        ({"encoder": {**RESNET, "normalise": "cifar"}}, "'cifar10'"),
        ({"encoder": {**RESNET, "stem": "imagenet", "normalise": "stl10"}, "init": "pretrained"},
         "leave out encoder.normalise"),
        ({"recipes": "cifar"}, "did you mean"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_told(changes: dict[str, Any], says: str) -> None:
    base = {**deepcopy(BASE), "recipe": "cifar", "method": {"name": "byol"}, **changes}
    with pytest.raises(ConfigError) as caught:
        as_run(base, {}, {}, {})
    assert says in caught.value.text()
