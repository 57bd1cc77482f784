"""What holds of every method, and what is particular to each."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from datayield import methods
from datayield.maths import distillation
from datayield.maths.clustering import sinkhorn, swapped_prediction
from datayield.maths.contrastive import nt_xent
from datayield.maths.decorrelation import Pairing, barlow_twins, vicreg
from datayield.nets import encoder as encoders
from datayield.optim.build import build as build_optimizer
from datayield.spec.run.budget import Budget
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.method import METHOD_SPECS, OBJECTIVES
from datayield.spec.run.optim import OptimSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.run.subset import Subset
from datayield.spec.run.views import ViewSpec

every_method = pytest.mark.parametrize("name", list(METHOD_SPECS))
# Knobs that keep a method small enough to test; the projector is small for all.
SMALL: dict[str, dict[str, Any]] = {
    "byol": {"predictor": 24},
    "moco_v3": {"predictor": 24},
    "dino": {"prototypes": 48},
    "lejepa": {"directions": 16},
    "swav": {"prototypes": 20, "queue": 40},
}


def small(name: str) -> dict[str, Any]:
    """Knobs of `name` that keep it small: a projector where it has one."""
    has_projector = "projector" in METHOD_SPECS[name].model_fields
    return ({"projector": (24, 12)} if has_projector else {}) | SMALL.get(name, {})


def run_spec(name: str, *, seed: int = 0, views: int = 2, **knobs: Any) -> RunSpec:
    return RunSpec(
        data=Subset(dataset="sprites", count=64, size=16),
        encoder=EncoderSpec(name="convnet", width=8, size=16),
        method=METHOD_SPECS[name].model_validate({**small(name), **knobs}),
        views=(ViewSpec(count=views, size=16),),
        optim=OptimSpec(lr=1e-3),
        batch=16,
        budget=Budget(unit="images", amount=160),
        seed=seed,
    )


def batch(views: int = 2, seed: int = 0) -> list[Tensor]:
    noise = torch.Generator().manual_seed(seed)
    images = torch.randn(16, 3, 16, 16, generator=noise)
    return [images + 0.5 * torch.randn(images.shape, generator=noise) for _ in range(views)]


def trained(method: nn.Module) -> list[nn.Parameter]:
    return [p for p in method.parameters() if p.requires_grad]


def test_every_declared_method_has_a_module() -> None:
    assert set(methods.METHODS) == set(OBJECTIVES)


@every_method
def test_loss_is_a_scalar_with_gradients_everywhere_and_terms_without(name: str) -> None:
    method = methods.build(run_spec(name))
    total, terms = method(batch(), 0.5)
    total.backward()
    assert total.shape == ()
    assert total.dtype == torch.float32
    assert all(term.shape == () and not term.requires_grad for term in terms.values())
    for parameter in trained(method):
        assert parameter.grad is not None
        assert float(parameter.grad.abs().sum()) > 0


@every_method
def test_the_encoder_at_step_0_is_the_untrained_baseline(name: str) -> None:
    spec = run_spec(name, seed=3)
    method = methods.build(spec)
    baseline = encoders.build(spec.encoder, seed=3).state_dict()
    state = method.encoder.state_dict()
    assert state.keys() == baseline.keys()
    assert all(torch.equal(state[key], baseline[key]) for key in state)


@every_method
def test_weights_are_a_function_of_the_spec(name: str) -> None:
    before = torch.random.get_rng_state()
    first, again, other = (
        methods.build(run_spec(name, seed=seed)).state_dict() for seed in (0, 0, 1)
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
    head = "decoder.weight" if name == "simmim" else "projector.0.weight"
    assert not torch.equal(first[head], other[head])


def test_heads_come_from_a_stream_of_their_own() -> None:
    spec = run_spec("simclr")
    head = methods.build(spec).projector[0].weight
    torch.manual_seed(spec.seed)
    same_stream = nn.Linear(64, 24).weight
    assert not torch.equal(head, same_stream)


@every_method
def test_resumes_strictly_to_the_same_bits(name: str) -> None:
    def train(method: Any, optimizer: torch.optim.Optimizer, steps: range) -> None:
        for step in steps:
            torch.manual_seed(step)  # as the loop does
            method(batch(seed=step), step / 6).total.backward()
            optimizer.step()
            optimizer.zero_grad()
            method.after_step(step / 6)

    optim = OptimSpec(lr=1e-2)
    straight = methods.build(run_spec(name))
    optimizer = build_optimizer(straight, optim)
    train(straight, optimizer, range(3))
    state = copy.deepcopy((straight.state_dict(), optimizer.state_dict()))
    train(straight, optimizer, range(3, 6))

    resumed = methods.build(run_spec(name, seed=9))
    resumed.load_state_dict(state[0], strict=True)
    optimizer = build_optimizer(resumed, optim)
    optimizer.load_state_dict(state[1])
    train(resumed, optimizer, range(3, 6))
    for key, value in straight.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


@every_method
def test_under_bfloat16_the_loss_sees_float32(name: str) -> None:
    method = methods.build(run_spec(name))
    torch.manual_seed(0)
    exact = method(batch(), 0.0).total.item()
    torch.manual_seed(0)
    method = methods.build(run_spec(name))  # anew: a forward pass moves the centre and the queue
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = method(batch(), 0.0).total
    assert rounded.dtype == torch.float32
    assert rounded.item() == pytest.approx(exact, rel=0.05)
    assert rounded.item() != exact


@every_method
def test_identical_images_give_finite_gradients(name: str) -> None:
    method = methods.build(run_spec(name))
    method([torch.zeros(8, 3, 16, 16)] * 2, 0.5).total.backward()
    for parameter in trained(method):
        assert parameter.grad is not None
        assert bool(parameter.grad.isfinite().all())


@pytest.mark.parametrize("pairing", ["all_pairs", "mean_view"])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", ["barlow_twins", "vicreg"])
def test_these_embed_their_views_apart(name: str, count: int, pairing: Pairing) -> None:
    spec = run_spec(name, views=count, pairing=pairing)
    method = methods.build(spec)
    views = batch(count)
    z = [method.projector(method.encoder(view)) for view in views]
    m: Any = spec.method
    if name == "vicreg":
        want = vicreg(z, m.invariance, m.variance, m.covariance, pairing).total
    else:
        want = barlow_twins(z, m.beta, pairing).total
    assert torch.equal(method(views, 0.0).total, want)


@pytest.mark.parametrize("count", [2, 3])
def test_simclr_embeds_its_views_together(count: int) -> None:
    method = methods.build(run_spec("simclr", views=count))
    views = batch(count)
    z = method.projector(method.encoder(torch.cat(views)))
    want = nt_xent(torch.stack(z.chunk(count)), 0.2)
    assert torch.equal(method(views, 0.0).total, want)
    apart = torch.stack([method.projector(method.encoder(view)) for view in views])
    assert not torch.isclose(nt_xent(apart, 0.2), want, rtol=1e-6)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", ["simclr", "swav", "dino"])
def test_norms_over_each_view_apart_if_asked(name: str, count: int) -> None:
    """Every view is embedded as in a batch of its own; the rest of the loss stays as it is."""
    spec = run_spec(name, views=count, norm_over="apart")
    method, together = methods.build(spec), methods.build(run_spec(name, views=count))
    for key, value in together.state_dict().items():
        assert torch.equal(method.state_dict()[key], value)
    views = batch(count)
    z = torch.stack([method.projector(method.encoder(view)) for view in views])
    if name == "simclr":
        want = nt_xent(z, 0.2)
    elif name == "swav":
        scores = nn.functional.normalize(z, dim=-1) @ method.prototypes.T
        codes = torch.stack([sinkhorn(view, 0.05, 3) for view in scores[:2].detach()])
        want = swapped_prediction(scores, codes, 0.1)
    else:
        teacher = torch.stack([method.teacher(view) for view in views])
        want = distillation.dino(method.prototypes(z), teacher, torch.zeros(48), 0.1, 0.04)
    got = method(views, 0.0).total
    torch.testing.assert_close(got, want, rtol=1e-6, atol=0)
    assert not torch.isclose(got, together(views, 0.0).total, rtol=1e-6)


@pytest.mark.parametrize("name", ["byol", "swav", "vicreg"])
def test_last_layers_have_a_bias_if_asked(name: str) -> None:
    plain, biased = (methods.build(run_spec(name, **knobs)) for knobs in ({}, {"bias": True}))
    added = biased.state_dict().keys() - plain.state_dict().keys()
    heads = {"projector.3.bias"} | ({"predictor.3.bias"} if name == "byol" else set())
    assert {key for key in added if not key.startswith("teacher")} == heads
    assert any(key.startswith("teacher") for key in added) is (name == "byol")
    biased(batch(), 0.5).total.backward()
    # VICReg sees only differences from the mean, or between views; BYOL's predictor begins with a
    # norm, but its own bias counts.
    counts = {"byol": [False, True], "swav": [True], "vicreg": [False]}[name]
    assert [float(biased.get_parameter(key).grad.abs().max()) > 1e-5 for key in sorted(heads)] == (
        counts[::-1]
    )


def test_scale_multiplies_the_whole_of_barlow_twins() -> None:
    plain = methods.build(run_spec("barlow_twins"))(batch(), 0.0)
    scaled = methods.build(run_spec("barlow_twins", scale=0.1))(batch(), 0.0)
    torch.testing.assert_close(scaled.total, 0.1 * plain.total)
    assert scaled.terms == plain.terms


@pytest.mark.parametrize(
    ("name", "norm"), [("barlow_twins", True), ("vicreg", True), ("simclr", False)]
)
def test_heads_are_the_recipes(name: str, norm: bool) -> None:
    layers = list(methods.build(run_spec(name)).projector)
    assert any(isinstance(layer, nn.BatchNorm1d) for layer in layers) is norm
    assert [layer.out_features for layer in layers if isinstance(layer, nn.Linear)] == [24, 12]


# BYOL pulls predictions to the teacher: test_teachers.py. SimMIM pulls nothing: test_simmim.py.
@pytest.mark.parametrize("name", [name for name in METHOD_SPECS if name not in ("byol", "simmim")])
def test_training_pulls_an_images_views_together(name: str) -> None:
    method = methods.build(run_spec(name))
    optimizer = build_optimizer(method, OptimSpec(lr=3e-3))

    def agreement() -> float:
        a, b = (method.projector(method.encoder(view)).detach() for view in batch(seed=0))
        cosine = nn.functional.normalize(a - a.mean(0)) @ nn.functional.normalize(b - b.mean(0)).T
        return float(cosine.diagonal().mean() - cosine.mean())

    before = agreement()
    for _ in range(30):
        method(batch(seed=0), 0.5).total.backward()
        optimizer.step()
        optimizer.zero_grad()
        method.after_step(0.5)
    assert agreement() > before + 0.1
