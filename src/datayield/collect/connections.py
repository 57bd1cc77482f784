"""Connections to public addresses only, which no server can keep waiting for ever."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError
from urllib3.util import connection as sockets

MOST_HOSTS = 160  # whose connections are kept open: more than there can be threads
NAT64 = IPv6Network("64:ff9b::/96")


class PrivateAddressError(HTTPError):
    """The host is this machine, or one of its own network."""


def is_public(address: str) -> bool:
    """Whether an IP address can be that of a server on the internet."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        nat64 = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else None
        ip = ip.ipv4_mapped or ip.sixtofour or nat64 or ip
    return ip.is_global and not ip.is_multicast


class _Checked:
    """Connects to an address that was checked, and ends when its time is over.

    The name is resolved once, so that it cannot mean another address when it is connected to.
    """

    allow_private = False
    headers_within = 30.0  # seconds for a whole connection, and for all headers of an answer

    def _new_conn(self: Any) -> socket.socket:
        host, error = self._dns_host, OSError("no address")
        try:
            found = socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as unknown:
            failed = socket.gaierror(str(unknown))
            raise NameResolutionError(self.host, self, failed) from unknown
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not self.allow_private and not all(map(is_public, addresses)):
            named = "" if host in addresses else f" ({', '.join(addresses)})"
            raise PrivateAddressError(f"{host}{named} is on this machine or its network")
        for address in addresses:
            try:
                self._raw = sockets.create_connection(
                    (address, self.port), self.timeout, socket_options=self.socket_options
                )
                return self._raw  # type: ignore[no-any-return]
            except OSError as refused:
                error = refused
        if isinstance(error, TimeoutError):
            raise ConnectTimeoutError(self, f"connection to {host} timed out") from error
        raise urllib3.exceptions.NewConnectionError(self, str(error)) from error

    @contextmanager
    def _limited(self: Any) -> Iterator[None]:
        """Cut the connection where the block takes too long, however often a byte arrives."""
        over = threading.Event()
        timer = threading.Timer(self.headers_within, self._cut, (over,))
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception as error:
            if over.is_set():  # what was read until then is an answer of no sense
                raise TimeoutError(f"no answer within {self.headers_within:g} s") from error
            raise
        finally:
            timer.cancel()

    def _cut(self: Any, over: threading.Event) -> None:
        over.set()
        with suppress(OSError, AttributeError):
            self._raw.shutdown(socket.SHUT_RDWR)


class CheckedHTTP(_Checked, HTTPConnection):
    """As urllib3's, to public addresses only."""

    def getresponse(self) -> Any:
        with self._limited():
            return super().getresponse()


class CheckedHTTPS(_Checked, HTTPSConnection):
    """As urllib3's, to public addresses only."""

    def connect(self) -> None:
        with self._limited():
            super().connect()

    def getresponse(self) -> Any:
        with self._limited():
            return super().getresponse()


def pools(allow_private: bool, headers_within: float, at_once: int) -> urllib3.PoolManager:
    """Connections that are kept open and shared by threads, `at_once` to a host."""
    limits = {"allow_private": allow_private, "headers_within": headers_within}
    http = type("CheckedHTTP", (CheckedHTTP,), limits)
    https = type("CheckedHTTPS", (CheckedHTTPS,), limits)
    manager = urllib3.PoolManager(num_pools=MOST_HOSTS, maxsize=at_once)
    manager.pool_classes_by_scheme = {
        "http": type("HTTPPool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": http}),
        "https": type("HTTPSPool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": https}),
    }
    return manager
