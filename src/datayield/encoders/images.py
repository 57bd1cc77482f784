"""Images as an encoder sees them."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from datayield.data.catalog import find, splits_of
from datayield.spec.errors import ConfigError, DataError
from datayield.spec.named_paths import without_dots
from datayield.spec.run import Preprocessing

if TYPE_CHECKING:  # the engine is imported only where images are decoded
    from datayield.data.decoded import Arrays

EVERY = "./"  # a split: all image files of a folder, whatever the names of its folders say


def images_of(
    dataset: str, split: str | None, seen: Preprocessing, progress: Callable[[int, int], None]
) -> "Arrays":
    """The images of a split, decoded as an encoder sees them; `progress(done, total)`.

    `dataset` is a path, or a name as in a study. Without `split`: all image files of a folder,
    else the dataset's only split. Raises DataError or ConfigError.
    """
    from datayield.data.decoded import prepare

    path = Path(dataset).expanduser()
    dataset = without_dots(path) if path.exists() else dataset
    split = split or _every_image(dataset)
    return prepare(dataset, split, seen.side, seen.fit, progress=progress, on_the_fly=True)


def _every_image(dataset: str) -> str:
    with suppress(DataError):  # no folder of image files
        find(dataset, EVERY)
        return EVERY
    names = splits_of(dataset)
    if len(names) == 1:
        return names[0]
    raise ConfigError(
        "the dataset has several splits",
        where="--split",
        got=dataset,
        allowed=names,
        hint="name one of them, or a slice such as train[:80%]",
    )
