"""What servers allow robots to download, by their robots.txt (RFC 9309)."""

import threading
from typing import NamedTuple
from urllib.parse import urlsplit

from protego import Protego

from datayield.collect.failures import Failure
from datayield.collect.fetch import Body, Fetcher, Redirect

LARGEST = 512_000  # bytes of a robots.txt that are read
MOST_REDIRECTS = 5
LONGEST_DELAY = 60.0  # seconds between requests: a server that asks for more wants no robot


class Allowed(NamedTuple):
    """The address may be requested, with `delay` seconds between requests where told."""

    delay: float | None = None


class _Rules:
    """The rules of one server, read once they are needed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.known: Protego | None = None


class Robots:
    """The rules of all servers. Safe to use from several threads."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.fetcher = fetcher
        self._lock = threading.Lock()
        self._of: dict[str, _Rules] = {}

    def allows(self, url: str) -> Allowed | Failure:
        """Whether `url` may be requested. A server without a robots.txt allows everything.

        One that fails to answer allows nothing now, and is asked again for the next address.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            of = self._of.setdefault(origin, _Rules())
        with of.lock:
            if of.known is None:
                read = self._read(f"{origin}/robots.txt")
                if isinstance(read, Failure):
                    return read
                of.known = read
            rules = of.known
        if not rules.can_fetch(url, self.fetcher.agent):
            return Failure("refused by robots", "robots.txt")
        delay = rules.crawl_delay(self.fetcher.agent)
        if delay is not None and delay > LONGEST_DELAY:
            return Failure("refused by robots", f"robots.txt: one request in {delay:g} s")
        return Allowed(delay)

    def _read(self, url: str) -> Protego | Failure:
        for _ in range(MOST_REDIRECTS + 1):
            got = self.fetcher.text(url, LARGEST)
            if isinstance(got, Redirect):
                url = got.url
                continue
            if isinstance(got, Body):
                return Protego.parse(got.data.decode("utf-8", "replace"))
            if got.fate in ("gone", "forbidden", "http error"):  # 4xx: there are no rules
                return Protego.parse("")
            if got.fate in ("server error", "too many requests", "truncated"):
                return Failure("robots unreadable", f"robots.txt: {got.detail}", got.retry_after)
            return got  # the server cannot be reached either
        return Protego.parse("")
