"""A diffusion pipeline of random weights, small enough to draw on a CPU. Used by benchmarks too."""

import json
import string
from pathlib import Path
from typing import Any

WORD_ENDS = [f"{letter}</w>" for letter in string.printable[:94]]
VOCABULARY = [*string.printable[:94], *WORD_ENDS, "<|startoftext|>", "<|endoftext|>"]


def tiny_pipeline(folder: Path) -> Any:
    """A Stable Diffusion pipeline that draws 16 x 16 pixels; its tokenizer is written to `folder`.

    Raises ModuleNotFoundError without diffusers.
    """
    import torch
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(VOCABULARY)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    size = len(VOCABULARY)
    text = CLIPTextConfig(
        vocab_size=size, bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1,
        hidden_size=8, intermediate_size=16, num_attention_heads=2, num_hidden_layers=1,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(4, 8), norm_num_groups=2, layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=8, attention_head_dim=2,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(4, 8), norm_num_groups=2,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    return StableDiffusionPipeline(
        vae=vae.eval(), unet=unet.eval(), text_encoder=CLIPTextModel(text).eval(),
        tokenizer=CLIPTokenizer.from_pretrained(str(folder), model_max_length=77),
        scheduler=DDIMScheduler(clip_sample=False, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
