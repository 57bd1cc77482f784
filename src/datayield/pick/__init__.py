"""Which images of a pool to label or to collect next, and whether that beats drawing at random."""

from datayield.pick.held_out import PickTest
from datayield.pick.pick import PickedImages, PickRequest, pick_images
from datayield.pick.rules import RULES, PickPurpose, PickRule
from datayield.pick.table import PickedRow, write_table

__all__ = [
    "RULES",
    "PickPurpose",
    "PickRequest",
    "PickRule",
    "PickTest",
    "PickedImages",
    "PickedRow",
    "pick_images",
    "write_table",
]
