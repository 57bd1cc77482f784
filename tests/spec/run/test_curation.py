"""`select`: what it may say, and how it enters a run's identity."""

from pathlib import Path
from typing import Any

import pytest

from datayield.spec.errors import ConfigError
from datayield.spec.run import Curation, Subset, Target, fixed, located, select_words, splits_of
from datayield.spec.validate import validated

NEAR = {"by": "near_target", "target": "cifar10"}


def subset(**more: Any) -> Subset:
    return validated(Subset, {"dataset": "digits", "count": 100, **more}, where="data")


def test_random_is_the_same_as_none() -> None:
    plain = subset().content_text
    assert subset(select="random").content_text == plain
    assert subset(select={"by": "random"}).content_text == plain
    assert subset(select=None).content_text == plain


def test_short_forms() -> None:
    assert subset(select="diverse").select == Curation(by="diverse")
    assert subset(select=NEAR).select == Curation(
        by="near_target", target=Target(dataset="cifar10")
    )


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("near_target", "needs the dataset of a task"),
        ({"by": "diverse", "target": "cifar10"}, "diverse takes no target"),
        ({"by": "random", "pool": 10}, "random draws by the seed"),
        ("divers", "select"),
        ({"by": "diverse", "features": "pixel"}, "did you mean 'pixels'"),
        ({"by": "diverse", "features": "untrained:convnett"}, "did you mean untrained:convnet"),
        ({"by": "diverse", "features": "run:0123"}, "unknown features"),
        ({"by": "diverse", "pool": 99}, "fewer than the 100 to choose"),
        ({"by": "near_target", "target": "digits"}, "name another dataset"),
    ],
)
def test_what_cannot_be_chosen_is_refused(select: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        subset(select=select)


def test_more_than_the_usual_pool_needs_a_stated_one() -> None:
    with pytest.raises(ConfigError, match=r"100,000 images unless stated"):
        subset(count=100_001, select="diverse")
    assert subset(count=100_001, select={"by": "diverse", "pool": 200_000}).drawn.count == 200_000


def test_every_setting_is_part_of_the_identity() -> None:
    settings: list[Any] = [
        None,
        "diverse",
        {"by": "diverse", "features": "untrained:convnet"},
        {"by": "diverse", "pool": 500},
        {"by": "diverse", "size": 16},
        NEAR,
        {**NEAR, "target": "gtsrb"},
        {**NEAR, "target": {"dataset": "cifar10", "split": "val"}},
        {"by": "diverse", "weights": "0" * 64},
    ]
    texts = [subset(select=select).content_text for select in settings]
    assert len(set(texts)) == len(texts)
    assert len({select_words(s) for s in settings[1:-1]}) == len(settings) - 2


def test_a_target_is_known_by_its_content() -> None:
    def text(dataset: str, fingerprint: str | None) -> str:
        return subset(
            select={**NEAR, "target": {"dataset": dataset, "fingerprint": fingerprint}}
        ).content_text

    assert text("here", "abc") == text("there", "abc")
    assert text("here", "abc") != text("here", "abd")
    assert text("here", None) != text("there", None)


def test_the_target_is_a_split_of_the_study() -> None:
    assert splits_of({"dataset": "digits", "select": NEAR}) == {
        ("digits", "train"),
        ("cifar10", "train"),
    }
    parts = {"A": {"dataset": "digits", "select": {**NEAR, "target": {"dataset": "d"}}}, "B": None}
    assert ("d", "train") in splits_of({"parts": parts})
    assert splits_of({"dataset": "digits", "select": {"target": {"split": 3}}}) == {
        ("digits", "train")
    }


def test_paths_of_targets_are_from_the_folder_of_the_study(tmp_path: Path) -> None:
    for target in ("./task", {"dataset": "./task", "split": "val"}):
        select = located({"dataset": "x", "select": {**NEAR, "target": target}}, tmp_path)["select"]
        assert select["target"]["dataset"] == str(tmp_path / "task")


def test_a_file_of_weights_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    spec = subset(select={"by": "diverse", "features": f"weights:{path}?encoder=x"})
    assert isinstance(before := fixed(spec, {}), Subset)
    assert before.select is not None
    assert before.select.weights is None
    path.write_bytes(b"abc")
    assert isinstance(after := fixed(spec, {}), Subset)
    assert after.select is not None
    assert after.select.weights is not None
    assert after.select.weights.startswith("ba7816bf")  # SHA-256 of abc
