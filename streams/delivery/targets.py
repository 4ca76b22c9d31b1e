"""A POST to an address that a stranger named: to public addresses only, and to none that was not looked at.

The name is resolved once for each attempt. Every address of the answer must be public, and the connection goes to one of these very
addresses: an answer that changes in between changes nothing. TLS is held against the host's name. No redirect is followed and no proxy
asked; of an answer the status counts and its body is not read; the whole attempt has one deadline.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_URL = 500
CONNECT_S = 5.0
MOST_ADDRESSES = 3  # tried one after another
_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}|[0-9A-Fa-f:.]{2,45}")
_URL = re.compile(r"[\x21-\x7e]+")

Resolve = Callable[[str, int], Sequence[str]]
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
# IANA's special-purpose registries. What Python calls "global" differs from version to version.
_REFUSED_4 = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# IPv4-mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96), unique local, link-local and multicast lie outside of what is routed at all.
_ROUTED_6 = ipaddress.ip_network("2000::/3")
_REFUSED_6 = tuple(
    ipaddress.ip_network(one)
    for one in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
)


class Refused(ValueError):
    """A target that nothing is sent to. ``code``: ``url``, ``https``, ``name``, ``address``, or ``timeout`` (of the name)."""

    def __init__(self, code: str):
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Rules:
    """What a target may be. ``http``: without TLS; ``loopback``: this machine itself. Neither in production."""

    http: bool = False
    loopback: bool = False
    seconds: float = 10.0  # of one attempt, from the name to the status


@dataclass(frozen=True)
class Target:
    """The parts of a URL that was looked at."""

    tls: bool
    host: str
    port: int
    path: str


@dataclass(frozen=True)
class Tried:
    """What came of an attempt: the status answered, if any, and what was wrong (None: taken)."""

    status: int | None
    wrong: str | None


def target_of(url: str, rules: Rules) -> Target:
    """The target that a URL names; raises ``Refused``. Asks nobody."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused("url") from None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    plain = "@" not in parts.netloc and not parts.fragment and port != 0 and len(url) <= MOST_URL
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or not _URL.fullmatch(url) or not plain:
        raise Refused("url")
    if parts.scheme == "http" and not rules.http:
        raise Refused("https")
    return Target(parts.scheme == "https", host, port or _PORTS[parts.scheme], path)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host as the system's resolver says; it also reads numbers in all their forms (``127.1``, ``0x7f000001``)."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def is_open(address: str, *, loopback: bool = False) -> bool:
    """Whether something may be sent to this address: a public one, or this machine's own where that is allowed."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if any(ip in network for network in _LOOPBACK):
        return loopback
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _REFUSED_4)
    return not ip.scope_id and ip in _ROUTED_6 and not any(ip in network for network in _REFUSED_6)


def addresses_of(target: Target, rules: Rules, asking: Resolve = resolve) -> list[str]:
    """Where the target is now; raises ``Refused`` where the name is unknown, is not answered in time, or one address of the answer is not
    to be sent to."""
    try:
        found = _in_time(target, rules.seconds, asking)
    except TimeoutError:
        raise Refused("timeout") from None
    except (OSError, UnicodeError):
        raise Refused("name") from None
    if not found:
        raise Refused("name")
    if not all(is_open(address, loopback=rules.loopback) for address in found):
        raise Refused("address")
    return found[:MOST_ADDRESSES]


def _in_time(target: Target, seconds: float, asking: Resolve) -> list[str]:
    """What is answered within these seconds. The system's resolver cannot be broken off: it is asked in a thread that nobody waits for any
    longer then, and that ends with the resolver's own patience."""
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            answer.set_result(list(asking(target.host, target.port)))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    return answer.result(seconds)


def post(url: str, body: bytes, headers: Mapping[str, str], rules: Rules, *, context: ssl.SSLContext, asking: Resolve = resolve) -> Tried:
    """One attempt. ``wrong``: a code of ``Refused``, or ``connection``, ``tls``, ``timeout``, ``answer`` (no HTTP), ``redirect``,
    ``status`` (neither 2xx nor 3xx)."""
    until = time.monotonic() + rules.seconds
    try:
        target = target_of(url, rules)
        addresses = addresses_of(target, rules, asking)
    except Refused as refused:
        return Tried(None, refused.code)
    connection = _Connection(target, addresses, context, until)
    try:
        connection.request("POST", target.path, body=body, headers={**headers, "Connection": "close"})
        status = connection.getresponse().status
    except ssl.SSLError:
        return Tried(None, "timeout" if connection.over else "tls")
    except (OSError, http.client.HTTPException) as error:
        if connection.over or isinstance(error, TimeoutError):
            return Tried(None, "timeout")
        return Tried(None, "answer" if isinstance(error, http.client.HTTPException) else "connection")
    finally:
        connection.close()
    if 200 <= status < 300:
        return Tried(status, None)
    return Tried(status, "redirect" if 300 <= status < 400 else "status")


class _Connection(http.client.HTTPConnection):
    """A connection to one of these addresses, cut off when its time is over: a peer that sends a byte now and then does not hold it."""

    def __init__(self, target: Target, addresses: Sequence[str], context: ssl.SSLContext, until: float):
        super().__init__(target.host, target.port)
        self.default_port = _PORTS["https" if target.tls else "http"]  # which the Host header does not name
        self.over = False
        self._target = target
        self._addresses = addresses
        self._context = context
        self._until = until
        self._timer = threading.Timer(max(until - time.monotonic(), 0), self._cut)
        self._timer.daemon = True

    def connect(self) -> None:
        self._timer.start()
        self.sock = self._reach()
        if self._target.tls:
            # The socket first and the handshake then, so that it can be cut off in between.
            secured = self._context.wrap_socket(self.sock, server_hostname=self._target.host, do_handshake_on_connect=False)
            self.sock = secured
            secured.do_handshake()

    def close(self) -> None:
        self._timer.cancel()
        super().close()

    def _reach(self) -> socket.socket:
        error = OSError("no address")
        for address in self._addresses:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            try:
                made.settimeout(min(left, CONNECT_S))
                made.connect((address, self._target.port))
                made.settimeout(max(self._until - time.monotonic(), 0.01))
            except OSError as failed:
                made.close()
                error = failed
            else:
                return made
        raise error

    def _cut(self) -> None:
        self.over = True
        sock = self.sock
        if sock is not None:
            try:
                # Not TLS's own way of ending, which another thread must not touch.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                pass
