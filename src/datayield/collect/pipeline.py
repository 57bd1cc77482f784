"""A diffusion pipeline as a function from prompts and seeds to images."""

import inspect
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from datayield.collect.prompts import WantedImage
from datayield.spec.errors import ConfigError, TrainingError, nearest

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class SynthesisSettings:
    """How images are drawn. All but `batch` change what is drawn; None leaves it to the model."""

    model: str  # a name on the Hugging Face hub, or a folder
    steps: int = 50
    guidance: float = 7.5
    size: int | None = None  # pixels of both sides
    scheduler: str | None = None  # a class of diffusers
    batch: int = 4


class DrawnImage(NamedTuple):
    """An image, and whether the pipeline's own safety checker blocked it."""

    image: "Image"
    blocked: bool


def check_diffusers() -> None:
    """Raises ModuleNotFoundError without diffusers. Loads nothing, so it can be asked before."""
    if find_spec("diffusers") is None:
        raise ModuleNotFoundError("No module named 'diffusers'", name="diffusers")


def check_model(name: str) -> None:
    """Raises ConfigError for a folder without a pipeline. Loads nothing."""
    if _is_local(name) and not (Path(name).expanduser() / "model_index.json").is_file():
        raise ConfigError(
            "no diffusion pipeline in this folder",
            where="--model",
            got=name,
            allowed="a folder with a model_index.json, or a name on the Hugging Face hub",
            hint="save one there: pipeline.save_pretrained(FOLDER)",
        )


def _is_local(name: str) -> bool:
    return name.startswith((".", "/", "~")) or Path(name).is_dir()


def load_pipeline(settings: SynthesisSettings, device: str) -> Any:
    """The pipeline of a model on a device. Raises ConfigError where it cannot be loaded.

    Half precision on CUDA. Raises ModuleNotFoundError without diffusers.
    """
    import diffusers
    import torch

    check_model(settings.model)
    name, local = settings.model, _is_local(settings.model)
    _be_quiet()
    try:
        pipeline = diffusers.DiffusionPipeline.from_pretrained(
            str(Path(name).expanduser()) if local else name,
            local_files_only=local,
        )
    except Exception as error:  # of the hub, of a file, of a library that is missing
        raise ConfigError(
            "the model cannot be loaded",
            where="--model",
            got=f"{name}: {(str(error).strip().splitlines() or [type(error).__name__])[0]}",
            allowed="a folder with a model_index.json, or a name on the Hugging Face hub",
            hint="check the name, the network, and whether the model needs you to log in",
        ) from error
    if settings.scheduler is not None:
        pipeline.scheduler = _scheduler(diffusers, settings.scheduler, pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device, torch.float16 if device.startswith("cuda") else torch.float32)


def _be_quiet() -> None:
    """No bars and no notes of the libraries: ours say how far it is."""
    for library in ("diffusers", "transformers"):
        with suppress(ImportError, AttributeError):
            told = import_module(f"{library}.utils.logging")
            told.disable_progress_bar()
            told.set_verbosity_error()


def _scheduler(diffusers: Any, name: str, config: Any) -> Any:
    known = [each for each in dir(diffusers) if each.endswith("Scheduler")]
    if name not in known:
        close = nearest(name, known)
        raise ConfigError(
            "unknown scheduler",
            where="--scheduler",
            got=name,
            allowed="the name of a scheduler of diffusers, such as DPMSolverMultistepScheduler",
            hint=f"did you mean {close}?" if close else "leave it out for that of the model",
        )
    return getattr(diffusers, name).from_config(config)


def check_accepts(pipeline: Any, wanted: Sequence[WantedImage]) -> None:
    """Raises ConfigError for negative prompts that the pipeline does not read."""
    if any(each.negative_prompt for each in wanted) and not _accepts(pipeline, "negative_prompt"):
        raise ConfigError(
            f"{type(pipeline).__name__} reads no negative prompt",
            where="--negative",
            got=next(each.negative_prompt for each in wanted if each.negative_prompt),
            hint="leave the negative prompts out",
        )


def draw(
    pipeline: Any, wanted: Sequence[WantedImage], settings: SynthesisSettings
) -> list[DrawnImage]:
    """The images that are wanted, in order, each from its own seed.

    Noise is made on the CPU, so it is the same on every device. Where memory is short, half as
    many are drawn at once. Raises TrainingError where a single one does not fit.
    """
    import torch

    try:
        return _draw(pipeline, wanted, settings)
    except torch.OutOfMemoryError as error:
        if len(wanted) == 1:
            raise TrainingError(
                "a single image does not fit in the memory of the device",
                where=f"--model {settings.model}",
                got=f"--size {settings.size}" if settings.size else None,
                hint="use a smaller --size, or --device cpu",
            ) from error
    half = len(wanted) // 2
    return draw(pipeline, wanted[:half], settings) + draw(pipeline, wanted[half:], settings)


def _draw(
    pipeline: Any, wanted: Sequence[WantedImage], settings: SynthesisSettings
) -> list[DrawnImage]:
    import torch

    asked: dict[str, Any] = {
        "prompt": [each.prompt for each in wanted],
        "generator": [torch.Generator("cpu").manual_seed(each.seed) for each in wanted],
        "num_inference_steps": settings.steps,
        "guidance_scale": settings.guidance,
        "output_type": "pil",
    }
    if any(each.negative_prompt for each in wanted):
        asked["negative_prompt"] = [each.negative_prompt or "" for each in wanted]
    if settings.size is not None:
        asked |= {"height": settings.size, "width": settings.size}
    made = pipeline(**asked)
    blocked = getattr(made, "nsfw_content_detected", None) or [False] * len(wanted)
    return [DrawnImage(image, bool(b)) for image, b in zip(made.images, blocked, strict=True)]


def _accepts(pipeline: Any, name: str) -> bool:
    parameters = inspect.signature(type(pipeline).__call__).parameters
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
