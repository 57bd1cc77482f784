"""knn@1: weighted nearest neighbours by cosine similarity; nothing is tuned."""

import torch
from torch import Tensor
from torch.nn import functional as F

from datayield.evals.inputs import Inputs
from datayield.evals.result import EvalResult, missing_classes, scores
from datayield.spec.evaluation import EvalSpec

NEIGHBOURS = 20
TEMPERATURE = 0.07
CHUNK = 1 << 24  # similarities in memory at a time


def nearest_neighbours(spec: EvalSpec, inputs: Inputs) -> EvalResult:
    """k = 20 votes weighted by exp(cosine / 0.07) (Wu et al. 2018, arXiv 1805.01978, section 3.4).

    `k` is reduced to the mean number of training items per class if that is smaller: more
    neighbours would mostly be from other classes.
    """
    assert inputs.train is not None
    (x, y), (x_test, y_test) = inputs.train, inputs.test
    classes, y = torch.unique(y, return_inverse=True)
    k = neighbours(len(y), len(classes))
    pred = classes[vote(x, y, x_test, k)]
    missing, notes = missing_classes(classes, y_test)
    metrics, intervals = scores(pred, y_test, spec.seed)
    metrics |= {"k": float(k), "classes_missing_in_train": float(missing)}
    if k < NEIGHBOURS:
        notes += (f"k = {k}, not {NEIGHBOURS}: {len(y)} train items of {len(classes)} classes",)
    return EvalResult(metrics, intervals, len(y), len(y_test), notes, (pred == y_test)[None])


def neighbours(items: int, classes: int) -> int:
    """k for this number of training items and classes."""
    return max(1, min(NEIGHBOURS, items // classes))


def vote(train: Tensor, labels: Tensor, test: Tensor, k: int) -> Tensor:
    """Winning class of each row of `test` [m, d] among its k nearest rows of `train` [n, d].

    `labels` [n] from 0; a tie goes to the lowest class. Chunked over `test`.
    """
    bank = F.normalize(train.float(), dim=1).T  # [d, n]
    classes = int(labels.max()) + 1
    winners = []
    for part in torch.split(test.float(), max(1, CHUNK // len(labels))):
        similarity, nearest = (F.normalize(part, dim=1) @ bank).topk(k, dim=1)  # [c, k]
        votes = similarity.new_zeros(len(part), classes)
        votes.scatter_add_(1, labels[nearest], (similarity / TEMPERATURE).exp())
        winners.append(votes.argmax(dim=1))
    return torch.cat(winners)
