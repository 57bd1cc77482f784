"""Downloads in turn by host: each at its own pace, none of them holding up the others."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")


class Turn(NamedTuple, Generic[Item]):
    """What is to be done now, at which host."""

    host: str
    item: Item


@dataclass
class _Host(Generic[Item]):
    """What waits for one host, by the time from which it may be done."""

    interval: float
    waiting: list[tuple[float, int, Item]] = field(default_factory=list)
    not_before: float = 0.0
    active: int = 0
    at_once: int = 1  # until its pace is known
    listed: float | None = None  # the time of its turn, where it is lined up


class HostQueues(Generic[Item]):
    """Items by host, for several threads. Starts at one host are `interval` seconds apart.

    `at_once`: how many items of one host may be active, once `set_pace` was called for it; one
    before. `clock` gives seconds, as time.monotonic.
    """

    def __init__(
        self, interval: float, at_once: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.interval, self.at_once, self.clock = interval, at_once, clock
        self._hosts: dict[str, _Host[Item]] = {}
        self._turns: list[tuple[float, int, str]] = []
        self._numbers = itertools.count()
        self._left = 0  # waiting or active
        self._changed = threading.Condition()

    def add(self, host: str, item: Item, after: float = 0.0) -> None:
        """Let `item` be done at `host`, `after` seconds from now at the earliest."""
        with self._changed:
            of = self._hosts.setdefault(host, _Host(self.interval))
            ready = self.clock() + after if after else 0.0
            heapq.heappush(of.waiting, (ready, next(self._numbers), item))
            self._left += 1
            self._list(host)
            self._changed.notify()

    def take(self, stop: threading.Event) -> Turn[Item] | None:
        """The next item, once its time has come; None when all is done, or soon after `stop`.

        Whoever takes an item calls `finished` when it is done.
        """
        with self._changed:
            while self._left and not stop.is_set():
                wait = self._wait()
                if wait == 0.0:
                    return self._pop()
                self._changed.wait(min(wait, 0.2))
            self._changed.notify_all()
            return None

    def finished(self, host: str) -> None:
        """An item of the host is done; what it led to has been added by now."""
        with self._changed:
            self._hosts[host].active -= 1
            self._left -= 1
            self._list(host)
            self._changed.notify_all()

    def pause(self, host: str, seconds: float) -> None:
        """Start nothing at the host for a while, which it asked for."""
        with self._changed:
            of = self._hosts[host]
            of.not_before = max(of.not_before, self.clock() + seconds)

    def set_pace(self, host: str, interval: float | None) -> None:
        """What the host allows: `interval` seconds between starts, of one at a time; None: ours."""
        with self._changed:
            of = self._hosts[host]
            if interval is None:
                of.at_once = self.at_once
            elif interval > of.interval:
                of.interval, of.at_once = interval, 1
                of.not_before = max(of.not_before, self.clock() + interval)
            self._list(host)
            self._changed.notify_all()

    def drop(self, host: str) -> list[Item]:
        """Give up what waits for a host; the items."""
        with self._changed:
            of = self._hosts[host]
            items = [item for _, _, item in sorted(of.waiting, key=lambda each: each[:2])]
            of.waiting.clear()
            self._left -= len(items)
            self._changed.notify_all()
            return items

    def _list(self, host: str) -> None:
        """Line the host up, where something waits and a place is free."""
        of = self._hosts[host]
        if of.waiting and of.active < of.at_once:
            when = self._time(of)
            if of.listed is None or when < of.listed:  # else its turn comes first
                of.listed = when
                heapq.heappush(self._turns, (when, next(self._numbers), host))

    def _time(self, of: _Host[Item]) -> float:
        return max(of.not_before, of.waiting[0][0])

    def _wait(self) -> float:
        """Seconds until the first host's turn, which is then at the top; 0 for now."""
        while self._turns:
            listed, _, host = self._turns[0]
            of = self._hosts[host]
            if of.listed == listed and of.waiting and self._time(of) <= listed:
                return max(0.0, listed - self.clock())
            heapq.heappop(self._turns)  # it was lined up again, given up, or paused
            if of.listed == listed:
                of.listed = None
                self._list(host)
        return float("inf")

    def _pop(self) -> Turn[Item]:
        host = heapq.heappop(self._turns)[2]
        of = self._hosts[host]
        of.listed = None
        item = heapq.heappop(of.waiting)[2]
        of.active += 1
        of.not_before = max(of.not_before, self.clock() + of.interval)
        self._list(host)
        return Turn(host, item)
