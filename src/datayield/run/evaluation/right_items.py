"""Which test items an evaluation got right, in the order in which they are kept."""

import hashlib

import numpy as np
from torch import Tensor

from datayield.run.evaluation.labels import chosen_images, labels_in
from datayield.spec.evaluation import EvalSpec
from datayield.store.right_items import RightItems


def right_items(ev: EvalSpec, right: Tensor) -> RightItems:
    """`right` bool [draws, n] of the test items of `ev`, in its order, as the store keeps them.

    Items are sorted by class, then by content (by position where that is unknown), so that other
    evaluations of the same images keep them in the same order.
    """
    arrays, chosen = chosen_images(ev, ev.test, ev.test_count)
    labels = labels_in(ev, ev.test)[0][chosen]
    known = arrays.content is not None
    contents = arrays.content[chosen] if arrays.content is not None else chosen
    order = np.lexsort((contents, labels))
    classes = np.unique(labels, return_counts=True)[1]
    identity = hashlib.sha256(b"" if known else arrays.digest.encode())
    for part in (classes, contents[order]):
        identity.update(part.astype("<u8").tobytes())
    return RightItems(
        np.packbits(right.numpy()[:, order], axis=1),
        tuple(classes.tolist()),
        identity.hexdigest()[:12],
    )
