import torch
from torch import nn

from datayield.nets.encoder import build
from datayield.optim.groups import groups
from datayield.spec.run.encoder import EncoderSpec


def names(module: nn.Module) -> list[set[str]]:
    by_id = {id(p): name for name, p in module.named_parameters()}
    return [{by_id[id(p)] for p in group["params"]} for group in groups(module, 0.1)]


def test_a_vit_decays_matrices_only_and_no_tokens() -> None:
    module = nn.ModuleDict({"encoder": build(EncoderSpec(name="vit_tiny", patch=8, size=16), 0)})
    weights, plain = names(module)
    assert weights | plain == {name for name, _ in module.named_parameters()}
    assert not weights & plain
    assert {"encoder.body.cls_token", "encoder.body.pos_embed"} <= plain
    assert all(name.endswith("weight") and "norm" not in name for name in weights)
    assert all(name.endswith(("bias", "_token", "pos_embed")) or "norm" in name for name in plain)


def test_decay_and_the_mark_for_lars() -> None:
    weights, plain = groups(nn.Linear(3, 2), weight_decay=0.1)
    assert (weights["weight_decay"], weights["plain"]) == (0.1, False)
    assert (plain["weight_decay"], plain["plain"]) == (0.0, True)


def test_a_rate_of_their_own_for_biases_and_norms() -> None:
    factors = [group["factor"] for group in groups(nn.Linear(3, 2), 0.1, bias_lr=0.024)]
    assert factors == [1.0, 0.024]


def test_frozen_parameters_and_empty_groups_are_left_out() -> None:
    module = nn.Linear(3, 2)
    module.bias.requires_grad_(False)
    (only,) = groups(module, weight_decay=0.1)
    assert [p.shape for p in only["params"]] == [torch.Size([2, 3])]


def test_a_scalar_is_not_decayed() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.temperature = nn.Parameter(torch.tensor(1.0))

    assert [group["plain"] for group in groups(Scaled(), 0.1)] == [True]
