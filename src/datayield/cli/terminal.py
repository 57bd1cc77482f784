"""Output on any terminal: narrow, ASCII-only, a full device, a pipe that closed."""

import codecs
import os
import sys
import unicodedata
from typing import NoReturn, TextIO

from rich.console import Console

CLOSED = 141  # 128 + SIGPIPE, as a shell says of a program whose reader went away
_NARROW, _WIDE = 40, 500  # columns
_ASCII = {"−": "-", "–": "-", "—": "-", "±": "+/-", "×": "x", "•": "*", "…": "...", "→": "->",
          "≥": ">=", "≤": "<=", "≈": "~", "²": "2", "“": '"', "”": '"', "’": "'"}  # fmt: skip


class Terminal(Console):
    """A console that ends the program where its reader has gone away."""

    def on_broken_pipe(self) -> NoReturn:
        reader_gone()


def reader_gone() -> NoReturn:
    """End the program without a word, as others do: `datayield ls | head -n 1`."""
    _discard(sys.stdout)
    raise SystemExit(CLOSED)


def flushed(code: int) -> int:
    """`code`, or what happened when the last output was written."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
        return CLOSED
    except OSError as error:
        _discard(sys.stdout)
        return code or output_lost(error)
    return code


def output_lost(error: OSError) -> int:
    """Say on the error output what the system refused; the exit code for it."""
    said = error.strerror or error
    said = f"{said}: {error.filename}" if error.filename else f"cannot write the output: {said}"
    try:
        sys.stderr.write(f"error: {said}\n")
        sys.stderr.flush()
    except (OSError, AttributeError):
        _discard(sys.stderr)
    _discard(sys.stdout)
    return 1


def prepare() -> None:
    """Make both outputs and the width usable, whatever the environment says of them."""
    codecs.register_error("datayield", _spelled)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="datayield")
    for name in ("COLUMNS", "LINES"):
        value = os.environ.get(name, "")
        if value and not (value.isascii() and value.isdigit() and int(value[:9]) > 0):
            del os.environ[name]
    if columns := os.environ.get("COLUMNS"):
        os.environ["COLUMNS"] = str(min(max(int(columns[:9]), _NARROW), _WIDE))


def _spelled(error: UnicodeError) -> tuple[str, int]:
    """The characters that a terminal lacks in ASCII: a minus must stay one."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = ""
    for character in error.object[error.start : error.end]:
        plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
        text += _ASCII.get(character) or plain or "?"
    return text, error.end


def _discard(stream: TextIO | None) -> None:
    """Send what is still in the buffer nowhere, so that the interpreter ends in peace."""
    try:
        if stream is not None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
    except (OSError, ValueError):
        return
