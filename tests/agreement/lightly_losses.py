"""The same losses from lightly 1.6.0 (https://github.com/lightly-ai/lightly), an import of its own.

Where its scale differs from ours the factor stands here. It knows pairs where we know V views: the
mean over pairs is taken here. Import fails where lightly is not installed: see CONTRIBUTING.md.
"""

from itertools import combinations, permutations

import lightly
import torch
from lightly import loss as losses
from lightly.loss.lejepa_loss import lejepa_invariance_loss
from lightly.loss.swav_loss import sinkhorn as lightly_sinkhorn
from lightly.models.modules.center import Center
from torch import Tensor
from torch.nn import functional as F

from tests.agreement import cases as knobs

VERSION: str = lightly.__version__


def _mean(values: list[Tensor]) -> Tensor:
    return torch.stack(values).mean()


def barlow_twins(z: Tensor) -> Tensor:
    """No factor; mean over pairs of views."""
    loss = losses.BarlowTwinsLoss(lambda_param=knobs.BETA)
    return _mean([loss(a, b) for a, b in combinations(z.unbind(), 2)])


def _vicreg() -> losses.VICRegLoss:
    invariance, variance, covariance = knobs.WEIGHTS
    return losses.VICRegLoss(lambda_param=invariance, mu_param=variance, nu_param=covariance)


def vicreg_all_pairs(z: Tensor) -> Tensor:
    """No factor: it halves the hinges of the two views and sums their covariances, as we do."""
    return _mean([_vicreg()(a, b) for a, b in combinations(z.unbind(), 2)])


def vicreg_mean_view(z: Tensor) -> Tensor:
    """Each view with the mean of the others."""
    others = [torch.cat([z[:v], z[v + 1 :]]).mean(dim=0) for v in range(len(z))]
    return _mean([_vicreg()(view, other) for view, other in zip(z, others, strict=True)])


def simclr(z: Tensor) -> Tensor:
    """No factor; two views only."""
    first, second = z
    loss: Tensor = losses.NTXentLoss(temperature=knobs.TEMPERATURE)(first, second)
    return loss


def byol(p: Tensor, z: Tensor) -> Tensor:
    """2 + 2 x its negative cosine, mean over ordered pairs."""
    loss = losses.NegativeCosineSimilarity()
    return 2 + 2 * _mean([loss(p[i], z[j]) for i, j in permutations(range(len(p)), 2)])


def moco_v3(q: Tensor, k: Tensor) -> Tensor:
    """2 temperature x its loss with a memory bank: for each query, the other keys of the batch."""
    keys = F.normalize(k, dim=-1)
    terms = []
    for i, j in permutations(range(len(q)), 2):
        for b in range(q.shape[1]):
            bank = torch.cat([keys[j, :b], keys[j, b + 1 :]])
            loss = losses.NTXentLoss(knobs.TEMPERATURE, memory_bank_size=tuple(bank.shape))
            loss.memory_bank.bank = bank
            terms.append(loss(q[i, b : b + 1], k[j, b : b + 1]))
    return 2 * knobs.TEMPERATURE * _mean(terms)


def dino(student: Tensor, teacher: Tensor) -> Tensor:
    """No factor: it is a mean over pairs of different views."""
    dim = student.shape[-1]
    loss = losses.DINOLoss(output_dim=dim, student_temp=knobs.TEMPERATURE).double()
    loss.center = knobs.centre(dim).expand(1, 1, -1).clone()
    temperature = knobs.TEACHER_TEMPERATURE
    out: Tensor = loss(list(teacher), list(student), teacher_temp=temperature)  # then moves centre
    return out


def dino_two_seen(student: Tensor, teacher: Tensor) -> Tensor:
    return dino(student, teacher[: knobs.SEEN])


def centre(before: Tensor, teacher: Tensor, momentum: float) -> Tensor:
    """DINO's, after one batch of logits [G, B, K]."""
    module = Center(size=(1, 1, len(before)), momentum=momentum)
    module.center = before.expand(1, 1, -1).clone()
    module.update(teacher)
    return module.value.flatten()


def _swav(scores: Tensor, queue: list[Tensor] | None) -> Tensor:
    loss = losses.SwaVLoss(
        temperature=knobs.TEMPERATURE,
        sinkhorn_iterations=knobs.ITERATIONS,
        sinkhorn_epsilon=knobs.EPSILON,
    )
    views = list(scores)
    out: Tensor = loss(views[: knobs.SEEN], views[knobs.SEEN :], queue)
    return out.squeeze()


def swav(scores: Tensor, _: Tensor) -> Tensor:
    """No factor: the first two views are its high resolution, the rest its low; it detaches."""
    return _swav(scores, None)


def swav_with_queue(scores: Tensor, _: Tensor) -> Tensor:
    return _swav(scores, list(knobs.queue(scores.shape[-1])))


def sinkhorn(scores: Tensor) -> Tensor:
    out: Tensor = lightly_sinkhorn(scores, knobs.ITERATIONS, knobs.EPSILON)
    return out


def lejepa(z: Tensor) -> Tensor:
    """No factor; its directions are replaced by ours. Its constants are rounded to float32."""
    sigreg = losses.SIGReg(num_vectors=knobs.DIRECTIONS).double()
    sigreg._generate_unit_vectors = lambda device, dtype, dim: knobs.directions(dim)
    agreement = lejepa_invariance_loss(all_proj=z, global_proj=z)
    return knobs.SIGREG * sigreg(z) + (1 - knobs.SIGREG) * agreement
