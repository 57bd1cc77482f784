"""The papers' formulas as printed: loops over views, images and dimensions, in float64.

The reference of the tests and of `python -m tests.agreement`. It shares nothing with the package
and vectorises nothing: entries are tensors without dimensions, so that autograd differentiates
the loops themselves. Embeddings are [V, B, D]: V views, B images, D dimensions (or prototypes).
"""

import math
from collections.abc import Iterable, Sequence
from itertools import combinations, pairwise

import torch
from torch import Tensor

from datayield.maths.decorrelation import Pairing

Row = list[Tensor]  # of scalars


def rows(z: Tensor) -> list[Row]:
    """The entries of a matrix [B, D]."""
    return [list(row.unbind()) for row in z.unbind()]


def columns(z: Tensor) -> list[Row]:
    return [list(column) for column in zip(*rows(z), strict=True)]


def mean(values: Iterable[Tensor]) -> Tensor:
    values = list(values)
    return total(values) / len(values)


def total(values: Iterable[Tensor]) -> Tensor:
    first, *rest = values
    return sum(rest, first)


def dot(a: Row, b: Row) -> Tensor:
    return total(x * y for x, y in zip(a, b, strict=True))


def unit(row: Row) -> Row:
    length = dot(row, row).sqrt()
    return [x / length for x in row]


def softmax(scores: Row) -> Row:
    powers = [score.exp() for score in scores]
    return [power / total(powers) for power in powers]


def cross_entropy(target: Row, told: Row) -> Tensor:
    return -total(q * p.log() for q, p in zip(target, told, strict=True))


# Decorrelation.


def standard(z: Tensor) -> list[Row]:
    """The columns of `z` with mean 0 and variance 1: biased, plus 1e-5 as in BatchNorm."""
    out = []
    for column in columns(z):
        m = mean(column)
        deviation = (mean((x - m) ** 2 for x in column) + 1e-5).sqrt()
        out.append([(x - m) / deviation for x in column])
    return out


def identity_errors(a: list[Row], b: list[Row]) -> tuple[Tensor, Tensor]:
    """Sums of (1 - C_ii)^2 and of C_ij^2, i != j, for columns `a` and `b`."""
    on, off = [], []
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            c = dot(x, y) / len(x)
            (on if i == j else off).append((1 - c) ** 2 if i == j else c**2)
    return total(on), total(off)


def barlow_twins(views: Sequence[Tensor], pairing: Pairing) -> tuple[Tensor, Tensor]:
    """On and off the diagonal: equations 1 and 2 of Zbontar et al. 2021 (arXiv 2103.03230).

    A mean over pairs of views, or of every view with the mean view (Ghosh et al. 2024, arXiv
    2312.10725), whatever the number of views.
    """
    z = [standard(view) for view in views]
    if pairing == "all_pairs":
        pairs = [identity_errors(a, b) for a, b in combinations(z, 2)]
        return mean(on for on, _ in pairs), mean(off for _, off in pairs)
    d, n = len(z[0]), len(z[0][0])
    m = [[mean([view[i][b] for view in z]) for b in range(n)] for i in range(d)]
    return mean(identity_errors(view, m)[0] for view in z), identity_errors(m, m)[1]


def vicreg_pair(z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Invariance, variance, covariance: equations 1 to 5 of Bardes et al. 2022 (arXiv 2105.04906).

    As in the authors' code the first is also a mean over D, and the second a mean of two views.
    """
    n, d = z1.shape
    pairs = zip(rows(z1), rows(z2), strict=True)
    distance = mean((x - y) ** 2 for a, b in pairs for x, y in zip(a, b, strict=True))
    hinges, squares = [], []
    for z in (z1, z2):
        centred = [[x - mean(column) for x in column] for column in columns(z)]
        for i, a in enumerate(centred):
            for j, b in enumerate(centred):
                moment = dot(a, b) / (n - 1)
                if i == j:
                    hinges.append((1 - (moment + 1e-4).sqrt()).clamp(min=0))
                else:
                    squares.append(moment**2 / d)
    return distance, mean(hinges), total(squares)


def vicreg(views: Sequence[Tensor], pairing: Pairing) -> list[Tensor]:
    """The mean of the three over pairs of views, or of each view with the mean of the others."""
    if pairing == "all_pairs":
        pairs = list(combinations(views, 2))
    else:
        others = [[w for w in views if w is not v] for v in views]
        pairs = [(v, sum(rest) / len(rest)) for v, rest in zip(views, others, strict=True)]
    return [mean(terms) for terms in zip(*(vicreg_pair(a, b) for a, b in pairs), strict=True)]


# Contrast.


def nt_xent(z: Tensor, temperature: float) -> Tensor:
    """Equation 1 of Chen et al. 2020 (arXiv 2002.05709), mean over ordered pairs of positives."""
    anchors = [(b, unit(row)) for view in z for b, row in enumerate(rows(view))]
    losses = []
    for i, (image, anchor) in enumerate(anchors):
        scores = [(dot(anchor, other) / temperature).exp() for _, other in anchors]
        below = total(score for k, score in enumerate(scores) if k != i)
        for j, (other_image, _) in enumerate(anchors):
            if j != i and other_image == image:
                losses.append(-(scores[j] / below).log())
    return mean(losses)


def info_nce(q: Tensor, k: Tensor, temperature: float) -> Tensor:
    """Algorithm 1 of Chen et al. 2021 (arXiv 2104.02057), mean over ordered pairs of views."""
    queries = [[unit(row) for row in rows(view)] for view in q]
    keys = [[unit(row) for row in rows(view)] for view in k]
    losses = []
    for i, view in enumerate(queries):
        for j, candidates in enumerate(keys):
            for b, query in enumerate(view) if i != j else ():
                chances = softmax([dot(query, key) / temperature for key in candidates])
                losses.append(-chances[b].log())
    return 2 * temperature * mean(losses)


# Distillation.


def regression(p: Tensor, z: Tensor) -> Tensor:
    """Equation 2 of Grill et al. 2020 (arXiv 2006.07733), mean over ordered pairs of views."""
    terms = []
    for i in range(len(p)):
        for j in range(len(z)):
            for a, b in zip(rows(p[i]), rows(z[j]), strict=True) if i != j else ():
                terms.append(total((x - y) ** 2 for x, y in zip(unit(a), unit(b), strict=True)))
    return mean(terms)


def dino(student: Tensor, teacher: Tensor, centre: Tensor, t_s: float, t_t: float) -> Tensor:
    """Equations 1 to 3 of Caron et al. 2021 (arXiv 2104.14294), mean over pairs of views."""
    c = list(centre.unbind())
    terms = []
    for j in range(len(teacher)):
        for i in range(len(student)):
            for s, g in zip(rows(student[i]), rows(teacher[j]), strict=True) if i != j else ():
                target = softmax([(x - y) / t_t for x, y in zip(g, c, strict=True)])
                terms.append(cross_entropy(target, softmax([x / t_s for x in s])))
    return mean(terms)


def centre(before: Tensor, teacher: Tensor, momentum: float) -> Tensor:
    """Equation 4 of Caron et al. 2021: the moving average of the mean of [G, B, K] logits."""
    after = []
    for k, old in enumerate(before.tolist()):
        logits = [row[k] for view in teacher.tolist() for row in view]
        after.append(momentum * old + (1 - momentum) * sum(logits) / len(logits))
    return torch.tensor(after, dtype=torch.float64)


# Clusters.


def sinkhorn(scores: Tensor, epsilon: float, iterations: int) -> Tensor:
    """Codes [N, K] by the pseudocode of Caron et al. 2020 (arXiv 2006.09882), entry by entry.

    Rows of Q are prototypes, columns samples. Codes carry no gradient.
    """
    n, k = scores.shape
    s = scores.tolist()
    q = [[math.exp(s[b][j] / epsilon) for b in range(n)] for j in range(k)]
    everything = sum(map(sum, q))
    q = [[x / everything for x in row] for row in q]
    for _ in range(iterations):
        q = [[x / sum(row) / k for x in row] for row in q]
        sums = [sum(q[j][b] for j in range(k)) for b in range(n)]
        q = [[x / sums[b] / n for b, x in enumerate(row)] for row in q]
    return torch.tensor([[q[j][b] * n for j in range(k)] for b in range(n)], dtype=torch.float64)


def swapped_prediction(scores: Tensor, codes: Tensor, temperature: float) -> Tensor:
    """Equations 1 and 2 of Caron et al. 2020, mean over codes [A, B, K] and other views."""
    losses = []
    for a in range(len(codes)):
        for v in range(len(scores)):
            for code, s in zip(rows(codes[a]), rows(scores[v]), strict=True) if v != a else ():
                losses.append(cross_entropy(code, softmax([x / temperature for x in s])))
    return mean(losses)


# A Gaussian (Balestriero and LeCun 2025, arXiv 2511.08544).


def gap(values: Row, t: float) -> Tensor:
    """|phi(t) - exp(-t^2 / 2)|^2 exp(-t^2 / 2), phi the values' characteristic function."""
    real = mean((t * x).cos() for x in values) - math.exp(-t * t / 2)
    imaginary = mean((t * x).sin() for x in values)
    return (real**2 + imaginary**2) * math.exp(-t * t / 2)


def sigreg(z: Tensor, directions: Tensor) -> Tensor:
    """The statistic of Epps and Pulley by trapezoids on 17 knots, mean over views, directions."""
    knots = [3 * k / 16 for k in range(17)]
    statistics = []
    for view in z:
        for a in columns(directions):
            values = [dot(row, a) for row in rows(view)]
            gaps = [gap(values, t) for t in knots]
            steps = zip(pairwise(knots), pairwise(gaps), strict=True)
            area = total((t2 - t1) * (g1 + g2) / 2 for (t1, t2), (g1, g2) in steps)
            statistics.append(len(values) * 2 * area)
    return mean(statistics)


def prediction(z: Tensor, large: int | None = None) -> Tensor:
    """Mean squared distance of a view's entries to their mean over views, or the large ones."""
    terms = []
    for image in z.unbind(dim=1):
        for values in columns(image):
            m = mean(values[:large])
            terms += [(x - m) ** 2 for x in values]
    return mean(terms)


# Masked images (SimMIM, Xie et al. 2022, arXiv 2111.09886).


def masked_l1(x: Tensor, xhat: Tensor, m: Tensor, epsilon: float = 0.0) -> Tensor:
    """sum |x - xhat| M / (sum M + epsilon) / C over images [B, C, H, W] and masks [B, H, W]."""
    batch, channels, height, width = x.shape
    errors, hidden = [], 0
    for b in range(batch):
        for i in range(height):
            for j in range(width):
                hidden += int(m[b, i, j])
                for c in range(channels):
                    errors.append((x[b, c, i, j] - xhat[b, c, i, j]).abs() * int(m[b, i, j]))
    return total(errors) / (hidden + epsilon) / channels
