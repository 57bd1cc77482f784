"""What stands beside the losses: Sinkhorn's codes and the centre of DINO."""

from typing import NamedTuple

import torch
from torch import Tensor

from datayield import methods
from datayield.maths.clustering import sinkhorn
from tests.agreement.cases import EPSILON, ITERATIONS, SIZES, embeddings
from tests.agreement.checks import gap, has_lightly
from tests.maths import published
from tests.methods.test_methods import batch, run_spec

MOMENTUM, STEPS = 0.9, 3


class Gaps(NamedTuple):
    """From the loops, and from lightly where it is installed."""

    published: float
    lightly: float | None


def scores(views: int, samples: int, prototypes: int, seed: int) -> Tensor:
    """Cosines [V N, K]."""
    return embeddings(views, samples, prototypes, seed).tanh().flatten(0, 1)


def codes() -> Gaps:
    """Sinkhorn's, against plain alternate normalisation of exp(scores / epsilon)."""
    loops, theirs = [], []
    for seed, (samples, prototypes) in enumerate(SIZES):
        s = scores(1, samples, prototypes, seed)
        for epsilon in (EPSILON, 10 * EPSILON):
            for iterations in (1, ITERATIONS, 20):
                want = published.sinkhorn(s, epsilon, iterations)
                loops.append(gap(sinkhorn(s, epsilon, iterations), want))
        if has_lightly():
            from tests.agreement import lightly_losses

            theirs.append(gap(sinkhorn(s, EPSILON, ITERATIONS), lightly_losses.sinkhorn(s)))
    return Gaps(max(loops), max(theirs, default=None))


def centre() -> Gaps:
    """The method's own, after each of three steps on other images, with two and three views."""
    loops, theirs = [], []
    for views in (2, 3):
        method = methods.build(run_spec("dino", views=views, centre_momentum=MOMENTUM)).double()
        want = torch.zeros(len(method.centre), dtype=torch.float64)
        other = want.clone()
        for step in range(STEPS):
            images = [view.double() for view in batch(views, seed=step)]
            with torch.no_grad():
                logits = method.teacher(torch.cat(images)).unflatten(0, (views, -1))
            method(images, 0.5)
            want = published.centre(want, logits, MOMENTUM)
            loops.append(gap(method.centre, want))
            if has_lightly():
                from tests.agreement import lightly_losses

                other = lightly_losses.centre(other, logits, MOMENTUM)
                theirs.append(gap(method.centre, other))
    return Gaps(max(loops), max(theirs, default=None))


STATES = {"Sinkhorn's codes": codes, "DINO's centre": centre}
