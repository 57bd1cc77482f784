"""How many items and classes an evaluation uses: what its time depends on."""

from typing import NamedTuple


class EvalItems(NamedTuple):
    """Training and test items of an evaluation, and the classes of its label."""

    train: int
    test: int
    classes: int = 10
