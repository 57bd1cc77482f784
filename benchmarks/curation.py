"""Ways to choose images by their features: how long they take, and what set they give.

    python benchmarks/curation.py [--pool tiny-imagenet] [--target cifar10] [--size 16]
        [--images 16000] [--count 512] [--features pixels] [--judge untrained:resnet18?stem=cifar]
        [--seed 0]

Prints a JSON line for each way: seconds, the Vendi score by the features and by the judge, which
takes no part in the choice, and the mean cosine by the judge of the target's images to their
nearest chosen one. `images` bounds the pool; of the target 5,000 at most are used.
"""

import argparse
import json
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans, kmeans_plusplus

from datayield.data.selection import sample_items
from datayield.maths.directions import directions
from datayield.maths.farthest_point import farthest_point_order
from datayield.maths.nearest_in_turn import nearest_in_turn
from datayield.maths.vendi import vendi_score
from datayield.run.curation.choose import AXES
from datayield.run.curation.set_features import features_at
from datayield.run.decoded_splits import arrays_of

MOST_TARGET = 5_000
NEAREST = 5
Chosen = NDArray[np.int64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, usual in (("pool", "tiny-imagenet"), ("target", "cifar10"), ("features", "pixels")):
        parser.add_argument(f"--{name}", default=usual)
    parser.add_argument("--judge", default="untrained:resnet18?stem=cifar")
    for number, most in (("size", 16), ("images", 16_000), ("count", 512), ("seed", 0)):
        parser.add_argument(f"--{number}", type=int, default=most)
    asked = parser.parse_args()
    began = time.perf_counter()
    x, targets = _compared(asked, asked.features, AXES)
    print(json.dumps({"features": asked.features, "seconds": _since(began)}), flush=True)
    own, _ = _compared(asked, asked.features, None)
    judged, wanted = _compared(asked, asked.judge, None)
    for name, way in _ways(x, targets, asked.count, asked.seed).items():
        began = time.perf_counter()
        chosen = way()
        seconds = _since(began)
        vendi = [round(vendi_score(torch.from_numpy(y[chosen])), 1) for y in (own, judged)]
        covered = float((wanted @ judged[chosen].T).max(axis=1).mean())
        told = {"choice": name, "seconds": seconds, "vendi": vendi[0], "vendi_judge": vendi[1]}
        print(json.dumps(told | {"coverage_judge": round(covered, 3)}), flush=True)


def _ways(
    x: NDArray[np.float32], targets: NDArray[np.float32], n: int, seed: int
) -> dict[str, Callable[[], Chosen]]:
    """Each gives the rows of `x` that it takes."""

    def nearest_on_average() -> Chosen:
        means = [np.sort(rows @ targets.T, axis=1)[:, -NEAREST:].mean(axis=1) for rows in
                 np.array_split(x, max(1, len(x) // 1000))]  # fmt: skip
        return np.argsort(-np.concatenate(means))[:n]

    def nearest_to_centres() -> Chosen:
        centres = MiniBatchKMeans(n, random_state=seed, n_init=1).fit(x).cluster_centers_
        apart = (x**2).sum(axis=1)[:, None] - 2 * x @ centres.T
        return np.unique(apart.argmin(axis=0))

    return {
        "random": lambda: np.arange(n),  # the pool is in random order
        "farthest point": lambda: farthest_point_order(x, n),
        "k-means++": lambda: kmeans_plusplus(x, n, random_state=seed, n_local_trials=1)[1],
        "nearest to centres": nearest_to_centres,
        "nearest in turn": lambda: nearest_in_turn(x, targets, n),
        "nearest on average": nearest_on_average,
    }


def _compared(
    asked: argparse.Namespace, features: str, axes: int | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Directions of the pool and of the target."""
    rows = []
    for name, most in ((asked.pool, asked.images), (asked.target, MOST_TARGET)):
        arrays = arrays_of(name, "train", asked.size, "crop")
        every = np.arange(len(arrays), dtype=np.int64)
        places = sample_items(every, min(most, len(arrays)), asked.seed, arrays.content)
        rows.append(features_at(arrays, places, features, asked.size))
    along = directions(rows[0], axes or rows[0].shape[1])
    return along.of(rows[0]), along.of(rows[1])


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 2)


if __name__ == "__main__":
    main()
