"""What was decoded is compared with what was planned, before anything is made from it."""

from pathlib import Path

import pytest

from datayield.data.catalog import find
from datayield.data.decoded import Arrays, prepare
from datayield.data.split_content import split_listing
from datayield.data.unchanged import check_evaluated, check_pretraining
from datayield.spec.errors import StalePlanError
from datayield.spec.evaluation import EvalSpec, content_of
from datayield.spec.run import Subset
from tests.data.made import png, write


def folder(tmp_path: Path) -> Path:
    splits = {"train": 0, "test": 50}
    files = {
        f"{split}/{c}/{i}.png": png(10 * ord(c) + i + first)
        for split, first in splits.items()
        for c in "ab"
        for i in range(4)
    }
    return write(tmp_path / "images", files)


def planned(root: Path, count: int) -> Subset:
    part = Subset(dataset=str(root), count=count, size=8)
    content = split_listing(find(part.dataset, "train")).content
    assert content is not None
    return part.model_copy(update={"fingerprint": content.subset(part)})


def test_an_image_that_vanished_makes_the_plan_of_a_run_stale(tmp_path: Path) -> None:
    root = folder(tmp_path)
    part = planned(root, 8)
    check_pretraining(part, prepare(part.dataset, "train", 8))
    (root / "train/a/0.png").unlink()
    with pytest.raises(StalePlanError, match="changed after they were planned"):
        check_pretraining(part, prepare(part.dataset, "train", 8))


@pytest.mark.parametrize("change", ["removed", "relabelled", "replaced"])
def test_a_changed_test_set_makes_the_plan_of_an_evaluation_stale(
    tmp_path: Path, change: str
) -> None:
    root = folder(tmp_path)
    ev = EvalSpec(name="class", protocol="knn@1", dataset=str(root), size=8)
    listings = {(ev.dataset, split): split_listing(find(ev.dataset, split)) for split in ev.splits}
    ev = ev.model_copy(update={"content": content_of(ev, listings)})

    def decoded() -> dict[str, Arrays]:
        return {split: prepare(ev.dataset, split, 8) for split in ev.splits}

    check_evaluated(ev, decoded())
    image = root / "test/a/0.png"
    if change == "removed":
        image.unlink()
    elif change == "relabelled":
        image.rename(root / "test/b/9.png")
    else:
        image.write_bytes(png(999))
    with pytest.raises(StalePlanError, match="changed after they were planned"):
        check_evaluated(ev, decoded())
