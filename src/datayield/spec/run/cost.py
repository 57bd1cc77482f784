"""Arithmetic per image in closed form, so that planning needs no torch.

Counted: multiply-adds of convolutions and matrix products (2 FLOPs each), the backward pass as
twice the forward. Tests compare these formulas with torch's own counter.
"""

from itertools import pairwise

from datayield.spec.run.encoder import CONVNET_WIDTH, RESNETS, VITS, EncoderSpec
from datayield.spec.run.method import SimMIMSpec, SupervisedSpec, SwAVSpec
from datayield.spec.run.run import RunSpec


def encoder_dim(encoder: EncoderSpec) -> int | None:
    """Width of the pooled features; None for an encoder that only timm knows."""
    if encoder.name == "convnet":
        return 8 * (encoder.width or CONVNET_WIDTH)
    if encoder.name in RESNETS:
        return 512 if RESNETS[encoder.name][0] == "basic" else 2048
    if encoder.name == "viny":
        return encoder.viny.width
    return VITS[encoder.name][0] if encoder.name in VITS else None


def encoder_macs(encoder: EncoderSpec, size: int) -> float | None:
    """Multiply-adds of one forward pass on one `size` x `size` image; None if unknown."""
    if encoder.name == "convnet":
        return _convnet(encoder.width or CONVNET_WIDTH, size)
    if encoder.name in RESNETS:
        kind, depths = RESNETS[encoder.name]
        return _resnet(kind, depths, encoder.stem, size)
    if encoder.name in VITS:
        width, depth, _ = VITS[encoder.name]
        return _vit(width, depth, width, 4 * width, encoder.patch or 16, size)
    if encoder.name == "viny":
        width, depth, _, inner, mlp = encoder.viny
        return _vit(width, depth, inner, mlp, encoder.patch or 16, size)
    return None


def decoder_macs(encoder: EncoderSpec, size: int) -> float | None:
    """Multiply-adds of SimMIM's linear decoder on one view: every token to its pixels."""
    dim, stride = encoder_dim(encoder), encoder.stride
    if dim is None or stride is None:
        return None
    return float((size // stride) ** 2 * dim * 3 * stride**2)


def codes_macs(method: SwAVSpec, batch: int) -> tuple[float, float]:
    """Multiply-adds per image for two views' codes, forward only: without the queue, and its extra.

    The queue is compared with the prototypes; then each Sinkhorn iteration makes two passes over
    all scores.
    """
    per_row = 2.0 * 2 * method.iterations * method.prototypes
    compared = 2.0 * method.projector[-1] * method.prototypes
    return per_row, (per_row + compared) * method.queue / batch


def flops_per_image(spec: RunSpec) -> float | None:
    """FLOPs that training spends on one image: all its views, forward and backward.

    A teacher runs forward only, on the large views. A queue counts from its start on.
    """
    dim = encoder_dim(spec.encoder)
    macs = [encoder_macs(spec.encoder, view.size) for view in spec.views]
    if dim is None or any(m is None for m in macs):
        return None
    encoder = sum(v.count * m for v, m in zip(spec.views, macs, strict=True) if m is not None)
    if isinstance(spec.method, SimMIMSpec):  # its loss has no matrix products
        decoders = (v.count * (decoder_macs(spec.encoder, v.size) or 0.0) for v in spec.views)
        return 6.0 * (encoder + sum(decoders))
    if isinstance(spec.method, SupervisedSpec):
        return 6.0 * (encoder + spec.view_count * dim * spec.method.classes)
    head = spec.view_count * spec.method.head_macs(dim)
    trained = 6.0 * (encoder + head + spec.method.loss_macs(spec.batch, spec.view_count))
    if spec.method.has_teacher:
        once = encoder_macs(spec.encoder, spec.views[0].size) or 0.0
        trained += 2.0 * spec.large_views * (once + spec.method.projector_macs(dim))
    if isinstance(spec.method, SwAVSpec):
        codes, queue = codes_macs(spec.method, spec.batch)
        trained += 2.0 * (codes + (1 - spec.method.queue_from) * queue)
    return trained


def _half(side: int) -> int:
    return (side + 1) // 2


def _convnet(width: int, side: int) -> float:
    macs = 9.0 * 3 * width * side**2
    for stage in range(3):
        side = _half(side)
        macs += 9 * (width << stage) * (width << stage + 1) * side**2
    return macs


def _resnet(kind: str, depths: tuple[int, ...], stem: str | None, side: int) -> float:
    if stem != "imagenet":
        side += 2 * (stem == "cifar_pad2")
        macs = 9.0 * 3 * 64 * side**2
    else:
        side = _half(side)
        macs = 49.0 * 3 * 64 * side**2
        side = _half(side)
    inputs = 64
    for stage, blocks in enumerate(depths):
        mid = 64 << stage
        out = mid if kind == "basic" else 4 * mid
        for block in range(blocks):
            before = side
            if stage and not block:
                side = _half(side)
            if kind == "basic":
                macs += 9 * (inputs * mid + mid * out) * side**2
            else:
                macs += inputs * mid * before**2 + (9 * mid * mid + mid * out) * side**2
            if inputs != out:
                macs += inputs * out * side**2
            inputs = out
    return macs


def _vit(width: int, depth: int, inner: int, mlp: int, patch: int, side: int) -> float:
    """`inner`: width of queries, keys and values; `mlp`: of the perceptron's hidden layer."""
    patches = (side // patch) ** 2
    tokens = patches + 1
    block = (4 * inner + 2 * mlp) * width * tokens + 2 * tokens * tokens * inner
    return float(3 * patch * patch * width * patches + depth * block)


def encoder_params(encoder: EncoderSpec) -> int | None:
    """Trainable parameters of the encoder; None for one that only timm knows."""
    if encoder.name == "convnet":
        width = encoder.width or CONVNET_WIDTH
        chain = (3, width, 2 * width, 4 * width, 8 * width)
        return sum(9 * a * b + 2 * b for a, b in pairwise(chain))
    if encoder.name in RESNETS:
        kind, depths = RESNETS[encoder.name]
        return _resnet_params(kind, depths, 7 if encoder.stem == "imagenet" else 3)
    if encoder.name in VITS:
        width, depth, _ = VITS[encoder.name]
        patch = encoder.patch or 16
        tokens = (encoder.size // patch) ** 2 + 1
        block = 12 * width * width + 13 * width
        return (3 * patch * patch + 1) * width + (tokens + 1) * width + depth * block + 2 * width
    if encoder.name == "viny":
        return _viny_params(encoder, encoder.patch or 16)
    return None


def _viny_params(encoder: EncoderSpec, patch: int) -> int:
    width, depth, _, inner, mlp = encoder.viny
    pixels, tokens = 3 * patch * patch, (encoder.size // patch) ** 2 + 1
    embed = 2 * pixels + (pixels + 1) * width + 2 * width  # a norm before, and one after
    attention = 2 * width + 3 * width * inner + (inner + 1) * width  # only the last has a bias
    perceptron = 2 * width + (width + 1) * mlp + (mlp + 1) * width
    return embed + (tokens + 1) * width + depth * (attention + perceptron) + 2 * width


def _resnet_params(kind: str, depths: tuple[int, ...], kernel: int) -> int:
    total, inputs = kernel * kernel * 3 * 64 + 2 * 64, 64
    for stage, blocks in enumerate(depths):
        mid = 64 << stage
        out = mid if kind == "basic" else 4 * mid
        for _ in range(blocks):
            if kind == "basic":
                total += 9 * (inputs * mid + mid * out) + 2 * (mid + out)
            else:
                total += inputs * mid + 9 * mid * mid + mid * out + 2 * (2 * mid + out)
            if inputs != out:
                total += inputs * out + 2 * out
            inputs = out
    return total
