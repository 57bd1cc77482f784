"""Identity of work: canonical JSON, its digest, component versions."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

# Bump an entry when a code change alters the numbers that a run with that component produces.
# Every id that depends on it changes, so stale results are never mistaken for current ones.
# The version of a method is stated by its class in spec.run.method.
VERSIONS: dict[str, int] = {
    "subset": 2,  # the images that a (rule, seed, count) selects
    "items": 2,  # the images that a (seed, count) of an evaluation selects, and their order
    "curation": 1,  # the images that `select` chooses from a pool, and their order
    "classes": 1,  # the classes that a selection means
    "mixture": 1,  # the order of its parts
    "order": 1,  # the images that a (seed, step) visits
    "views": 1,  # the random parameters of a ViewSpec at (seed, step)
    "encoder": 1,  # architecture and initialisation
    "optim": 1,
    "loop": 1,
    "untrained": 1,
    "pretrained": 1,
    "weights": 1,  # how a file of weights becomes an encoder
    "pixels": 1,
}

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> str:
    """`value` as JSON with sorted keys and no spaces: equal values give equal text."""
    return _canonical.encode(value)


def digest(value: Any, length: int = 12) -> str:
    """First `length` hex digits of the SHA-256 of `canonical(value)`."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:length]


def by_content(value: Any) -> Any:
    """`value` as JSON without the names of data that are known by their content.

    Those are `dataset` and `split` beside a `fingerprint`, `dataset` beside a `content`, and
    `weights` beside a `sha256`.
    """
    if isinstance(value, list):
        return [by_content(item) for item in value]
    if not isinstance(value, dict):
        return value
    names: set[str] = set()
    names |= {"dataset", "split"} if value.get("fingerprint") is not None else set()
    names |= {"dataset"} if value.get("content") is not None else set()
    names |= {"weights"} if value.get("sha256") is not None else set()
    return {key: by_content(item) for key, item in value.items() if key not in names}


def versioned_digest(kind: str, value: Mapping[str, Any], versions: Mapping[str, int]) -> str:
    """Digest of a spec together with the versions of the components that compute it, by name."""
    return digest_of_text(kind, canonical(by_content(value)), versions)


def digest_of_text(kind: str, spec: str, versions: Mapping[str, int], length: int = 12) -> str:
    """`versioned_digest` of a spec whose canonical JSON is `spec`."""
    text = f'{{"kind":{canonical(kind)},"spec":{spec},"versions":{canonical(dict(versions))}}}'
    return hashlib.sha256(text.encode()).hexdigest()[:length]
