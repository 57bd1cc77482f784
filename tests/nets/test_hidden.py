"""Encoders that see a filler in place of some patches: what it replaces, and what cannot leak."""

import pytest
import torch
from torch import Tensor

from datayield.maths.masking import random_masks
from datayield.nets.encoder import Encoder, build
from datayield.spec.run.encoder import EncoderSpec

VITS = [
    EncoderSpec(name="vit_tiny", patch=4, size=16),
    EncoderSpec(name="viny", patch=4, size=16),
]
MAPS = [
    EncoderSpec(name="convnet", width=8, size=16),
    EncoderSpec(name="resnet18", stem="cifar", size=16),
]
every_encoder = pytest.mark.parametrize("spec", VITS + MAPS, ids=lambda spec: spec.name)
every_vit = pytest.mark.parametrize("spec", VITS, ids=lambda spec: spec.name)
every_map = pytest.mark.parametrize("spec", MAPS, ids=lambda spec: spec.name)


def images(seed: int = 0) -> Tensor:
    return torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def made(spec: EncoderSpec) -> tuple[Encoder, Tensor, Tensor, Tensor]:
    """An encoder, which tokens are hidden of three images, the same by pixel, and a filler."""
    encoder = build(spec, seed=0)
    assert spec.stride is not None
    side = 16 // spec.stride
    noise = torch.Generator().manual_seed(1)
    hidden = random_masks(3, side, 1, 0.5, noise)
    pixels = torch.kron(hidden.view(3, side, side).int(), torch.ones(1, spec.stride, spec.stride))
    return encoder, hidden, pixels[:, None].bool(), torch.randn(encoder.filler_dim, generator=noise)


@every_encoder
@torch.no_grad()
def test_nothing_hidden_is_the_plain_encoder(spec: EncoderSpec) -> None:
    encoder, hidden, _, filler = made(spec)
    plain = encoder.tokens(images())
    assert torch.equal(encoder.tokens(images(), torch.zeros_like(hidden), filler), plain)
    encoder.tokens(images(), hidden, filler)
    assert torch.equal(encoder.eval().tokens(images()), encoder.tokens(images()))


@every_encoder
@torch.no_grad()
def test_hidden_pixels_cannot_leak_and_seen_ones_do(spec: EncoderSpec) -> None:
    encoder, hidden, pixels, filler = made(spec)  # in training mode: BatchNorm mixes the batch
    want = encoder.tokens(images(), hidden, filler)
    elsewhere = torch.where(pixels, images(seed=7), images())
    assert torch.equal(encoder.tokens(elsewhere, hidden, filler), want)
    seen = torch.where(pixels, images(), images(seed=7))
    assert not torch.allclose(encoder.tokens(seen, hidden, filler), want)
    assert not torch.allclose(encoder.tokens(images(), hidden, filler + 1), want)


@every_vit
@torch.no_grad()
def test_a_vit_reads_the_filler_as_an_embedding_before_positions(spec: EncoderSpec) -> None:
    encoder, hidden, _, filler = made(spec)
    body = encoder.body
    patches = body.patch_embed(images())
    patches = patches.reshape(3, 16, -1)
    patches[hidden] = filler
    tokens = torch.cat((body.cls_token.expand(3, -1, -1), patches), dim=1) + body.pos_embed
    want = body.norm(body.blocks(tokens))[:, 1:]
    torch.testing.assert_close(encoder.tokens(images(), hidden, filler), want)


@every_map
@torch.no_grad()
def test_other_networks_read_it_as_a_colour(spec: EncoderSpec) -> None:
    encoder, hidden, pixels, filler = made(spec)
    x = images()
    for b in range(3):
        for i in range(16):
            for j in range(16):
                if pixels[b, 0, i, j]:
                    x[b, :, i, j] = filler
    assert torch.equal(encoder.tokens(images(), hidden, filler), encoder.tokens(x))


@every_encoder
def test_one_without_the_other_is_refused(spec: EncoderSpec) -> None:
    encoder, hidden, _, filler = made(spec)
    for half in ({"hidden": hidden}, {"filler": filler}):
        with pytest.raises(ValueError, match="together or not at all"):
            encoder.tokens(images(), **half)


@every_encoder
@torch.no_grad()
def test_the_stride_of_the_spec_is_that_of_the_network(spec: EncoderSpec) -> None:
    encoder = build(spec, seed=0)
    assert encoder.stride == spec.stride == 16 // encoder.tokens(images()).shape[1] ** 0.5


@torch.no_grad()
def test_the_stride_of_a_resnet_with_the_stem_of_imagenet() -> None:
    spec = EncoderSpec(name="resnet18", stem="imagenet", size=64)
    assert spec.stride == 32
    assert build(spec, seed=0).tokens(torch.zeros(1, 3, 64, 64)).shape[1] == 4
