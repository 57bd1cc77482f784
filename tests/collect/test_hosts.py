"""Items by host: in turn, at the pace of each, none holding up the others. With a made clock."""

import threading

import pytest

from datayield.collect.hosts import HostQueues, Turn

GO = threading.Event()  # never set


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def waits(queues: HostQueues[int]) -> bool:
    """Whether nothing may start now."""
    return queues._wait() > 0


def test_a_host_waits_and_others_do_not(clock: Clock) -> None:
    queues = HostQueues[int](2.0, 4, clock)
    for host, item in (("a", 1), ("a", 2), ("b", 3)):
        queues.add(host, item)
    assert queues.take(GO) == Turn("a", 1)
    queues.set_pace("a", None)
    assert queues.take(GO) == Turn("b", 3)
    assert waits(queues)
    clock.now += 2.0
    assert queues.take(GO) == Turn("a", 2)


def test_one_at_a_time_until_the_pace_is_known(clock: Clock) -> None:
    queues = HostQueues[int](0.0, 2, clock)
    for item in range(4):
        queues.add("a", item)
    assert queues.take(GO) == Turn("a", 0)
    assert waits(queues)
    queues.set_pace("a", None)
    assert queues.take(GO) == Turn("a", 1)
    assert waits(queues)  # two at once
    queues.finished("a")
    assert queues.take(GO) == Turn("a", 2)
    queues.set_pace("a", 5.0)
    queues.finished("a")
    queues.finished("a")
    clock.now += 4.0
    assert waits(queues)
    clock.now += 1.0
    assert queues.take(GO) == Turn("a", 3)


def test_pauses_and_later_items(clock: Clock) -> None:
    queues = HostQueues[int](0.0, 4, clock)
    queues.add("a", 1, after=10.0)
    queues.add("a", 2)
    assert queues.take(GO) == Turn("a", 2)
    queues.pause("a", 20.0)
    queues.finished("a")
    clock.now += 10.0
    assert waits(queues)
    clock.now += 10.0
    assert queues.take(GO) == Turn("a", 1)


def test_it_ends_when_all_is_done_or_given_up(clock: Clock) -> None:
    queues = HostQueues[int](0.0, 4, clock)
    for item in range(3):
        queues.add("a", item)
    assert queues.take(GO) == Turn("a", 0)
    assert queues.drop("a") == [1, 2]
    queues.finished("a")
    assert queues.take(GO) is None
    stop = threading.Event()
    queues.add("a", 1)
    stop.set()
    assert queues.take(stop) is None
