"""Every loss as one row of the table: ours, the published loops and what lightly has of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from datayield.maths import clustering, contrastive, decorrelation, distillation, gaussian, masking
from datayield.maths.decorrelation import Pairing
from tests.maths import published

Loss = Callable[..., Tensor]  # of one or two tensors [V, B, D]; the first is trained
VIEWS = (2, 3, 5)
SIZES = ((4, 3), (6, 5), (3, 7))  # images, dimensions: also fewer images than dimensions

# Every knob away from the values at which a forgotten one would not show.
BETA = 0.02
WEIGHTS = (25.0, 15.0, 3.0)
TEMPERATURE = 0.2
TEACHER_TEMPERATURE = 0.0625  # lightly rounds it to float32: a power of two is exact
EPSILON, ITERATIONS = 0.05, 3
SIGREG, DIRECTIONS = 0.3, 6
SEEN = 2  # of the views: by the teacher, or given codes


@dataclass(frozen=True)
class Case:
    """A loss and its independent implementations.

    `second`: none; a `teacher`'s outputs, which carry no gradient; or a `copy` of the first, from
    which SwAV takes its codes without gradient. `parts`: where views are not all alike, how many of
    the first play a part of their own, so that only they may change places; the rest likewise.
    `by_lightly` names a function of `lightly_losses`, which holds for `lightly_views`.
    """

    name: str
    ours: Loss
    published: Loss
    second: Literal["none", "teacher", "copy"] = "none"
    parts: tuple[int, ...] = ()
    why_parts: str = ""
    by_lightly: str | None = None
    lightly_views: tuple[int, ...] = VIEWS

    def inputs(self, views: int, batch: int, dim: int, seed: int = 0) -> list[Tensor]:
        """Embeddings, or cosines for SwAV, [V, B, D] each."""
        z = embeddings(views, batch, dim, seed)
        if self.second == "copy":
            return [z.tanh(), z.tanh()]
        return [z] if self.second == "none" else [z, embeddings(views, batch, dim, seed + 1)]


def normal(*shape: int, seed: int) -> Tensor:
    """Normal numbers from NumPy's frozen stream: the same wherever golden values are checked."""
    return torch.from_numpy(np.random.RandomState(seed).standard_normal(shape))


def embeddings(views: int, batch: int, dim: int, seed: int) -> Tensor:
    """Views [V, B, D] of one batch that agree in part; dimensions of unlike scale and mean."""
    shared, own = normal(1, batch, dim, seed=seed), normal(views, batch, dim, seed=seed + 1000)
    return (0.7 * shared + 0.6 * own) * torch.linspace(0.5, 1.6, dim).double() + 0.3


def centre(dim: int) -> Tensor:
    return normal(dim, seed=7)


def directions(dim: int) -> Tensor:
    return F.normalize(normal(dim, DIRECTIONS, seed=8), dim=0)


def queue(dim: int) -> Tensor:
    """Cosines [2, 5, K] of embeddings that SwAV keeps of each of two views."""
    return normal(SEEN, 5, dim, seed=9).tanh()


def total_of(terms: tuple[Tensor, Tensor]) -> Tensor:
    return terms[0] + BETA * terms[1]


def weighted(terms: list[Tensor]) -> Tensor:
    return published.total(w * term for w, term in zip(WEIGHTS, terms, strict=True))


def published_barlow_twins(z: Tensor, pairing: Pairing) -> Tensor:
    """Two views are one pair whatever the pairing, as in the code of its authors."""
    views = list(z.unbind())
    return total_of(published.barlow_twins(views, "all_pairs" if len(z) == 2 else pairing))


def swav(scores: Tensor, seen: Tensor) -> Tensor:
    codes = [clustering.sinkhorn(view, EPSILON, ITERATIONS) for view in seen[:SEEN]]
    return clustering.swapped_prediction(scores, torch.stack(codes), TEMPERATURE)


def published_swav(scores: Tensor, seen: Tensor) -> Tensor:
    codes = [published.sinkhorn(view, EPSILON, ITERATIONS) for view in seen[:SEEN]]
    return published.swapped_prediction(scores, torch.stack(codes), TEMPERATURE)


def swav_with_queue(scores: Tensor, seen: Tensor) -> Tensor:
    """The queue has two empty rows more, which do not count."""
    batch, dim = seen.shape[1:]
    kept = F.pad(queue(dim), (0, 0, 0, 2)).to(seen.dtype)
    counted = torch.arange(batch + kept.shape[1]) < batch + kept.shape[1] - 2
    both = torch.cat([seen[:SEEN], kept], dim=1)
    codes = [clustering.sinkhorn(view, EPSILON, ITERATIONS, counted)[:batch] for view in both]
    return clustering.swapped_prediction(scores, torch.stack(codes), TEMPERATURE)


def published_swav_with_queue(scores: Tensor, seen: Tensor) -> Tensor:
    both = torch.cat([seen[:SEEN], queue(seen.shape[2])], dim=1)
    codes = [published.sinkhorn(view, EPSILON, ITERATIONS)[: seen.shape[1]] for view in both]
    return published.swapped_prediction(scores, torch.stack(codes), TEMPERATURE)


def lejepa(z: Tensor) -> Tensor:
    spread = gaussian.sigreg(z, directions(z.shape[-1]))
    return SIGREG * spread + (1 - SIGREG) * gaussian.prediction(z)


def published_lejepa(z: Tensor) -> Tensor:
    spread = published.sigreg(z, directions(z.shape[-1]))
    return SIGREG * spread + (1 - SIGREG) * published.prediction(z)


def lejepa_of_crops(z: Tensor) -> Tensor:
    return gaussian.prediction(z, SEEN)


def published_lejepa_of_crops(z: Tensor) -> Tensor:
    """Every view against the mean of the large ones, image by image and entry by entry."""
    return published.prediction(z, SEEN)


def simmim(pred: Tensor, target: Tensor) -> Tensor:
    """Each embedding read as an image of D patches of one pixel, the first six tenths hidden."""
    dim = pred.shape[-1]
    hidden = (torch.arange(dim) < 0.6 * dim).expand(len(pred.flatten(0, 1)), dim)
    patches = (x.flatten(0, 1)[..., None] for x in (pred, target))  # [V B, D, 1]
    return masking.reconstruction(*patches, hidden).mean()


def published_simmim(pred: Tensor, target: Tensor) -> Tensor:
    dim = pred.shape[-1]
    hidden = (torch.arange(dim) < 0.6 * dim).expand(len(pred.flatten(0, 1)), dim)
    images = (x.flatten(0, 1)[:, None, :, None] for x in (target, pred))  # [V B, 1, D, 1]
    return published.masked_l1(*images, hidden[..., None])


def dino(of: Loss, seen: int | None = None) -> Loss:
    def loss(student: Tensor, teacher: Tensor) -> Tensor:
        c = centre(student.shape[-1]).to(student.dtype)
        return of(student, teacher[:seen], c, TEMPERATURE, TEACHER_TEMPERATURE)

    return loss


def _decorrelation(pairing: Pairing, words: str) -> list[Case]:
    return [
        Case(
            f"Barlow Twins, {words}",
            lambda z: decorrelation.barlow_twins(z.unbind(), BETA, pairing).total,
            lambda z: published_barlow_twins(z, pairing),
            by_lightly="barlow_twins",
            # lightly standardises what it is given: a mean of standardised views it cannot take.
            lightly_views=VIEWS if pairing == "all_pairs" else (2,),
        ),
        Case(
            f"VICReg, {words}",
            lambda z: decorrelation.vicreg(z.unbind(), *WEIGHTS, pairing).total,
            lambda z: weighted(published.vicreg(z.unbind(), pairing)),
            by_lightly=f"vicreg_{pairing}",
        ),
    ]


CASES = (
    *_decorrelation("all_pairs", "all pairs"),
    *_decorrelation("mean_view", "mean view"),
    Case(
        "SimCLR",
        lambda z: contrastive.nt_xent(z, TEMPERATURE),
        lambda z: published.nt_xent(z, TEMPERATURE),
        by_lightly="simclr",
        lightly_views=(2,),  # lightly's takes two
    ),
    Case(
        "BYOL", distillation.regression, published.regression, second="teacher", by_lightly="byol"
    ),
    Case(
        "MoCo v3",
        lambda q, k: contrastive.info_nce(q, k, TEMPERATURE),
        lambda q, k: published.info_nce(q, k, TEMPERATURE),
        second="teacher",
        by_lightly="moco_v3",
    ),
    Case(
        "DINO",
        dino(distillation.dino),
        dino(published.dino),
        second="teacher",
        by_lightly="dino",
    ),
    Case(
        "DINO, teacher sees 2 views",
        dino(distillation.dino, SEEN),
        dino(published.dino, SEEN),
        second="teacher",
        parts=(SEEN,),
        why_parts="only the first 2 are taught of",
        by_lightly="dino_two_seen",
    ),
    Case(
        "SwAV",
        swav,
        published_swav,
        second="copy",
        parts=(SEEN,),
        why_parts="only the first 2 have codes",
        by_lightly="swav",
    ),
    Case(
        "SwAV with a queue",
        swav_with_queue,
        published_swav_with_queue,
        second="copy",
        parts=(1, 1),
        why_parts="the first 2 have codes and a queue each, so only 5 views leave any",
        by_lightly="swav_with_queue",
    ),
    Case("LeJEPA", lejepa, published_lejepa, by_lightly="lejepa"),
    Case(
        "LeJEPA, 2 large views",
        lejepa_of_crops,
        published_lejepa_of_crops,
        parts=(SEEN,),
        why_parts="only the first 2 are large",
    ),
    Case("SimMIM", simmim, published_simmim, second="teacher"),
)
