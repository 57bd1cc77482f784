"""Drawing with a stand-in for a pipeline; and with one of diffusers, where that is installed."""

import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from datayield.collect import Journal, WantedImage, collection_of, read_wanted
from datayield.collect.pipeline import SynthesisSettings, draw, load_pipeline
from datayield.collect.synthetic import collect_synthetic
from datayield.collect.tables import write_tables
from datayield.data.dataset_report import dataset_report
from datayield.spec.errors import ConfigError, TrainingError
from tests.collect.tiny_pipeline import tiny_pipeline

SETTINGS = SynthesisSettings("stand-in", steps=2, guidance=3.0, size=16, batch=3)


class StandIn:
    """Draws the noise of each generator; remembers how it was called."""

    def __init__(self, most: int = 99, blocked: Sequence[str] = ()) -> None:
        self.most, self.blocked, self.calls = most, blocked, list[dict[str, Any]]()

    def __call__(self, *, prompt: list[str], generator: list[Any], **others: Any) -> Any:
        if len(prompt) > self.most:
            raise torch.OutOfMemoryError("out of memory")
        self.calls.append({"prompt": prompt, **others})
        side = others["height"]
        noise = [torch.randint(0, 256, (side, side, 3), generator=each) for each in generator]
        images = [Image.fromarray(each.numpy().astype(np.uint8)) for each in noise]
        blocked = [word in self.blocked for word in prompt]
        return SimpleNamespace(images=images, nsfw_content_detected=blocked)


class WithoutNegative:
    def __call__(self, prompt: list[str]) -> None:
        raise AssertionError("must not be called")


@pytest.fixture
def wanted(tmp_path: Path) -> tuple[WantedImage, ...]:
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    return read_wanted(tmp_path / "classes.txt", 4).images


def collect(
    wanted: Sequence[WantedImage], folder: Path, pipeline: Any, stop_after: int = 99
) -> Journal:
    journal, stop = Journal(folder, "synthetic", {}), threading.Event()
    pending = [each for each in wanted if journal.is_pending(each.key)]

    def progress(done: int) -> None:
        if done >= stop_after:
            stop.set()

    with journal.session():
        collect_synthetic(pending, folder, journal, pipeline, SETTINGS, stop, "open", progress)
    return journal


def pixels(folder: Path) -> dict[str, bytes]:
    return {p.name: Image.open(p).tobytes() for p in sorted(folder.rglob("*.png"))}


def test_images_do_not_depend_on_how_they_are_drawn(
    tmp_path: Path, wanted: tuple[WantedImage, ...]
) -> None:
    collect(wanted, tmp_path / "one", StandIn())
    stopped = collect(wanted, tmp_path / "two", StandIn(), stop_after=3)
    assert len(stopped.records) == 3
    again = StandIn(most=1)  # short of memory: one at a time
    assert len(collect(wanted, tmp_path / "two", again).records) == 8
    assert [len(call["prompt"]) for call in again.calls] == [1] * 5
    assert pixels(tmp_path / "one") == pixels(tmp_path / "two")
    assert len(set(pixels(tmp_path / "one").values())) == 8


def test_the_pipeline_is_told_all_that_was_asked(
    tmp_path: Path, wanted: tuple[WantedImage, ...]
) -> None:
    pipeline = StandIn()
    with_negative = [each._replace(negative_prompt="blurred") for each in wanted[:1]]
    collect([*with_negative, *wanted[1:2]], tmp_path / "out", pipeline)
    assert pipeline.calls == [
        {
            "prompt": ["a photo of a cat", "a photo of a dog"],
            "negative_prompt": ["blurred", ""],
            "num_inference_steps": 2,
            "guidance_scale": 3.0,
            "output_type": "pil",
            "height": 16,
            "width": 16,
        }
    ]
    with pytest.raises(ConfigError, match="WithoutNegative reads no negative prompt"):
        collect(with_negative, tmp_path / "other", WithoutNegative())


def test_the_dataset_has_classes_and_provenance(
    tmp_path: Path, wanted: tuple[WantedImage, ...]
) -> None:
    journal = collect(wanted, tmp_path / "out", StandIn(blocked=["a photo of a dog"]))
    made = collection_of(journal, frozenset(each.key for each in wanted), per_hour=2.0)
    write_tables(tmp_path / "out", journal.records.values(), made)
    assert made.fates == {"kept": 4, "blocked by the safety checker": 4}
    record = journal.records[wanted[0].key]
    assert (record.prompt, record.seed, record.model) == (
        "a photo of a cat", wanted[0].seed, "stand-in",
    )  # fmt: skip
    assert (record.width, record.height, record.guidance, record.steps) == (16, 16, 3.0, 2)
    (split,) = dataset_report(str(tmp_path / "out")).splits
    assert split.lines() == [
        "4 images",
        "class: 1 class: cat 4",
        "label: 1 class: cat 4",
        "sources: stand-in 4; licences: open 4",
    ]


def test_an_image_that_never_fits_is_told(wanted: tuple[WantedImage, ...]) -> None:
    with pytest.raises(TrainingError, match="a single image does not fit"):
        draw(StandIn(most=0), wanted, SETTINGS)


@pytest.mark.filterwarnings("ignore")  # of diffusers, about itself
def test_a_pipeline_of_diffusers(tmp_path: Path, wanted: tuple[WantedImage, ...]) -> None:
    pytest.importorskip("diffusers", reason="pip install 'datayield[synthetic]'")
    (tmp_path / "tokenizer").mkdir()
    tiny_pipeline(tmp_path / "tokenizer").save_pretrained(tmp_path / "model")
    settings = SynthesisSettings(
        str(tmp_path / "model"), steps=2, scheduler="DPMSolverMultistepScheduler"
    )
    pipeline = load_pipeline(settings, "cpu")
    together = draw(pipeline, wanted[:3], settings)
    alone = [draw(pipeline, [each], settings)[0] for each in wanted[:3]]
    for one, other in zip(together, alone, strict=True):
        assert np.abs(np.asarray(one.image, int) - np.asarray(other.image, int)).max() <= 1
    with pytest.raises(ConfigError, match="did you mean DPMSolverMultistepScheduler"):
        load_pipeline(SynthesisSettings(settings.model, scheduler="DPMSolverMultistep"), "cpu")


def test_a_folder_without_a_pipeline_is_told(tmp_path: Path) -> None:
    pytest.importorskip("diffusers", reason="pip install 'datayield[synthetic]'")
    with pytest.raises(ConfigError, match="no diffusion pipeline in this folder"):
        load_pipeline(SynthesisSettings(str(tmp_path)), "cpu")
