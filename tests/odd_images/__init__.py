"""Makers of odd images, each with its right answer where there is one. See `generated_images`."""

from tests.odd_images import files, pictures
from tests.odd_images.maker import SIDE, Maker, OddImage

__all__ = ["KINDS", "SIDE", "OddImage", "every"]

MAKERS = {
    each.__name__: each
    for each in (
        pictures.modes, pictures.rotations, files.truncated, files.foreign, files.chunks,
        files.tiffs, pictures.sizes, pictures.pages, pictures.jpegs, pictures.names,
    )
}  # fmt: skip
KINDS = tuple(MAKERS)


def every(seed: int, kinds: tuple[str, ...] = KINDS) -> list[OddImage]:
    """All of some kinds, names made different; always the same for a seed."""
    maker, made = Maker(seed), dict[str, OddImage]()
    for kind in kinds:
        for odd in MAKERS[kind](maker):
            name = odd.name if kind == "names" else f"{kind}-{odd.name}"
            assert name not in made, name
            made[name] = odd._replace(name=name)
    return [*made.values()]
