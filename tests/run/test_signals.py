"""Signals ask to save and stop; what was ignored stays ignored."""

import os
import signal
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from datayield.run import signals
from datayield.run.signals import abortable, interruptible, resumable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_to_stop_and_handlers_are_restored(number: signal.Signals) -> None:
    before, said, stop = signal.getsignal(number), [], Event()
    with interruptible(said.append, stop):
        os.kill(os.getpid(), number)
        assert stop.wait(5.0)
    assert len(said) == 1
    assert signal.getsignal(number) == before


def test_a_broken_terminal_does_not_prevent_stopping() -> None:
    def say(_: str) -> None:
        raise OSError("the terminal is gone")

    with interruptible(say) as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(5.0)


def test_under_nohup_a_hangup_is_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible(lambda _: None) as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop.wait(0.05)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_before_training_a_signal_ends_at_once_and_can_be_resumed(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(signals.os, "_exit", codes.append)
    with abortable(), resumable():
        os.kill(os.getpid(), number)
    assert codes == [3]
    assert "stopped before training; run the same command to continue" in capsys.readouterr().err


@pytest.fixture
def ctrl_c_raises() -> Iterator[None]:
    """Python's own handler, whatever stands there in a process of many tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_raises")
def test_where_ctrl_c_raises_it_still_does_before_training() -> None:
    with pytest.raises(KeyboardInterrupt), resumable():
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("ctrl_c_raises")
def test_where_ctrl_c_raises_a_second_one_does_so_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible(lambda _: None) as stop:  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.is_set()
        os.kill(os.getpid(), signal.SIGINT)


def test_a_thread_besides_the_main_one_stops_by_its_event() -> None:
    def work() -> None:
        with interruptible(lambda _: None, stop), resumable():
            before.append(signal.getsignal(signal.SIGINT))

    stop, before = Event(), list[object]()
    thread = Thread(target=work)
    thread.start()
    thread.join(5.0)
    assert before == [signal.getsignal(signal.SIGINT)]
