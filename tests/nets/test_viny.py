"""ViNy's counts, and its attention against loops over the formula in float64."""

import math

import pytest
import torch
from torch import Tensor, nn

from datayield.nets.encoder import build
from datayield.nets.viny import Attention
from datayield.spec.run.cost import encoder_dim, encoder_params
from datayield.spec.run.encoder import EncoderSpec

PUBLISHED = EncoderSpec(name="viny", patch=16, size=128)
SMALL = EncoderSpec(name="viny", patch=4, size=16)


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_parameters_are_those_of_the_paper() -> None:
    encoder = build(PUBLISHED, seed=0)
    assert count(encoder) == 4_842_880
    assert count(encoder) + count(nn.Linear(encoder.dim, 2)) == 4_843_138


@pytest.mark.parametrize(
    ("patch", "size", "width"), [(16, 128, None), (8, 64, None), (4, 16, 32), (4, 16, 128)]
)
def test_parameters_have_a_closed_form(patch: int, size: int, width: int | None) -> None:
    spec = EncoderSpec(name="viny", patch=patch, size=size, width=width)
    encoder = build(spec, seed=0)
    assert encoder_params(spec) == count(encoder)
    assert encoder_dim(spec) == encoder.dim == (width or 128)


def test_an_odd_width_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 2"):
        EncoderSpec(name="viny", patch=4, size=16, width=33)


def naive_attention(layer: Attention, x: Tensor) -> Tensor:
    """Head by head and query by query; the variance of the norm is the biased one."""
    batch, tokens, _ = x.shape
    out = torch.zeros_like(x)
    for b in range(batch):
        centred = x[b] - x[b].mean(dim=1, keepdim=True)
        scale = (centred**2).mean(dim=1, keepdim=True) + layer.norm.eps
        y = centred / scale.sqrt() * layer.norm.weight + layer.norm.bias
        q, k, v = (y @ w.T for w in layer.qkv.weight.chunk(3))  # each [tokens, 8 * 64]
        rows = []
        for i in range(tokens):
            heads = []
            for h in range(8):
                at = slice(64 * h, 64 * (h + 1))
                scores = [math.exp(float(q[i, at] @ k[j, at]) / 8) for j in range(tokens)]
                heads.append(sum(s * v[j, at] for j, s in enumerate(scores)) / sum(scores))
            rows.append(torch.cat(heads))
        out[b] = torch.stack(rows) @ layer.proj.weight.T + layer.proj.bias
    return out


@torch.no_grad()
def test_attention_equals_the_formula() -> None:
    layer = Attention(128, 8, 512).double()
    for k, parameter in enumerate(layer.parameters()):
        parameter.copy_(random(*parameter.shape, seed=k) / parameter.shape[-1] ** 0.5)
    x = random(2, 5, 128, seed=9)
    torch.testing.assert_close(layer(x), naive_attention(layer, x), rtol=1e-10, atol=1e-12)


@torch.no_grad()
def test_each_part_stands_where_the_paper_has_it() -> None:
    body = build(SMALL, seed=0).body
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    patches = x.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)
    embed = body.patch_embed
    embedded = embed.norm(embed.proj(embed.norm_pixels(patches)))
    torch.testing.assert_close(embed(x), embedded)
    tokens = torch.cat((body.cls_token.expand(2, 1, 128), embedded), dim=1) + body.pos_embed
    for block in body.blocks:
        tokens = tokens + block.attention(tokens)
        tokens = tokens + block.mlp(tokens)
    torch.testing.assert_close(body.forward_features(x), body.norm(tokens))
    assert torch.equal(body(x), body.forward_features(x)[:, 0])
    assert [type(layer) for layer in body.blocks[0].mlp] == [
        nn.LayerNorm, nn.Linear, nn.GELU, nn.Linear,
    ]  # fmt: skip
    biases = {name: layer.bias is not None for name, layer in body.blocks[0].named_modules()
              if isinstance(layer, nn.Linear)}  # fmt: skip
    assert biases == {
        "attention.qkv": False, "attention.proj": True, "mlp.1": True, "mlp.3": True,
    }  # fmt: skip


def test_learned_tokens_are_not_decayed() -> None:
    body = build(SMALL, seed=0).body
    learned = {name for name, p in body.named_parameters(recurse=False) if p.ndim > 1}
    assert body.no_weight_decay() == learned == {"cls_token", "pos_embed"}


@torch.no_grad()
def test_small_views_see_positions_interpolated() -> None:
    body = build(EncoderSpec(name="viny", patch=4, size=32), seed=0).body
    ramp = torch.linspace(0, 1, 8)
    body.pos_embed[0, 1:] = (ramp[:, None] + 10 * ramp).reshape(64, 1)  # a plane over the grid
    seen = []
    hook = body.blocks.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert body.forward_features(x).shape == (2, 17, 128)
    hook.remove()
    torch.testing.assert_close(
        seen[0][:, :1] - body.pos_embed[:, :1], body.cls_token.expand(2, 1, -1)
    )
    added = (seen[0][:, 1:] - body.patch_embed(x)).view(2, 4, 4, 128)[0, :, :, 0]
    middle = (added[1, 1] + added[2, 2]) / 2
    torch.testing.assert_close(middle, torch.tensor(5.5))
    assert bool((added.diff(dim=0) > 0).all())
    assert bool((added.diff(dim=1) > 1).all())  # ten times as steep from left to right
