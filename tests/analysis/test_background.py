"""A copy of the process gives what the work itself would, errors too."""

import os
import threading

import pytest

from datayield.analysis.background import LostForkError, in_background


def test_it_is_done_elsewhere_while_this_process_goes_on() -> None:
    made = in_background(lambda: (os.getpid(), [1, 2]))
    process, values = made()
    assert process != os.getpid()
    assert values == [1, 2]


def test_beside_another_thread_it_is_done_here() -> None:
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert in_background(os.getpid)() == os.getpid()
    finally:
        stop.set()
        other.join()


def test_its_error_is_raised_by_who_waits() -> None:
    def work() -> None:
        raise ValueError("no room on the disk")

    made = in_background(work)
    with pytest.raises(ValueError, match="no room"):
        made()


def test_a_copy_that_dies_is_no_success() -> None:
    made = in_background(lambda: os._exit(9))
    with pytest.raises(LostForkError, match="exited with code 9"):
        made()
