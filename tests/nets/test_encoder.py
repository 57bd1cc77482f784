import pytest
import timm
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from datayield.nets.encoder import Encoder, build
from datayield.spec.errors import ConfigError
from datayield.spec.run.cost import encoder_dim, encoder_macs, encoder_params
from datayield.spec.run.encoder import EncoderSpec

CONVNET = EncoderSpec(name="convnet", size=32)
RESNET = EncoderSpec(name="resnet18", stem="cifar", size=32)
VIT = EncoderSpec(name="vit_tiny", patch=8, size=64)


def parameters(encoder: nn.Module) -> int:
    return sum(p.numel() for p in encoder.parameters())


def images(size: int) -> Tensor:
    return torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        (CONVNET, 388_896),
        # torchvision's published counts less their 1000-way classifiers.
        (EncoderSpec(name="resnet18", stem="imagenet", size=32), 11_689_512 - 513_000),
        (EncoderSpec(name="resnet34", stem="imagenet", size=32), 21_797_672 - 513_000),
        (EncoderSpec(name="resnet50", stem="imagenet", size=32), 25_557_032 - 2_049_000),
        (RESNET, 11_689_512 - 513_000 - 64 * 3 * (49 - 9)),
        (VIT, 5_388_480),  # the size in olerinskiy2026
    ],
    ids=lambda value: value.name if isinstance(value, EncoderSpec) else str(value),
)
def test_parameter_counts(spec: EncoderSpec, count: int) -> None:
    encoder = build(spec, seed=0)
    assert parameters(encoder) == count
    assert encoder.dim == encoder_dim(spec)


@pytest.mark.parametrize(
    ("spec", "tokens"),
    [
        (CONVNET, 16),
        (CONVNET.model_copy(update={"width": 8}), 16),
        (RESNET, 16),
        (EncoderSpec(name="resnet18", stem="imagenet", size=32), 1),
        (VIT, 64),
        (EncoderSpec(name="timm/mobilenetv3_small_050", size=32), 1),  # widens after pooling
        (EncoderSpec(name="timm/swin_tiny_patch4_window7_224", size=64), 4),  # channels last
    ],
    ids=lambda value: value.name if isinstance(value, EncoderSpec) else str(value),
)
@torch.no_grad()
def test_shapes_of_features_and_tokens(spec: EncoderSpec, tokens: int) -> None:
    encoder = build(spec, seed=0).eval()
    x = images(spec.size)
    assert encoder(x).shape == (2, encoder.dim)
    wide = encoder.body.num_features
    assert encoder.tokens(x).shape == (2, tokens, wide)


@pytest.mark.parametrize("spec", [CONVNET, RESNET])
@torch.no_grad()
def test_pooled_features_of_maps_are_the_mean_token(spec: EncoderSpec) -> None:
    encoder = build(spec, seed=0).eval()
    x = images(40)  # any size will do
    torch.testing.assert_close(encoder.tokens(x).mean(dim=1), encoder(x))


@torch.no_grad()
def test_pooled_feature_of_a_vit_is_its_class_token_after_the_last_norm() -> None:
    encoder = build(VIT, seed=0).eval()
    x = images(64)
    everything = encoder.body.forward_features(x)
    assert torch.equal(encoder(x), everything[:, 0])
    assert torch.equal(encoder.tokens(x), everything[:, 1:])
    torch.testing.assert_close(everything.mean(dim=2), torch.zeros(2, 65), atol=1e-5, rtol=0)


def test_tokens_of_a_map_run_row_by_row() -> None:
    class Positions(nn.Module):
        num_features = 2

        def forward_features(self, x: Tensor) -> Tensor:
            return torch.arange(6.0).view(1, 1, 2, 3).expand(1, 2, 2, 3)

    tokens = Encoder(Positions(), size=None).tokens(images(8))
    assert tokens[0, :, 0].tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("spec", [CONVNET, VIT], ids=["convnet", "vit"])
def test_weights_are_a_function_of_spec_and_seed(spec: EncoderSpec) -> None:
    torch.manual_seed(123)
    before = torch.random.get_rng_state()
    first, other = build(spec, 0).state_dict(), build(spec, 1).state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(7)
    again = build(spec, 0).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_the_stem_is_what_the_spec_says() -> None:
    cifar, imagenet = (
        build(RESNET.model_copy(update={"stem": stem}), 0).body for stem in ("cifar", "imagenet")
    )
    conv = cifar.conv1
    assert (conv.kernel_size, conv.stride, conv.padding) == ((3, 3), (1, 1), (1, 1))
    assert isinstance(cifar.maxpool, nn.Identity)
    assert imagenet.conv1.kernel_size == (7, 7)
    assert isinstance(imagenet.maxpool, nn.MaxPool2d)


def test_residual_branches_start_at_full_strength() -> None:
    assert bool((build(RESNET, 0).body.layer1[0].bn2.weight == 1).all())


@pytest.mark.parametrize(("name", "last"), [("resnet18", "bn2"), ("resnet50", "bn3")])
def test_residual_branches_may_start_at_zero(name: str, last: str) -> None:
    spec = EncoderSpec(name=name, stem="cifar", size=16, zero_init_residual=True)
    plain = spec.model_copy(update={"zero_init_residual": None})
    zero, full = build(spec, 0).body, build(plain, 0).body
    for (key, ours), theirs in zip(
        zero.state_dict().items(), full.state_dict().values(), strict=True
    ):
        if key.endswith(f".{last}.weight"):
            assert not ours.any()
            assert bool((theirs == 1).all())
        else:
            assert torch.equal(ours, theirs)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean 'resnet18'"):
        EncoderSpec(name="resnet19", stem="cifar", size=32)
    with pytest.raises(ConfigError, match="timm/resnet26") as error:
        build(EncoderSpec(name="timm/resnet_26", size=32), 0)
    assert len(error.value.text()) < 400


def test_a_vit_takes_multiples_of_its_patch_by_interpolating_positions() -> None:
    net = build(VIT, 0).eval()
    assert net(images(32)).shape == (2, 192)
    with pytest.raises(ConfigError, match="images of 36 px"):
        net(images(36))
    body = net.body
    x = body.patch_embed(images(32)).flatten(1, 2)  # [B, 16, D]
    grid = body.pos_embed[:, 1:].unflatten(1, (8, 8)).permute(0, 3, 1, 2)
    small = nn.functional.interpolate(grid, size=(4, 4), mode="bicubic", antialias=True)
    x = x + small.flatten(2).mT
    token = (body.cls_token + body.pos_embed[:, :1]).expand(2, -1, -1)
    want = body.norm(body.blocks(torch.cat([token, x], dim=1)))[:, 0]
    torch.testing.assert_close(net(images(32)), want)


def test_positions_of_the_laid_out_size_are_not_touched() -> None:
    fixed = timm.create_model("vit_tiny_patch16_224", num_classes=0, patch_size=8, img_size=64)
    net = build(VIT, 0)
    fixed.load_state_dict(net.body.state_dict(), strict=True)
    assert torch.equal(fixed.eval()(images(64)), net.eval()(images(64)))


def test_a_network_of_one_size_refuses_others() -> None:
    net = build(EncoderSpec(name="timm/swin_tiny_patch4_window7_224", size=64), 0)
    with pytest.raises(ConfigError, match="images of 32 px"):
        net(images(32))


@pytest.mark.parametrize(
    ("spec", "layer", "fan_out"),
    [(RESNET, "conv1", 9 * 64), (CONVNET, "stages.3.0", 9 * 256)],
    ids=["cifar stem", "convnet"],
)
def test_convolutions_start_as_he_et_al_have_them(
    spec: EncoderSpec, layer: str, fan_out: int
) -> None:
    weight = build(spec, 0).body.get_submodule(layer).weight.detach()
    assert weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)


@pytest.mark.parametrize("name", ["vit_tiny", "viny"])
@torch.no_grad()
def test_pooling_is_the_class_token_or_the_mean_of_the_others(name: str) -> None:
    spec = EncoderSpec(name=name, patch=8, size=32)
    plain = build(spec, seed=0).eval()
    token, mean = (
        build(spec.model_copy(update={"pool": pool}), seed=0).eval() for pool in ("token", "avg")
    )
    state = plain.state_dict()
    for other in (token, mean):
        assert other.state_dict().keys() == state.keys()
        assert all(torch.equal(value, state[key]) for key, value in other.state_dict().items())
    x = images(32)
    everything = plain.body.forward_features(x)
    assert torch.equal(plain(x), everything[:, 0])
    assert torch.equal(token(x), everything[:, 0])
    assert torch.equal(mean(x), everything[:, 1:].mean(dim=1))
    assert torch.equal(mean.tokens(x), plain.tokens(x))
    with pytest.raises(ConfigError, match="images of 30 px"):
        mean(images(30))


@torch.no_grad()
def test_the_mean_of_the_others_is_what_timm_calls_avg() -> None:
    ours = build(EncoderSpec(name="vit_tiny", patch=8, size=32, pool="avg"), seed=0).eval()
    theirs = timm.create_model(
        "vit_tiny_patch16_224", num_classes=0, patch_size=8, img_size=32, global_pool="avg",
        fc_norm=False,
    ).eval()  # fmt: skip
    theirs.load_state_dict(ours.body.state_dict())
    torch.testing.assert_close(ours(images(32)), theirs(images(32)))


def test_padding_by_two_gives_solo_learns_maps() -> None:
    spec = EncoderSpec(name="resnet18", stem="cifar_pad2", size=32)
    assert build(spec, 0).tokens(torch.zeros(1, 3, 32, 32)).shape == (1, 5 * 5, 512)
    ours, theirs = (encoder_macs(s, 32) for s in (RESNET, spec))
    assert ours is not None
    assert theirs is not None
    assert theirs / ours == pytest.approx(1.27, abs=0.005)  # 0.704 and 0.555 GMAC
    assert encoder_params(spec) == parameters(build(spec, 0))


@pytest.mark.parametrize(
    "spec", [CONVNET, VIT.model_copy(update={"pool": "avg"})], ids=["map", "vit"]
)
@torch.no_grad()
def test_normalise_gives_the_network_pixels_by_the_statistics_of_its_dataset(
    spec: EncoderSpec,
) -> None:
    """solo-learn's of CIFAR-100, here by hand, from pixels in [0, 1]; the weights are the same."""
    theirs = build(spec.model_copy(update={"normalise": "cifar100"}), seed=3).eval()
    ours = build(spec, seed=3).eval()
    assert list(theirs.state_dict()) == list(ours.state_dict())
    pixels = torch.rand(2, 3, spec.size, spec.size, generator=torch.Generator().manual_seed(1))

    def by(mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
        channels = zip(pixels.unbind(1), mean, std, strict=True)
        return torch.stack([(x - m) / s for x, m, s in channels], 1)

    imagenet = by((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    cifar100 = by((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762))
    torch.testing.assert_close(theirs(imagenet), ours(cifar100), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(theirs.tokens(imagenet), ours.tokens(cifar100), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(theirs(imagenet), ours(imagenet), atol=1e-3)


def test_stated_imagenet_statistics_are_the_usual_ones() -> None:
    stated = EncoderSpec(name="convnet", size=32, normalise="imagenet")
    assert stated == CONVNET
    assert stated.content_text == CONVNET.content_text
    assert "normalise" in EncoderSpec(name="convnet", size=32, normalise="stl10").content_text
