"""What is drawn: prompts of classes, and a seed of its own for each image."""

from pathlib import Path

import pytest

from datayield.collect import read_wanted
from datayield.spec.errors import ConfigError, DataError


def test_classes_become_prompts_and_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "classes.txt"
    path.write_text("goldfinch\nsea anemone\n")
    wanted = read_wanted(path, 2, template="A photo of a {}").images
    assert [each.prompt for each in wanted] == [
        "A photo of a goldfinch", "A photo of a sea anemone",
    ] * 2  # fmt: skip
    assert [each.label for each in wanted] == ["goldfinch", "sea anemone"] * 2
    assert len({each.seed for each in wanted}) == len({each.key for each in wanted}) == 4


def test_prompts_of_one_class_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "prompts.csv"
    path.write_text("prompt,class,negative_prompt\na,x,dark\nb,x,\nc,,\n")
    wanted = read_wanted(path, 3, negative_prompt="blurred").images
    of_x = [(each.prompt, each.negative_prompt) for each in wanted if each.label == "x"]
    assert of_x == [("a", "dark"), ("b", "blurred"), ("a", "dark")]
    assert [each.prompt for each in wanted if each.label is None] == ["c"] * 3


def test_a_seed_depends_on_its_own_image_alone(tmp_path: Path) -> None:
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("cat\n")
    two.write_text("dog\ncat\n")
    cats = [each for each in read_wanted(two, 5).images if each.label == "cat"]
    assert list(read_wanted(one, 3).images) == cats[:3]
    assert {each.seed for each in read_wanted(one, 3, seed=1).images}.isdisjoint(
        {c.seed for c in cats}
    )


def test_faults_say_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("word,number\ncat,1\n")
    with pytest.raises(ConfigError, match="columns prompt, class and negative_prompt"):
        read_wanted(path, 1)
    path.write_text("prompt,class\n")
    with pytest.raises(DataError, match="a header without rows: prompt, class"):
        read_wanted(path, 1)
    path.write_text("prompt,class,note\n,cat,x\n,,y\n")
    assert read_wanted(path, 1).notes() == ["1 row has no class or prompt, and is left out"]
    with pytest.raises(ConfigError, match=r"write \{\} where the name belongs"):
        read_wanted(path, 1, template="a photo")
