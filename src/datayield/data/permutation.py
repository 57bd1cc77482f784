"""Permutations of range(n) with random access, for subsets and for the order of batches.

Up to `WHOLE` images it is numpy's permutation, in full. For more, where that would cost 8 bytes per
image, a keyed bijection is evaluated at the requested positions in constant memory: a generalised
Feistel network over a * b >= n, iterated until it lands below n (cycle walking: Black and Rogaway,
"Ciphers with arbitrary finite domains", CT-RSA 2002). The rule depends on n alone, so a smaller
subset is a prefix of a larger one either way.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datayield.data.source import Labels

WHOLE = 1 << 22  # 34 MB as int64; ImageNet-1k and all below keep numpy's order
ROUNDS = 8
BLOCK = 1 << 16  # positions evaluated at once: fits in a core's cache
Key = tuple[int, ...]  # the seed of the permutation, such as (stream, seed, pass)


def places(n: int, key: Key, start: int, stop: int) -> Labels:
    """The permutation's entries start to stop, [stop - start] in range(n)."""
    if n <= WHOLE:
        return _whole(n, key)[start:stop]
    first, last = start // BLOCK, max(start, stop - 1) // BLOCK
    parts = [_block(n, key, number) for number in range(first, last + 1)]
    row = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return row[start - first * BLOCK : stop - first * BLOCK]


@lru_cache(maxsize=4)
def _whole(n: int, key: Key) -> Labels:
    entropy = key[0] if len(key) == 1 else list(key)
    order = np.random.Generator(np.random.PCG64(entropy)).permutation(n)
    order.flags.writeable = False
    return order


@lru_cache(maxsize=8)
def _block(n: int, key: Key, number: int) -> Labels:
    where = np.arange(number * BLOCK, min(n, (number + 1) * BLOCK), dtype=np.int64)
    values = bijection(n, key, where)
    values.flags.writeable = False
    return values


def bijection(n: int, key: Key, where: Labels) -> Labels:
    """Distinct entries of range(n) for distinct places `where` of range(n). n < 2**62."""
    a = math.isqrt(n - 1) + 1
    b = -(-n // a)
    keys = np.random.SeedSequence(list(key)).generate_state(ROUNDS)
    walked = _rounds(where, a, b, keys)
    while len(outside := np.flatnonzero(walked >= n)):
        walked[outside] = _rounds(walked[outside], a, b, keys)
    return walked


def _rounds(values: Labels, a: int, b: int, keys: NDArray[Any]) -> Labels:
    """One walk: values = left * b + right; each half in turn is shifted by a hash of the other."""
    left, right = (half.astype(np.uint64) for half in np.divmod(values, b))
    for number, key in enumerate(keys):
        if number % 2:
            right = _shifted(right, left, b, key)
        else:
            left = _shifted(left, right, a, key)
    joined: Labels = (left * np.uint64(b) + right).view(np.int64)
    return joined


def _shifted(half: NDArray[Any], other: NDArray[Any], size: int, key: np.uint32) -> NDArray[Any]:
    h = other.astype(np.uint32) ^ key
    h ^= h >> np.uint32(16)  # the finaliser of MurmurHash3
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    moved: NDArray[Any] = half + ((h.astype(np.uint64) * np.uint64(size)) >> np.uint64(32))
    moved -= np.uint64(size) * (moved >= np.uint64(size))
    return moved
