"""ViNy: the small vision transformer of Bridge et al. 2025, with attention wider than tokens.

It needs only torch and timm: an exported encoder brings a copy of this file.
"""

import torch
from timm.layers.pos_embed import resample_abs_pos_embed
from torch import Tensor, nn
from torch.nn import functional as F


class ViNy(nn.Module):
    """A ViT with a class token; at 128 px and patch 16 it has 4,842,880 parameters.

    There is a LayerNorm before and after the linear patch embedding (Kumar et al. 2023, arXiv
    2302.01327). Attention has 8 heads of 64 at a width of 128; blocks are pre-norm; no dropout.
    Initialised as in the authors' library: tokens from N(0, 1), layers with torch's defaults.
    The published one has width 128, depth 12, 8 heads, inner 512 (of the attention) and mlp 512.
    """

    def __init__(
        self, size: int, patch: int, width: int, depth: int, heads: int, inner: int, mlp: int
    ) -> None:
        super().__init__()
        self.num_features = width
        self.num_prefix_tokens = 1
        self.patch_embed = PatchEmbed(patch, width)
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, width))
        self.blocks = nn.Sequential(*(Block(width, heads, inner, mlp) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)

    def forward_features(self, x: Tensor) -> Tensor:
        """[B, 3, S, S] -> [B, 1 + T, width]: class token and patches, after the last norm.

        Position embeddings are interpolated for other image sizes.
        """
        patches = self.patch_embed(x)
        tokens = torch.cat((self.cls_token.expand(len(x), -1, -1), patches), dim=1)
        grid = [side // self.patch_embed.patch for side in x.shape[-2:]]
        positions = resample_abs_pos_embed(self.pos_embed, grid)  # unchanged if it fits
        out: Tensor = self.norm(self.blocks(tokens + positions))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """The class token after the last norm, [B, width]."""
        return self.forward_features(x)[:, 0]

    def no_weight_decay(self) -> set[str]:
        """Parameters that are learned tokens, not weights."""
        return {"cls_token", "pos_embed"}


class PatchEmbed(nn.Module):
    """Pixels of a patch, normalised, mapped linearly, normalised: [B, 3, S, S] -> [B, T, width]."""

    def __init__(self, patch: int, width: int) -> None:
        super().__init__()
        self.patch = patch
        self.norm_pixels = nn.LayerNorm(3 * patch * patch)
        self.proj = nn.Linear(3 * patch * patch, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """The embeddings, row by row; a patch's pixels are in the order of a convolution's."""
        (b, c, height, width), p = x.shape, self.patch
        x = x.reshape(b, c, height // p, p, width // p, p)
        patches = x.permute(0, 2, 4, 1, 3, 5).reshape(b, -1, c * p * p)
        out: Tensor = self.norm(self.proj(self.norm_pixels(patches)))
        return out


class Attention(nn.Module):
    """Multi-head self-attention of its normalised input, [B, N, width] -> [B, N, width]."""

    def __init__(self, width: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * inner, bias=False)
        self.proj = nn.Linear(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """softmax(q k' / sqrt(inner / heads)) v of each head; side by side, then projected."""
        b, n, _ = x.shape
        qkv = self.qkv(self.norm(x)).view(b, n, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each [B, heads, N, inner / heads]
        heads = F.scaled_dot_product_attention(q, k, v).transpose(1, 2)
        out: Tensor = self.proj(heads.reshape(b, n, -1))
        return out


class Block(nn.Module):
    """Attention, then an MLP with GELU, each with a residual connection."""

    def __init__(self, width: int, heads: int, inner: int, mlp: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads, inner)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, mlp),
            nn.GELU(),
            nn.Linear(mlp, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, N, width] -> [B, N, width]."""
        x = x + self.attention(x)
        out: Tensor = x + self.mlp(x)
        return out
