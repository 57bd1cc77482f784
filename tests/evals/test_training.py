"""finetune@1 and segment@1 on digits: learned, repeatable, blind to ignored pixels."""

import numpy as np
import pytest
import torch

from datayield.data.sources.digits import Digits
from datayield.evals import EvalResult, LabelledImages, training, tune
from datayield.nets import encoder as encoders
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.evaluation import metric_names
from datayield.spec.evaluation.eval_spec import EvalSpec
from datayield.spec.evaluation.finetuning import steps_and_batch, tuning_of
from datayield.spec.run.encoder import EncoderSpec
from datayield.spec.run.optim import OptimSpec

CPU = torch.device("cpu")
CONVNET = EncoderSpec(name="convnet", size=16, width=8)
VIT = EncoderSpec(name="vit_tiny", patch=8, size=16)
GARBAGE = 11


def _digits(split: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    source = Digits(split)
    images = np.stack([source.read(i) for i in range(n)])
    return images.repeat(2, axis=1).repeat(2, axis=2), source.labels["digit"][:n]


def _inked(split: str, n: int) -> LabelledImages:
    """Ink (1) from paper (0); the outermost rows are unlabelled."""
    images, _ = _digits(split, n)
    masks = (images[..., 0] > 127).astype(np.uint8)
    masks[:, :2] = GARBAGE
    return LabelledImages(images, masks)


def _spec(protocol: str, **more: object) -> EvalSpec:
    made = {"name": "d", "protocol": protocol, "dataset": "digits", "label": "digit", "size": 16}
    return EvalSpec.model_validate(made | more)


def _segmented(
    encoder: EncoderSpec, train: LabelledImages, test: LabelledImages, **more: object
) -> EvalResult:
    spec = _spec("segment@1", **({"ignore": GARBAGE, "epochs": 8} | more))
    return tune(spec, encoders.build(encoder, 0), train, test, CPU)


@pytest.mark.parametrize("encoder", [CONVNET, VIT], ids=lambda e: e.name)
def test_ink_is_told_from_paper(encoder: EncoderSpec) -> None:
    test = _inked("test", 60)
    measured = _segmented(encoder, _inked("train", 128), test, epochs=8)
    paper = float((test.targets[:, 2:] == 0).mean())
    assert measured.metrics["accuracy"] > paper + 0.4 * (1 - paper)
    assert measured.metrics["miou"] > 0.6
    low, high = measured.intervals["miou"]
    assert low < measured.metrics["miou"] < high
    assert 0 < measured.metrics["miou_per_image"] < 1
    assert set(measured.metrics) == set(metric_names({"protocol": "segment@1"}))
    assert "8 epochs of 128 images, 16 steps of 64" in measured.notes[-1]


def test_ignored_pixels_touch_neither_training_nor_score() -> None:
    """Another value for what is ignored changes nothing; to ignore nothing does."""
    train, test = _inked("train", 64), _inked("test", 20)
    once, again = (_segmented(CONVNET, train, test, epochs=2) for _ in range(2))
    assert once.metrics == again.metrics
    other = LabelledImages(
        test.images, np.where(test.targets == GARBAGE, 99, test.targets).astype("u1")
    )
    marked = np.where(train.targets == GARBAGE, 99, train.targets).astype("u1")
    with_99 = LabelledImages(train.images, marked)
    assert _segmented(CONVNET, with_99, other, epochs=2, ignore=99).metrics == once.metrics
    kept = _segmented(CONVNET, train, test, epochs=2, ignore=None)
    assert once.metrics["classes_missing_in_train"] == 0
    assert kept.metrics["accuracy"] != once.metrics["accuracy"]


def test_test_masks_change_only_the_scores() -> None:
    train, test = _inked("train", 64), _inked("test", 20)
    upside = LabelledImages(
        test.images, np.where(test.targets < 2, 1 - test.targets, GARBAGE).astype("u1")
    )
    one, other = (_segmented(CONVNET, train, t, epochs=2) for t in (test, upside))
    assert one.metrics["accuracy"] == pytest.approx(1 - other.metrics["accuracy"])
    assert one.metrics["train_loss"] == other.metrics["train_loss"]


def test_digits_are_told_apart_by_finetuning() -> None:
    (x, y), (x_test, y_test) = _digits("train", 300), _digits("test", 100)
    runs = [
        tune(_spec("finetune@1", epochs=12), encoders.build(CONVNET, 0), LabelledImages(x, y),
             LabelledImages(x_test, y_test), CPU)
        for _ in range(2)
    ]  # fmt: skip
    assert runs[0].metrics == runs[1].metrics
    assert runs[0].metrics["accuracy"] > 0.6  # chance is 0.1
    assert runs[0].n_train == 300
    assert set(runs[0].metrics) == set(metric_names({"protocol": "finetune@1"}))


def test_all_of_the_encoder_is_trained() -> None:
    net = encoders.build(CONVNET, 0)
    before = {name: p.detach().clone() for name, p in net.named_parameters()}
    x, y = _digits("train", 64)
    tune(
        _spec("finetune@1", epochs=1), net, LabelledImages(x, y), LabelledImages(x[:4], y[:4]), CPU
    )
    assert all(not torch.equal(p, before[name]) for name, p in net.named_parameters())


def test_what_cannot_be_learned_is_refused() -> None:
    x, y = _digits("train", 8)
    with pytest.raises(DataError, match="two classes"):
        tune(
            _spec("finetune@1"),
            encoders.build(CONVNET, 0),
            LabelledImages(x, y * 0),
            LabelledImages(x, y),
            CPU,
        )
    blank = LabelledImages(x, np.full((8, 16, 16), GARBAGE, np.uint8))
    with pytest.raises(DataError, match="train masks hold 0 classes"):
        _segmented(CONVNET, blank, _inked("test", 4))
    odd = LabelledImages(x[:, :12, :12], np.zeros((8, 12, 12), np.uint8))
    odd.targets[:, 3:] = 1
    with pytest.raises(ConfigError, match="do not tile"):
        _segmented(CONVNET, odd, odd)


def test_the_published_settings_stand() -> None:
    """Frozen: `@1` means these numbers for ever."""
    segment, finetune = tuning_of(_spec("segment@1")), tuning_of(_spec("finetune@1"))
    assert (segment.optim.lr, segment.optim.weight_decay, segment.epochs) == (2e-3, 1e-4, 100)
    assert (segment.optim.milestones, segment.optim.gamma) == ((0.7, 0.9, 0.95), 0.5)
    assert (finetune.optim.lr, finetune.optim.weight_decay, finetune.epochs) == (8e-4, 0.0, 200)
    assert (segment.batch, finetune.batch) == (64, 64)
    assert steps_and_batch(_spec("segment@1"), 250) == (391, 64)
    assert steps_and_batch(_spec("segment@1", epochs=3), 10) == (3, 10)
    with pytest.raises(ValueError, match="epochs applies to"):
        _spec("linear@1", epochs=3)
    with pytest.raises(ValueError, match="ignore applies to"):
        _spec("finetune@1", ignore=3)


def test_the_second_version_of_segment_turns_nothing_and_decays_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = (tuning_of(_spec(f"segment@{version}")) for version in (1, 2))
    assert second == first._replace(flips=False, decays_all=True)
    turned: list[str] = []
    decays: dict[str, set[float]] = {}
    turn, build = training._turned, training.build_optimizer

    def built(net: torch.nn.Module, optim: OptimSpec) -> torch.optim.Optimizer:
        optimizers.append(build(net, optim))
        return optimizers[-1]

    for name in ("segment@1", "segment@2"):
        optimizers: list[torch.optim.Optimizer] = []
        monkeypatch.setattr(training, "_turned", lambda *x, n=name: turned.append(n) or turn(*x))
        monkeypatch.setattr(training, "build_optimizer", built)
        net = encoders.build(CONVNET, 0)
        tune(_spec(name, epochs=1, ignore=GARBAGE), net, _inked("train", 8), _inked("test", 4), CPU)
        decays[name] = {group["weight_decay"] for group in optimizers[0].param_groups}
    assert set(turned) == {"segment@1"}
    assert decays == {"segment@1": {1e-4, 0.0}, "segment@2": {1e-4}}
