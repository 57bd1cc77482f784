"""Heads between an encoder's features and a loss, discarded after pretraining."""

from itertools import pairwise

from torch import nn


def projector(
    dim: int,
    widths: tuple[int, ...],
    norm: bool,
    last_norm: bool = False,
    last_bias: bool | None = None,
) -> nn.Sequential:
    """A multi-layer perceptron [B, dim] -> [B, widths[-1]], ReLU between its linear layers.

    `norm` puts BatchNorm before each ReLU and drops all biases (Barlow Twins, VICReg); without it
    every layer has a bias (SimCLR). One width gives one linear layer. `last_norm` appends a
    BatchNorm without learned scale and shift (MoCo v3). `last_bias`: whether the last layer has a
    bias, if not as the others (with `norm`, those of solo-learn do).
    """
    *hidden, last = pairwise((dim, *widths))
    layers: list[nn.Module] = []
    for inputs, outputs in hidden:
        layers.append(nn.Linear(inputs, outputs, bias=not norm))
        if norm:
            layers.append(nn.BatchNorm1d(outputs))
        layers.append(nn.ReLU(inplace=True))
    layers.append(nn.Linear(*last, bias=not norm if last_bias is None else last_bias))
    if last_norm:
        layers.append(nn.BatchNorm1d(widths[-1], affine=False))
    return nn.Sequential(*layers)
