"""How VTAB derives classes from published annotations (Zhai et al. 2019, and its code)."""

import numpy as np
from numpy.typing import ArrayLike

from datayield.data.source import Labels

CLEVR_CUTS = (8.0, 8.5, 9.0, 9.5, 10.0)
KITTI_CUTS = (8.0, 20.0)
KITTI_VEHICLES = ("Car", "Van", "Truck")


def dsprites_location(x: Labels) -> Labels:
    """Columns 0 to 31 in pairs: 16 classes."""
    return x // 2


def dsprites_orientation(turn: Labels) -> Labels:
    """Orientations 0 to 39 in 16 classes, alternately of 3 and 2: integer part of turn / 2.5."""
    return turn * 2 // 5


def clevr_count(objects: int) -> int:
    """3 to 10 objects -> 0 to 7."""
    return objects - 3


def clevr_distance(depths: ArrayLike) -> int:
    """Third pixel coordinates of a scene's objects -> class 0 to 5 of the nearest; cuts above."""
    return int(np.searchsorted(CLEVR_CUTS, np.min(depths), side="left"))


def kitti_distance(depths: ArrayLike) -> int:
    """Forward distances (m) of a frame's vehicles -> class 0 to 2 of the nearest; 3: none."""
    z = np.asarray(depths, float)
    return int(np.searchsorted(KITTI_CUTS, z.min(), side="left")) if z.size else 3
