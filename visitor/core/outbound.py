"""HTTP to devices whose addresses people type in: resolved once, judged, and cut off after a time.

Guards against server-side request forgery: the address that was judged is the address that is connected to, redirects
are not followed, and addresses of the machine, its cloud and private networks need the administrator's word.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS: Final = {"http": 80, "https": 443, "rtsp": 554, "ipp": 631, "ipps": 631}
ENCRYPTED: Final = frozenset({"https", "ipps"})
EVERYWHERE: Final = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
NEVER: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local, and with it the metadata services of most clouds
        "fe80::/10",
        "fd00:ec2::254/128",  # Amazon's metadata over IPv6
        "100.100.100.200/32",  # Alibaba's
        "168.63.129.16/32",  # Azure's
    )
)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
RESOLVE_SECONDS: Final = 5.0


class AddressRefused(Exception):
    """The address may not be connected to, or is none; says nothing of its user name or password."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A judged address; `ip` is what is connected to, `host` what certificates and Host headers say."""

    scheme: str
    host: str
    ip: str
    port: int
    path: str
    """With the query."""


def allowed_address(url: str, networks: Sequence[Network]) -> Endpoint:
    """Resolve and judge an http, https, rtsp, ipp or ipps address.

    Link-local, metadata, multicast and reserved addresses are never allowed; loopback and private ones only inside
    `networks`, the administrator's list. A user name in the address is refused: it would be logged.

    Raises:
        AddressRefused: not such an address, or none of the host's addresses is allowed.
        OSError: the host has no address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise AddressRefused("not an address") from None
    if not parts.hostname or not port or parts.username is not None or not url.isprintable() or " " in url:
        raise AddressRefused("not an address of a device")
    found = [ip for ip in _resolve(parts.hostname, port) if is_allowed(ip, networks)]
    if not found:
        raise AddressRefused("this address is in no allowed network")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.scheme, parts.hostname, str(found[0]), port, path)


def is_allowed(ip: _Ip, networks: Sequence[Network]) -> bool:
    """Judge one IP address; an IPv4 address inside an IPv6 one is judged as itself."""
    inner = _inner(ip)
    if inner is not None:
        return is_allowed(inner, networks)
    # For IPv6, "reserved" includes ::1, which may be listed.
    reserved = ip.is_reserved and not ip.is_loopback
    if ip.is_multicast or ip.is_unspecified or reserved or any(ip in never for never in NEVER):
        return False
    return ip.is_global or any(ip in network for network in networks)


def _inner(ip: _Ip) -> ipaddress.IPv4Address | None:
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _resolve(host: str, port: int) -> list[_Ip]:
    """Look a host up; the system's resolver knows no timeout, so it is left behind when it takes too long."""
    with contextlib.suppress(ValueError):
        return [ipaddress.ip_address(host)]
    answers: list[list[_Ip] | OSError] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.append([ipaddress.ip_address(row[4][0]) for row in rows])
        except (OSError, UnicodeError) as error:
            answers.append(error if isinstance(error, OSError) else OSError("not a host name"))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(RESOLVE_SECONDS)
    if not answers:
        raise TimeoutError("the name server does not answer")
    if isinstance(answers[0], OSError):
        raise answers[0]
    return answers[0]


class _Pinned(http.client.HTTPConnection):
    """Connects to the judged address, in the clear or, with a context, encrypted for the host's name."""

    def __init__(self, endpoint: Endpoint, seconds: float, context: ssl.SSLContext | None) -> None:
        super().__init__(endpoint.host, endpoint.port, timeout=seconds)
        self._ip = endpoint.ip
        self._context = context
        self.wire: socket.socket | None = None
        """What the bytes go through; `sock` is forgotten as soon as an answer says it is the last."""

    def connect(self) -> None:
        self.wire = self.sock = socket.create_connection((self._ip, self.port), self.timeout)
        if self._context is not None:
            self.wire = self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


@contextlib.contextmanager
def connection(
    endpoint: Endpoint, *, seconds: float, certificates: ssl.SSLContext | None = None
) -> Iterator[http.client.HTTPConnection]:
    """Connect for one exchange that takes at most `seconds` altogether, even if the device drips bytes.

    Raises:
        TimeoutError: the time is over.
        OSError: no connection; ssl.SSLCertVerificationError is one.
    """
    context = (certificates or ssl.create_default_context()) if endpoint.scheme in ENCRYPTED else None
    line = _Pinned(endpoint, seconds, context)
    over = threading.Event()
    timer = threading.Timer(seconds, _cut, [line, over])
    timer.daemon = True
    timer.start()
    try:
        line.connect()
        yield line
    except Exception as error:
        # Whatever the reader made of the early end, the time was the cause.
        if over.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
        line.close()
    if over.is_set():
        raise TimeoutError


def _cut(line: _Pinned, over: threading.Event) -> None:
    """End an exchange whose time is over; the reader wakes up with an error or an early end."""
    over.set()
    if line.wire is not None:
        with contextlib.suppress(OSError):
            line.wire.shutdown(socket.SHUT_RDWR)
