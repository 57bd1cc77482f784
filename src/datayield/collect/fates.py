"""What can become of an image that was to be collected."""

from typing import Literal, get_args

Fate = Literal[
    "kept",
    "duplicate",  # the same bytes, or the same pixels, as an image that was kept
    "gone",  # 404, 410
    "forbidden",  # 401, 402, 403, 407, 451
    "http error",  # any other status that is not 200
    "server error",  # 5xx
    "too many requests",  # 429, or a wait that is too long to be waited for
    "timeout",
    "unreachable",  # no such host, nobody listens, an invalid certificate
    "truncated",  # fewer bytes than announced, or a connection that was cut
    "too many redirects",
    "private address",  # of this machine or its own network
    "invalid address",
    "refused by robots",  # robots.txt, or a header X-Robots-Tag
    "robots unreadable",  # the server did not say what it allows
    "not an image",
    "damaged",  # an image that cannot be decoded
    "animated",
    "too large",  # bytes or pixels
    "too small",
    "blocked by the safety checker",
    "removed",  # collected, and deleted since
]
FATES: tuple[Fate, ...] = get_args(Fate)
TEMPORARY: frozenset[Fate] = frozenset(
    ("server error", "too many requests", "timeout", "unreachable", "truncated")
    + ("robots unreadable",)
)  # another attempt may succeed
BY_AGENT: frozenset[Fate] = frozenset(("forbidden", "refused by robots"))  # or not, by the name
