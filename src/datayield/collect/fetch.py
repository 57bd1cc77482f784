"""One request, and every way in which it can go wrong as a value."""

import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader

from datayield.collect.connections import pools
from datayield.collect.failures import Failure, failure_of
from datayield.collect.fates import Fate

CHUNK = 65_536  # bytes
REDIRECTS = (301, 302, 303, 307, 308)
NO_AI = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})  # X-Robots-Tag
TEXTS = ("text/", "application/json", "application/xhtml", "application/xml", "image/svg")
BY_STATUS: dict[int, Fate] = {
    404: "gone", 410: "gone",
    401: "forbidden", 402: "forbidden", 403: "forbidden", 407: "forbidden", 451: "forbidden",
    408: "timeout", 425: "server error", 429: "too many requests",
}  # fmt: skip


class Body(NamedTuple):
    """What an address holds."""

    data: bytes


class Redirect(NamedTuple):
    """The address that a server names instead."""

    url: str


@dataclass(frozen=True)
class Limits:
    """What a request may take: bytes, and seconds to connect, between bytes, and in all."""

    max_bytes: int = 20_000_000
    connect: float = 10.0
    read: float = 10.0
    total: float = 60.0


class Fetcher:
    """Requests by any number of threads, over connections that are shared and kept open."""

    def __init__(self, limits: Limits, agent: str, allow_private: bool, at_once: int) -> None:
        self.limits, self.agent = limits, agent
        logging.getLogger("urllib3").setLevel(logging.ERROR)  # what it warns of has a fate here
        self.manager = pools(allow_private, limits.total, at_once)

    def image(self, url: str) -> Body | Redirect | Failure:
        """What is at `url`, unless its headers say that it is no image or may not be used."""
        return self._fetch(url, self.limits.max_bytes, image=True)

    def text(self, url: str, most: int) -> Body | Redirect | Failure:
        """What is at `url`, its first `most` bytes at most."""
        return self._fetch(url, most, image=False)

    def close(self) -> None:
        """Close all connections."""
        self.manager.clear()

    def _fetch(self, url: str, most: int, *, image: bool) -> Body | Redirect | Failure:
        limits, began, data = self.limits, time.monotonic(), bytearray()
        try:
            response = self.manager.request(
                "GET",
                url,
                headers={"User-Agent": self.agent, "Accept": "image/*, */*;q=0.5"},
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=limits.connect, read=limits.read),
            )
        except (HTTPError, OSError, ValueError) as error:
            return failure_of(error)
        try:
            told = self._of_headers(url, response.status, response.headers, image)
            if told is not None:
                return told
            if image and (size := _length(response.headers)) > most:
                return _too_large(f"{size:,} bytes announced, at most {most:,} allowed", size)
            while part := response.read1(CHUNK):
                data += part
                if len(data) > most:
                    if not image:
                        break
                    large = _too_large(f"more than {most:,} bytes", len(data))
                    return large._replace(received=len(data))
                if time.monotonic() - began > limits.total:
                    late = f"not complete after {limits.total:g} s"
                    return Failure("timeout", late, None, len(data))
            return Body(bytes(data[:most]))
        except (HTTPError, OSError, ValueError) as error:
            return failure_of(error)._replace(received=len(data))
        finally:
            response.close()  # what was not read would be taken for the next answer
            response.release_conn()

    def _of_headers(
        self, url: str, status: int, headers: "Mapping[str, str]", image: bool
    ) -> Redirect | Failure | None:
        """What status and headers already say; None where the body is wanted."""
        if status in REDIRECTS:
            where = headers.get("Location")
            return (
                Redirect(joined(url, where)) if where else Failure("http error", f"HTTP {status}")
            )
        if status != 200:
            fate = BY_STATUS.get(status, "server error" if status >= 500 else "http error")
            return Failure(fate, f"HTTP {status}", _retry_after(headers))
        if image and forbids(headers.get("X-Robots-Tag", ""), self.agent):
            return Failure("refused by robots", f"X-Robots-Tag: {headers['X-Robots-Tag']}")
        kind = headers.get("Content-Type", "").lower().strip()
        if image and kind.startswith(TEXTS):
            return Failure("not an image", f"Content-Type: {kind}")
        return None


def _too_large(detail: str, least_bytes: int) -> Failure:
    return Failure("too large", detail, least_bytes=least_bytes)


def joined(url: str, where: str) -> str:
    """The address that a redirect from `url` means, without what only a browser reads."""
    parts = urlsplit(urljoin(url, where))
    return urlunsplit(parts._replace(fragment=""))


def forbids(tag: str, agent: str) -> bool:
    """Whether a header X-Robots-Tag asks that the image is not collected.

    `noindex, nofollow`, or `botname: noai` for one robot; several headers are joined by commas.
    """
    name = agent.partition("/")[0].lower()
    of = "*"
    for word in (part.strip().lower() for part in tag.split(",")):
        robot, colon, directive = (x.strip() for x in word.rpartition(":"))
        if colon and re.fullmatch(r"[\w.*-]+", robot):
            of = robot
        if (of in ("*", name)) and (directive or word) in NO_AI:
            return True
    return False


def _length(headers: "Mapping[str, str]") -> int:
    text = headers.get("Content-Length", "").strip()
    return int(text) if text.isascii() and text.isdigit() else 0


def _retry_after(headers: "Mapping[str, str]") -> float | None:
    """Seconds that a server asks for, as a number or a date."""
    said = headers.get("Retry-After")
    if said is None:
        return None
    try:
        return max(0.0, float(urllib3.Retry().parse_retry_after(said)))
    except (InvalidHeader, ValueError, OverflowError):
        return None
