"""A server of images on this machine, with every fault of servers. Used by benchmarks too."""

import io
import socket
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from PIL import Image

from datayield.collect.fates import Fate

ROBOTS = b"User-agent: *\nDisallow: /private/\nDisallow: /*.secret$\n"
# What is at /KIND/ANYTHING, and what must become of it.
FATES: dict[str, Fate] = {
    "image": "kept", "moved": "kept", "untyped": "kept", "limited": "kept", "flaky": "kept",
    "copy": "duplicate", "gone": "gone", "forbidden": "forbidden", "teapot": "http error",
    "error": "server error", "busy": "too many requests", "slow": "timeout", "drip": "timeout",
    "slow_headers": "timeout", "cut": "truncated", "reset": "server error",
    "loop": "too many redirects", "elsewhere": "invalid address", "private": "refused by robots",
    "noai": "refused by robots", "page": "not an image", "page_as_image": "not an image",
    "damaged": "damaged", "animated": "animated", "huge": "too large", "endless": "too large",
    "bomb": "too large", "tiny": "too small",
}  # fmt: skip


@cache  # requests ask for the same pictures, and a slow answer is a fault of its own
def jpeg(seed: int, width: int = 60, height: int = 40) -> bytes:
    """A small image of its own for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(coarse).resize((width, height)).save(buffer, "JPEG")
    return buffer.getvalue()


@cache
def _gif() -> bytes:
    frames = [Image.new("L", (48, 48), shade) for shade in (0, 90, 200)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def _bomb() -> bytes:
    """The beginning of a PNG of 50,000 x 50,000 pixels."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    check = struct.pack(">I", zlib.crc32(b"IHDR" + head))
    data = struct.pack(">I", 1000) + b"IDAT" + bytes(1004)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + check + data


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Server"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - of the standard library
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer, or fail, as the first part of the path says."""
        with self.server.lock:
            self.server.asked[self.path] += 1
            times = self.server.asked[self.path]
        if self.path == "/robots.txt":
            self._send(200, self.server.robots, "text/plain")
            return
        kind, _, rest = self.path[1:].partition("/")
        with suppress(BrokenPipeError, ConnectionResetError):
            self._answer(kind, int("".join(filter(str.isdigit, rest)) or 0), times)

    def _answer(self, kind: str, number: int, times: int) -> None:
        picture, page = jpeg(number), b"<!DOCTYPE html><title>moved</title>"
        sent: dict[str, tuple[int, bytes, str]] = {
            "image": (200, picture, "image/jpeg"),
            "untyped": (200, picture, "application/octet-stream"),
            "private": (200, picture, "image/jpeg"),
            "gone": (404, page, "text/html"),
            "forbidden": (403, page, "text/html"),
            "teapot": (418, b"", "text/plain"),
            "error": (500, page, "text/html"),
            "page": (200, page, "text/html; charset=utf-8"),
            "page_as_image": (200, page, "image/jpeg"),
            "damaged": (200, picture[: len(picture) * 2 // 3], "image/jpeg"),
            "animated": (200, _gif(), "image/gif"),
            "bomb": (200, _bomb(), "image/png"),
        }
        drawn = {"copy": (2**31,), "tiny": (number, 1, 1), "large": (number, 1200, 800)}
        if kind in sent:
            self._send(*sent[kind])
        elif kind in drawn:
            self._send(200, jpeg(*drawn[kind]), "image/gif" if kind == "tiny" else "image/jpeg")
        elif kind == "noai":
            self._send(200, picture, "image/jpeg", {"X-Robots-Tag": "noindex, noai"})
        elif kind == "moved":
            self._send(302, b"", "text/html", {"Location": f"/image/{number}"})
        elif kind == "loop":
            self._send(302, b"", "text/html", {"Location": self.path})
        elif kind == "elsewhere":
            self._send(301, b"", "text/html", {"Location": "file:///etc/passwd"})
        elif kind == "limited" and times == 1:
            self._send(429, b"", "text/plain", {"Retry-After": "0.2" if number % 2 else "1"})
        elif kind == "flaky" and times == 1:
            self._send(503, b"", "text/plain")
        elif kind in ("limited", "flaky"):
            self._send(200, picture, "image/jpeg")
        elif kind == "busy":
            self._send(429, b"", "text/plain", {"Retry-After": "86400"})
        else:
            self._break(kind, picture)

    def _break(self, kind: str, picture: bytes) -> None:
        """Answer in a way that no server should."""
        self.close_connection = True
        if kind == "huge":
            self._head({"Content-Length": "1000000000000"})
            self.wfile.write(picture)
        elif kind == "cut":
            self._head({"Content-Length": str(len(picture))})
            self.wfile.write(picture[:100])
        elif kind == "slow":
            self._wait()
        elif kind in ("drip", "endless"):
            self._head({"Transfer-Encoding": "chunked"})
            piece = picture[:1] if kind == "drip" else bytes(65_536)
            while not self.server.closing.wait(0.05 if kind == "drip" else 0.0):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        elif kind == "slow_headers":
            while not self.server.closing.wait(0.05):
                self.wfile.write(b"H")
        elif kind == "garbage":
            self.wfile.write(b"garbage\r\n\r\n")
        elif kind == "cut_chunks":
            self._head({"Transfer-Encoding": "chunked"})
        # else: "reset", which says nothing at all

    def _wait(self) -> None:
        self.server.closing.wait(30)

    def _head(self, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": "image/jpeg", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(
        self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None
    ) -> None:
        time.sleep(self.server.delay)
        self.send_response(status)
        whole = {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
        for name, value in whole.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing it waits for all of them
    request_queue_size = 128

    def __init__(self, robots: bytes, delay: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked, self.lock = Counter[str](), threading.Lock()
        self.closing = threading.Event()
        self.robots, self.delay = robots, delay
        self.connections = list[socket.socket]()

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection, remembered so that it can be ended."""
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to report."""

    @property
    def url(self) -> str:
        """Its address, without a / at the end."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def faulty_server(robots: bytes = ROBOTS, delay: float = 0.0) -> Iterator[_Server]:
    """The server, for the block. `delay`: seconds before each proper answer."""
    server = _Server(robots, delay)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        for connection in server.connections:
            with suppress(OSError):  # closed already
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
