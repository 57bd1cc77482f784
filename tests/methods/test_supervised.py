"""Supervised: cross entropy over views and batch, and labels that follow order and seed."""

import numpy as np
import pytest
import torch

from datayield import methods
from datayield.data.sampling.resident import Resident, positions
from datayield.run.loop import TrainingData
from datayield.spec.run.cost import encoder_macs, flops_per_image
from datayield.spec.run.method import SupervisedSpec
from datayield.spec.run.run import RunSpec
from datayield.spec.run.views import ViewSpec
from tests.methods.test_methods import batch, run_spec


def supervised_spec(views: int = 1) -> RunSpec:
    spec = run_spec("simclr").model_dump()
    spec |= {"method": {"name": "supervised", "classes": 5}}
    spec |= {"views": (ViewSpec(count=views, size=16).model_dump(),)}
    return RunSpec.model_validate(spec)


@pytest.mark.parametrize("count", [1, 2])
def test_it_is_cross_entropy_over_views_and_batch(count: int) -> None:
    method = methods.build(supervised_spec(count)).eval().double()
    views = [view.double() for view in batch(count)]
    labels = torch.arange(16) % 5
    got = method(views, 0.5, labels)
    expected, hits = 0.0, 0
    for view in views:
        for x, y in zip(view, labels.tolist(), strict=True):
            features = method.encoder(x[None])[0].detach().numpy()
            weight, bias = (p.detach().numpy() for p in method.head.parameters())
            logits = weight @ features + bias
            expected += float(np.log(np.exp(logits).sum()) - logits[y])
            hits += int(logits.argmax() == y)
    assert got.total.item() == pytest.approx(expected / (16 * count), rel=1e-10)
    assert float(got.terms["accuracy"]) == pytest.approx(hits / (16 * count))


def test_a_batch_has_the_labels_of_its_images() -> None:
    """Image i is filled with its own number, and labelled by it."""
    n, chosen = 20, np.random.default_rng(0).permutation(40)[:20]
    pixels = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None, None, None], (40, 8, 8, 3))
    cpu = torch.device("cpu")
    labels = torch.from_numpy(chosen)
    source = TrainingData(Resident(pixels, chosen, cpu), "", "", 0, labels)
    for step in (0, 3):
        for part in (slice(0, 16), slice(8, 16)):
            shown = source.images.batch(7, step, 16, part)[:, 0, 0, 0].long()
            (told,) = source.targets(7, step, 16, part)
            assert torch.equal(shown, told)
            assert np.array_equal(told.numpy(), chosen[positions(n, 7, step, 16)[part]])
    assert source._replace(labels=None).targets(7, 0, 16, slice(0, 16)) == ()


def test_cost_is_the_encoder_and_one_layer() -> None:
    spec = supervised_spec(2)
    macs = encoder_macs(spec.encoder, 16)
    assert macs is not None
    assert flops_per_image(spec) == 6 * 2 * (macs + 64 * 5)
    assert isinstance(spec.method, SupervisedSpec)
    assert spec.label == "label"
