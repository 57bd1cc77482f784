"""Complete rectangles of cells and seeds, out of a table in which some runs are missing."""

from collections.abc import Sequence
from itertools import combinations


def rectangles(
    seeds: Sequence[frozenset[int]], least_cells: int = 2
) -> list[tuple[list[int], list[int]]]:
    """Disjoint groups of cells, each with seeds (two or more) that all of the group have.

    The group with the most degrees of freedom comes first. `seeds`: those of each cell.
    """
    left = list(range(len(seeds)))
    found: list[tuple[list[int], list[int]]] = []
    while True:
        sets = set(map(frozenset, (seeds[i] for i in left)))
        if len(sets) <= 8:  # also the seeds that differing cells share
            sets |= {a & b for a, b in combinations(sets, 2)}
        best: tuple[int, int, list[int], list[int]] | None = None
        for shared in sorted((s for s in sets if len(s) > 1), key=sorted):
            cells = [i for i in left if seeds[i] >= shared]
            df = (len(cells) - 1) * (len(shared) - 1)
            if len(cells) >= least_cells and (best is None or (df, len(shared)) > best[:2]):
                best = df, len(shared), cells, sorted(shared)
        if best is None:
            return found
        found.append(best[2:])
        left = [i for i in left if i not in set(best[2])]
