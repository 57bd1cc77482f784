"""Which parameters are regularised: weights are; biases, norms and learned tokens are not."""

from typing import TypedDict

from torch import nn


class ParameterGroup(TypedDict):
    """A parameter group of an optimizer. `plain`: LARS leaves out its trust ratio.

    `factor` multiplies the learning rate of the group.
    """

    params: list[nn.Parameter]
    weight_decay: float
    plain: bool
    factor: float


def groups(module: nn.Module, weight_decay: float, bias_lr: float = 1.0) -> list[ParameterGroup]:
    """The trainable parameters of `module` in two groups, weights first; an empty one is left out.

    Not decayed: parameters of one dimension or none (biases, norms), and those that a submodule
    names in its `no_weight_decay()`, timm's way of naming class tokens and position embeddings.
    Their rate is `bias_lr` times that of the weights.
    """
    exempt = {
        f"{prefix}.{name}" if prefix else name
        for prefix, part in module.named_modules()
        if callable(names := getattr(part, "no_weight_decay", None))
        for name in names()
    }
    weights: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            (plain if parameter.ndim <= 1 or name in exempt else weights).append(parameter)
    both = [
        ParameterGroup(params=weights, weight_decay=weight_decay, plain=False, factor=1.0),
        ParameterGroup(params=plain, weight_decay=0.0, plain=True, factor=bias_lr),
    ]
    return [group for group in both if group["params"]]
