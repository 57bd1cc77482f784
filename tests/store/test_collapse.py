"""Signs that a run learned nothing, from numbers; a healthy run has none."""

import pytest

from datayield.store.collapse import Collapse, ScoreBeside, in_words, signs_of
from datayield.store.records import FeatureSpread, TrainingCheckRecord


def check(
    rank: float = 60.0,
    std: float = 0.4,
    untrained: float = 80.0,
    growth: float = 1.1,
    loss: float | None = 0.1,
    *,
    supervised: bool = False,
    images: int = 256,
) -> TrainingCheckRecord:
    return TrainingCheckRecord(
        images=images,
        trained=FeatureSpread(rank=rank, std=std),
        untrained=FeatureSpread(rank=untrained, std=0.25),
        growth=growth,
        loss_change=loss,
        supervised=supervised,
    )


def score(value: float, untrained: float = 0.6, error: float = 0.02) -> ScoreBeside:
    return ScoreBeside("digit", "accuracy", value, untrained, error)


@pytest.mark.parametrize(
    ("of", "signs"),
    [
        (check(), ()),
        (check(rank=37.0), ()),  # as SwAV, which is right to use fewer
        (check(std=0.02), ()),  # as SimMIM, early
        (check(loss=1.3e-4), ()),  # as DINO, near the logarithm of its prototypes
        (check(loss=None), ()),
        (check(rank=1.1), ("low_rank",)),
        (check(rank=1.1, untrained=1.2), ()),  # images of two plain classes
        (check(rank=1.1, supervised=True), ()),  # two classes need one dimension
        (check(rank=1.1, images=5), ()),
        (check(rank=9.0), ("low_rank",)),
        (check(rank=0.0), ("no_variation",)),
        (check(std=3e-4), ("no_variation",)),
        (check(rank=0.0, untrained=0.0, loss=6e-7), ("no_variation", "constant_loss")),
        (check(growth=2e7), ("diverged",)),
    ],
)
def test_signs_in_training(of: TrainingCheckRecord, signs: tuple[str, ...]) -> None:
    assert signs_of(of) == signs


def test_features_that_are_not_finite() -> None:
    of = check().model_copy(update={"trained": None, "growth": None})
    assert signs_of(of) == ("not_finite",)


def test_scores_count_where_all_are_below_by_more_than_chance() -> None:
    assert signs_of(None, [score(0.5)]) == ("below_untrained",)
    assert signs_of(None, [score(0.55)]) == ()
    assert signs_of(None, [score(0.5), score(0.7)]) == ()
    assert signs_of(None) == ()


def test_good_scores_outweigh_a_low_rank_only() -> None:
    assert signs_of(check(rank=1.1), [score(0.9)]) == ()
    assert signs_of(check(rank=1.1), [score(0.9), score(0.58)]) == ("low_rank",)
    assert signs_of(check(rank=0.0), [score(0.9)]) == ("no_variation",)


def test_words_have_the_numbers() -> None:
    of, scores = check(rank=1.12, growth=2.56e7, loss=0.0), (score(0.1),)
    words = in_words(Collapse("r", "simclr seed 0", "simclr", signs_of(of, scores), of, scores))
    assert words == (
        "simclr seed 0: its features fill almost no dimensions (effective rank 1.1, untrained "
        "80.0, 256 pretraining images); its weights grew 26M-fold: the learning rate is too high; "
        "the loss was constant over the second half of training; worse than the untrained encoder "
        "in the evaluation (digit: 10.0%, untrained 60.0%)"
    )


def test_a_constant_loss_names_the_remedy_of_its_method() -> None:
    of = check(loss=0.0)
    words = in_words(Collapse("r", "swav seed 0", "swav", signs_of(of), of))
    assert words == (
        "swav seed 0: the loss was constant over the second half of training "
        "(its authors advise method.epsilon: 0.03 instead of 0.05)"
    )
