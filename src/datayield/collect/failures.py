"""Why a request led to no image, as a fate and in plain words."""

import ssl
from http.client import IncompleteRead as CutChunk
from http.client import RemoteDisconnected
from typing import NamedTuple

from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    IncompleteRead,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as RequestTimeoutError

from datayield.collect.connections import PrivateAddressError
from datayield.collect.fates import Fate


class Failure(NamedTuple):
    """Why there is no image; `retry_after`: seconds for which the server wants to be left alone.

    `received`: bytes that came before it failed; `least_bytes`: those that a file which is larger
    than allowed has at least.
    """

    fate: Fate
    detail: str
    retry_after: float | None = None
    received: int = 0
    least_bytes: int | None = None


def failure_of(error: Exception) -> Failure:
    """What an exception of a request means for its image."""
    match error:
        case PrivateAddressError():
            return Failure("private address", str(error))
        case LocationValueError() | UnicodeError():
            return Failure("invalid address", "it cannot be read as an address")
        case NameResolutionError():
            return Failure("unreachable", f"host not found: {_system_words(error.__cause__)}")
        case NewConnectionError():
            return Failure("unreachable", _system_words(error.__cause__))
        case SSLError():
            return Failure("unreachable", _encryption_words(error))
        case ConnectTimeoutError():
            return Failure("timeout", "no connection within the time limit")
        case RequestTimeoutError() | TimeoutError():
            return Failure("timeout", "no answer within the time limit")
        case DecodeError():
            return Failure("truncated", "the compressed answer cannot be unpacked")
        case ProtocolError():
            return _broken(error.args[-1])
        case HTTPError():
            return Failure("server error", "not an HTTP answer")
        case _:
            return Failure("unreachable", _system_words(error))


def _broken(cause: object) -> Failure:
    """A connection that ended, or an answer that is none."""
    match cause:
        case IncompleteRead():
            missing = f", {cause.expected:,} before the end"
            return Failure("truncated", f"connection closed after {cause.partial:,} bytes{missing}")
        case CutChunk():
            return Failure("truncated", "connection closed before the end")
        case RemoteDisconnected():
            return Failure("server error", "connection closed without an answer")
        case OSError():
            return Failure("server error", _system_words(cause))
        case _:
            return Failure("server error", "not an HTTP answer")


def _system_words(error: BaseException | None) -> str:
    """`connection refused`, `network is unreachable`, ...: as the system says it."""
    told = error.strerror if isinstance(error, OSError) else None
    if isinstance(error, UnicodeError):
        return "not a name of a host"
    return told.lower() if told else "connection failed"


def _encryption_words(error: SSLError) -> str:
    """What is wrong with a certificate, or with the encryption itself."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"invalid certificate: {cause.verify_message}"
    reason = cause.reason if isinstance(cause, ssl.SSLError) else None
    return f"no encrypted connection: {(reason or 'refused').lower().replace('_', ' ')}"
