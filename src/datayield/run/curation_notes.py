"""What choosing images by their features costs, and needs: told by `plan`. Needs no torch."""

from collections.abc import Iterable, Iterator

from datayield.data.catalog import Look
from datayield.run.encoder_names import to_download, unknown_network
from datayield.spec.errors import DataError, DatayieldError
from datayield.spec.run import MOST_POOL, RunSpec, Subset, dataset_name
from datayield.store.curation import is_chosen

FeaturesOf = tuple[str, str, str, int]  # dataset, split, features, side in pixels


def curation_notes(runs: Iterable[RunSpec], look: Look) -> Iterator[str]:
    """A sentence for each split of which features are computed before anything is trained."""
    images: dict[FeaturesOf, int] = {}
    for part in still_to_choose(runs):
        for of, count in _needed(part, look):
            images[of] = max(images.get(of, 0), count)
    for (dataset, split, features, size), count in images.items():
        yield (
            f"data.select: before training, features ({features}) of {count:,} images of "
            f"{dataset_name(dataset)} {split} at {size} px are computed once, to choose by them"
        )
        if features.startswith("timm/") and to_download(features.removeprefix("timm/")):
            yield (
                f"data.select: the weights of {features} are downloaded for that, which fails "
                "without a network"
            )


def curation_refusals(runs: Iterable[RunSpec]) -> Iterator[DatayieldError]:
    """An error for each network to choose images by that is unknown, or whose file is missing."""
    for select in dict.fromkeys(part.select for part in still_to_choose(runs) if part.select):
        unknown = select.timm_name and unknown_network(select.timm_name, select.features)
        if unknown:
            yield unknown
        elif select.features.startswith("weights:") and select.weights is None:
            yield DataError(
                "the file of weights to choose images by was not found",
                got=select.features,
                hint="check the path, or choose by pixels or untrained:convnet, which need no file",
                about=select.features,
            )


def still_to_choose(runs: Iterable[RunSpec]) -> list[Subset]:
    """Parts whose images are chosen by features, and are not known yet."""
    parts = dict.fromkeys(part for run in runs for _, part in run.data.members)
    return [part for part in parts if part.select is not None and not is_chosen(part)]


def _needed(part: Subset, look: Look) -> Iterator[tuple[FeaturesOf, int]]:
    """(what, images) of the features that choosing the images of `part` takes."""
    select = part.select
    assert select is not None
    size = select.size or part.size
    for place in (part, select.target):
        if place is None:
            continue
        there = len(look(place.dataset, place.split))
        most = select.pool if place is part and select.pool else MOST_POOL
        every = there <= MOST_POOL and select.features != "pixels"
        count = there if every else min(there, most)
        yield (place.dataset, place.split, select.features, size), count
