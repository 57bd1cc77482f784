"""Distillation losses: a student predicts a teacher's output for another view of the image.

Letters: V views, G of them seen by the teacher, B images, D dimensions, K prototypes. All are
means over ordered pairs of different views, so that their scale, and with it the learning rate
that suits them, does not depend on the number of views. Computed in float32 or better.
"""

from torch import Tensor
from torch.nn import functional as F

from datayield.maths.precision import no_autocast, widened


def regression(p: Tensor, z: Tensor) -> Tensor:
    """2 - 2 cos(p_i, z_j), its mean over images and view pairs i != j; p, z [V, B, D].

    Equation 2 of Grill et al. 2020 (BYOL, arXiv 2006.07733), made symmetric; the authors sum the
    two directions, which is twice this. `p` are predictions, `z` the teacher's projections.
    Raises ValueError for fewer than two views.
    """
    views = len(p)
    _at_least_two(views)
    with no_autocast(p):
        p, z = F.normalize(widened(p), dim=-1), F.normalize(widened(z), dim=-1)
        others = z.sum(dim=0) - z  # [V, B, D]: a prediction's targets, summed by linearity
        return 2 - 2 * (p * others).sum(dim=-1).mean() / (views - 1)


def dino(
    student: Tensor,
    teacher: Tensor,
    centre: Tensor,
    student_temperature: float,
    teacher_temperature: float | Tensor,
) -> Tensor:
    """Cross entropy of softmax((teacher_g - centre) / t_t) with softmax(student_v / t_s).

    `student` [V, B, K], `teacher` [G, B, K] and `centre` [K] are logits; the teacher saw the first
    G <= V views. Mean over images and pairs v != g: equations 1 to 3 of Caron et al. 2021 (arXiv
    2104.14294), divided by the number of pairs as in the authors' code.
    Raises ValueError for fewer than two views, or G outside [1, V].
    """
    views, seen = len(student), len(teacher)
    _at_least_two(views)
    if not 1 <= seen <= views:
        raise ValueError(f"the teacher sees 1 to {views} of the student's views, got {seen}")
    with no_autocast(student):
        logits = (widened(teacher) - widened(centre)) / teacher_temperature
        target = logits.softmax(dim=-1)
        told = F.log_softmax(widened(student) / student_temperature, dim=-1)
        # By linearity: every teacher view with every student view, minus the pairs of equal views.
        every = (target.sum(dim=0) * told.sum(dim=0)).sum()
        same = (target * told[:seen]).sum()
        return (same - every) / (seen * (views - 1) * student.shape[1])


def _at_least_two(views: int) -> None:
    if views < 2:
        raise ValueError(f"distillation between views needs two or more, got {views}")
