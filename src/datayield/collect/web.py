"""Download a list of addresses: many hosts at once, each at the pace that it allows."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from datayield import __version__
from datayield.collect.failures import Failure
from datayield.collect.fates import BY_AGENT, TEMPORARY
from datayield.collect.fetch import Body, Fetcher, Limits, Redirect
from datayield.collect.hosts import HostQueues
from datayield.collect.image_check import Unusable, check_image
from datayield.collect.images_kept import ImagesKept
from datayield.collect.journal import Journal
from datayield.collect.record import ImageRecord
from datayield.collect.robots import Robots
from datayield.collect.url_list import Address

LOOK_SECONDS = 0.2  # between two looks at the progress


@dataclass(frozen=True)
class WebSettings:
    """How images are downloaded. Only `size` and `least` change what is kept."""

    size: int | None = 256  # pixels of the shorter side, at most; None keeps every size
    least: int = 32  # pixels that the shorter side must have
    per_second: float = 4.0  # requests to one host
    workers: int = 16
    at_once: int = 4  # requests in progress at one host
    attempts: int = 3
    back_off: float = 1.0  # seconds before the second attempt; twice as many before each further
    longest_wait: float = 120.0  # seconds that a server may ask for
    redirects: int = 5
    lost_after: int = 6  # attempts after which a host that never answered is given up
    agent: str = f"datayield/{__version__}"
    allow_private: bool = False
    limits: Limits = field(default_factory=Limits)


@dataclass
class _Download:
    """An image on its way: where it is asked for now, and what it took so far."""

    address: Address
    url: str
    received: int = 0
    seconds: float = 0.0
    attempts: int = 0
    redirects: int = 0


def collect_web(
    wanted: Iterable[Address],
    folder: Path,
    journal: Journal,
    settings: WebSettings,
    stop: threading.Event,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Download what is wanted into `folder`, until all is done or `stop` is set.

    `progress(done)` is called in this thread. The journal must be in a session. Raises
    StoreError where the disk does not let us write.
    """
    fetcher = Fetcher(settings.limits, settings.agent, settings.allow_private, settings.at_once)
    crawl = _Crawl(folder, journal, settings, fetcher)
    for address in wanted:
        before = journal.records.get(address.key)
        spent = (0, 0.0) if before is None else (before.bytes, before.seconds)
        crawl.ask(_Download(address, address.url, *spent), address.host)
    halt = threading.Event()  # also where a thread failed
    try:
        with ThreadPoolExecutor(settings.workers, "collect") as pool:
            threads = [pool.submit(crawl.work, halt) for _ in range(settings.workers)]
            pending = set(threads)
            while pending and not halt.is_set():
                done, pending = wait(pending, LOOK_SECONDS, FIRST_EXCEPTION)
                if stop.is_set() or any(thread.exception() for thread in done):
                    halt.set()
                if progress is not None:
                    progress(crawl.done)
            halt.set()
        for thread in threads:
            thread.result()
    finally:
        fetcher.close()
    if progress is not None:
        progress(crawl.done)


class _Crawl:
    """The state that all threads share."""

    def __init__(
        self, folder: Path, journal: Journal, settings: WebSettings, fetcher: Fetcher
    ) -> None:
        self.settings, self.fetcher, self.journal = settings, fetcher, journal
        self.robots, self.kept = Robots(fetcher), ImagesKept(folder, journal)
        self.queues = HostQueues[_Download](1 / settings.per_second, settings.at_once)
        self.done = 0
        self._lock = threading.Lock()
        self._answered: set[str] = set()  # hosts
        self._silent = Counter[str]()  # host -> failed attempts, while it has never answered
        self._lost: set[str] = set()

    def work(self, halt: threading.Event) -> None:
        """What each thread does, until nothing is left."""
        while (turn := self.queues.take(halt)) is not None:
            try:
                self._attempt(turn.host, turn.item)
            finally:
                self.queues.finished(turn.host)

    def ask(self, one: _Download, host: str, after: float = 0.0) -> None:
        """Let a download wait for its host, if it has one that answers."""
        if not host:
            self._end(one, Failure("invalid address", one.url[:200]))
        elif host in self._lost:
            self._end(one, Failure("unreachable", "the host never answered"))
        else:
            self.queues.add(host, one, after)

    def _attempt(self, host: str, one: _Download) -> None:
        began = time.monotonic()
        allowed = self.robots.allows(one.url)
        if isinstance(allowed, Failure):
            got: Body | Redirect | Failure = allowed
        else:
            self.queues.set_pace(host, allowed.delay)
            got = self.fetcher.image(one.url)
        self._note_host(host, got)
        if isinstance(got, Redirect):
            one.seconds += time.monotonic() - began
            self._follow(one, got)
        elif isinstance(got, Failure):
            one.seconds += time.monotonic() - began
            one.received += got.received
            self._fail(host, one, got)
        else:
            one.received += len(got.data)
            image = check_image(got.data, self.settings.size, self.settings.least)
            one.seconds += time.monotonic() - began
            if isinstance(image, Unusable):
                self._end(one, Failure(image.fate, image.detail))
            else:
                self.kept.add(_record(one, self.settings.agent), image)
                self._count()

    def _follow(self, one: _Download, to: Redirect) -> None:
        one.redirects += 1
        if one.redirects > self.settings.redirects:
            self._end(one, Failure("too many redirects", f"to {to.url[:200]}"))
            return
        one.url = to.url
        self.ask(one, Address(to.url).host)

    def _fail(self, host: str, one: _Download, failure: Failure) -> None:
        """Ask again later where that may help, else keep why there is no image."""
        one.attempts += 1
        asked = failure.retry_after or 0.0
        tried = one.attempts >= self.settings.attempts or asked > self.settings.longest_wait
        if failure.fate not in TEMPORARY or tried or host in self._lost:
            self._end(one, failure)
            return
        if asked:
            self.queues.pause(host, asked)
        spread = 0.5 + int(one.address.key[:4], 16) / 0xFFFF  # not all at one moment
        pause = self.settings.back_off * 2 ** (one.attempts - 1) * spread
        self.ask(one, host, max(asked, pause))

    def _note_host(self, host: str, got: Body | Redirect | Failure) -> None:
        """Give up a host that has never answered, with all that waits for it."""
        silent = isinstance(got, Failure) and got.fate in ("unreachable", "timeout")
        with self._lock:
            if not silent:
                self._answered.add(host)
                return
            self._silent[host] += 1
            if host in self._answered or self._silent[host] < self.settings.lost_after:
                return
            self._lost.add(host)
        for one in self.queues.drop(host):
            self._end(one, Failure("unreachable", "the host never answered"))

    def _end(self, one: _Download, failure: Failure) -> None:
        self.journal.add(_record(one, self.settings.agent, failure))
        self._count()

    def _count(self) -> None:
        with self._lock:
            self.done += 1


def _record(one: _Download, agent: str, failure: Failure | None = None) -> ImageRecord:
    """What is known of a download; without a failure, of an image that is about to be kept."""
    address = one.address
    return ImageRecord(
        address.key,
        "kept" if failure is None else failure.fate,
        label=address.label,
        source=address.source or address.site,
        license=address.license,
        url=address.url,
        final_url=one.url if one.url != address.url else None,
        caption=address.caption,
        bytes=one.received,
        seconds=round(one.seconds, 3),
        detail=None if failure is None else failure.detail,
        least_bytes=None if failure is None else failure.least_bytes,
        agent=agent if failure is not None and failure.fate in BY_AGENT else None,
    )
