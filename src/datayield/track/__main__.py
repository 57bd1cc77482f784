"""The process of one tracker beside a study: `python -m datayield.track`, started by `following`.

Its standard input is a line of JSON that says what to follow, and ends when the study's process is
done or dead. Its standard output is what a person should know, a sentence a line.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread, Timer

from datayield.spec.errors import InterruptedRunError
from datayield.store.folders import Store
from datayield.track.sending import in_a_line, sending
from datayield.track.tracked_run import TrackedStudy

EVERY_SECONDS = 5.0


def main() -> None:
    """Follow until standard input ends."""
    say = _own_output()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with the study's process
    order = json.loads(sys.stdin.readline())
    over = Event()

    def listen() -> None:
        sys.stdin.read()
        over.set()
        late = Timer(order["leave"], os._exit, (1,))  # whatever hangs
        late.daemon = True
        late.start()

    Thread(target=listen, daemon=True).start()
    study = TrackedStudy.model_validate_json(json.dumps(order["study"]))
    follow(study, Store(Path(order["store"])), order["tracker"], over, say)


def follow(
    study: TrackedStudy, store: Store, name: str, over: Event, say: Callable[[str], None]
) -> None:
    """Send to a tracker what is new, every few seconds and once when `over` is set.

    An error is told once, and what it kept from being sent is tried again.
    """
    told, last = False, False

    def warn(text: str) -> None:
        nonlocal told
        if not told:
            say(f"warning  {name}: {text}; datayield track STUDY --to {name} sends the rest later")
        told = True

    try:
        with sending(study, store, name, over) as (sender, tracker):
            say(f"{name}: {tracker.look}")
            while not last:
                last = over.wait(EVERY_SECONDS)
                try:
                    sender.send(over=last)
                except Exception as error:
                    warn(in_a_line(error))
    except InterruptedRunError:
        warn("another process was sending this study throughout")
    except Exception as error:
        warn(in_a_line(error))


def _own_output() -> Callable[[str], None]:
    """Keep standard output for sentences: what a library prints goes to standard error."""
    own = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)

    def say(sentence: str) -> None:
        try:
            own.write(f"{sentence}\n")
        except OSError:  # the study's process is gone
            return

    return say


if __name__ == "__main__":
    main()
