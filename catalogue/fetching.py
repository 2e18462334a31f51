"""The only way to the outside: to public addresses, within bounds of time and size.

Over https; over plain http too for what its authority has signed itself (CRLs and OCSP answers), which nobody
on the way can change, and at hosts that the operator has named for what proves itself whole (logs and what
they list).

The host is resolved here, every address is checked, and the connection goes to a checked address, so that a
name that changes its answer between check and use gains nothing. urllib3 is used below requests' level, since
requests would bring proxies, netrc and cookies from its surroundings.
"""

from __future__ import annotations

import math
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from catalogue.addresses import is_public
from credentials.dids import is_domain_name
from credentials.resolving import AnswerTooLarge, Fetched, FetchFailed
from credentials.times import Clock, utc_now

#: From the first look-up to the last byte, redirects included. A publication waits for it.
TOTAL_SECONDS = 10.0
#: The same for signed data, without which a publication goes on.
SIGNED_SECONDS = 4.0
#: A host that takes longer to accept a connection is down or far away.
CONNECT_SECONDS = 4.0
#: Hops are for moved documents; more are a loop or a game.
MAX_REDIRECTS = 3
#: Addresses of one host that are tried.
MAX_TRIED_ADDRESSES = 3
#: Answers of a resolver with more addresses are not about one web host.
MAX_ADDRESSES = 64
#: Long enough for a wizard DID's path.
MAX_URL = 8_192
#: Look-ups under way in this process; a look-up can't be interrupted, only left behind.
MAX_LOOKUPS = 16
CHUNK = 65_536

USER_AGENT = "federation-catalogue"

#: What may be fetched, with the port that is meant where a URL names none.
_PORTS = {"https": 443, "http": 80}
# Below 1024 live other services (mail, SSH, databases' friends), which should not get a TLS greeting from us.
_FIRST_FREE_PORT = 1024
_URL_CHARACTERS = re.compile(r"[!-~]+")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TEMPORARY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})

#: As `socket.getaddrinfo(host, port, type=...)`.
Resolve = Callable[..., Sequence[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Form:
    """What is sent with a POST: its bytes and their media type."""

    body: bytes
    media_type: str = "application/json"


class WebFetcher:
    """A `credentials.resolving.Fetcher`. One per process; safe to share between threads.

    `allowed_hosts` (`host` or `host:port`) may have any address and port; the operator answers
    for them. `ca_file` holds further root certificates in PEM, besides Mozilla's.
    """

    def __init__(
        self,
        *,
        allowed_hosts: frozenset[str] = frozenset(),
        ca_file: str | None = None,
        clock: Clock = utc_now,
        resolve: Resolve = socket.getaddrinfo,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self._ca_file = ca_file
        self._clock = clock
        self._resolve = resolve
        self._total_seconds = total_seconds
        self._lookups = threading.BoundedSemaphore(MAX_LOOKUPS)

    def fetch(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int,
        signed: bool = False,
        self_proving: bool = False,
        post: Form | None = None,
    ) -> Fetched:
        """GET `url`, following redirects, or POST a form to it; the body as sent, at most `max_bytes`.

        `signed`: whoever reads the answer checks its authority's signature, so plain http will do.
        `self_proving`: whoever reads it checks all of it by signatures and digests, so plain http will do at
        hosts that the operator has named. FetchFailed for anything but a complete 200 from a public host
        within the bounds.
        """
        seconds = min(SIGNED_SECONDS, self._total_seconds) if signed else self._total_seconds
        deadline = time.monotonic() + seconds
        for _ in range(MAX_REDIRECTS + 1):
            target = _Target.of(url, plain_too=signed or self_proving)
            if target.scheme != "https" and not signed and not self._is_named(target):
                reason = "only https is fetched, and http at hosts named in CATALOGUE_FETCH_ALLOW_HOSTS"
                raise FetchFailed(target.url, reason, temporary=False)
            addresses = self._checked_addresses(target, deadline)
            with closing(self._connect(target, addresses, accept, post, deadline)) as response:
                if response.status not in _REDIRECTS:
                    body = _body(target.url, response, max_bytes, deadline)
                    return Fetched(body, _media_type(response.headers), target.url, self._clock())
                if post is not None:
                    reason = "it redirects a POST, which is sent to nobody else"
                    raise FetchFailed(target.url, reason, temporary=False, status=response.status)
                url = urljoin(target.url, response.headers.get("location", ""))
                if url == target.url:
                    raise FetchFailed(target.url, "it redirects to itself", temporary=False)
        raise FetchFailed(url, f"more than {MAX_REDIRECTS} redirects", temporary=False)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=certifi.where())
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        context.sslsocket_class = _DeadlineSocket
        return context

    def _is_named(self, target: _Target) -> bool:
        """Whether the operator answers for the host."""
        return bool(self._allowed_hosts & {target.host, f"{target.host}:{target.port}"})

    def _checked_addresses(self, target: _Target, deadline: float) -> list[str]:
        trusted = self._is_named(target)
        if not trusted:
            if not is_domain_name(target.host):
                raise FetchFailed(target.url, "the host is not a domain name", temporary=False)
            if target.port != _PORTS[target.scheme] and target.port < _FIRST_FREE_PORT:
                raise FetchFailed(target.url, f"port {target.port} is not for web pages", temporary=False)
        addresses = self._look_up(target, deadline)
        if not trusted and not all(is_public(address) for address in addresses):
            # The address stays out of the message: it would tell a stranger about the inside.
            raise FetchFailed(target.url, "the host has an address that is not public", temporary=False)
        return addresses

    def _look_up(self, target: _Target, deadline: float) -> list[str]:
        """The host's addresses, in the resolver's order, within the deadline."""
        answer: list[Sequence[tuple[Any, ...]] | OSError | UnicodeError] = []
        done = threading.Event()

        def ask() -> None:
            try:
                answer.append(self._resolve(target.host, target.port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                answer.append(error)
            finally:
                self._lookups.release()
                done.set()

        if not self._lookups.acquire(blocking=False):
            raise FetchFailed(target.url, "too many look-ups are under way", temporary=True)
        threading.Thread(target=ask, name="look-up", daemon=True).start()
        if not done.wait(max(0.0, deadline - time.monotonic())):
            raise FetchFailed(target.url, "looking the host up took too long", temporary=True)
        if not answer or isinstance(answer[0], (OSError, UnicodeError)):
            raise FetchFailed(target.url, "the host's name does not resolve", temporary=True)
        # Scoped IPv6 addresses (fe80::1%eth0) are link-local; without the scope the check sees that.
        found = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in answer[0]))
        if not found or len(found) > MAX_ADDRESSES:
            raise FetchFailed(target.url, "the host's name has no usable addresses", temporary=True)
        return found

    def _connect(
        self, target: _Target, addresses: Sequence[str], accept: str, post: Form | None, deadline: float
    ) -> urllib3.BaseHTTPResponse:
        """The answer of the first address that takes a connection."""
        refused: FetchFailed | None = None
        for address in addresses[:MAX_TRIED_ADDRESSES]:
            try:
                return self._ask(target, address, accept, post, deadline)
            except urllib3.exceptions.NewConnectionError as error:
                refused = _failure(target.url, error)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise _failure(target.url, error) from error
        raise refused or FetchFailed(target.url, "the host has no address", temporary=True)

    def _ask(
        self, target: _Target, address: str, accept: str, post: Form | None, deadline: float
    ) -> urllib3.BaseHTTPResponse:
        pinned: dict[str, Any] = {"maxsize": 1, "address": address, "deadline": deadline}
        pool = (
            _PinnedPool(target.host, target.port, ssl_context=self._tls, **pinned)
            if target.scheme == "https"
            else _PlainPool(target.host, target.port, **pinned)
        )
        remaining = _remaining(deadline)
        headers = {
            "Accept": accept,
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": USER_AGENT,
        }
        if post is not None:
            headers["Content-Type"] = post.media_type
        return pool.urlopen(
            "GET" if post is None else "POST",
            target.path,
            body=None if post is None else post.body,
            headers=headers,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, remaining), read=remaining),
        )


@dataclass(frozen=True, slots=True)
class _Target:
    """A URL taken apart once, so that what is checked is what is connected to."""

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str, *, plain_too: bool) -> _Target:
        """FetchFailed unless `url` is https (or, where that will do, http) without user-info."""
        if len(url) > MAX_URL or not _URL_CHARACTERS.fullmatch(url) or "\\" in url:
            raise FetchFailed(url, "not an acceptable URL", temporary=False)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise FetchFailed(url, "not an acceptable URL", temporary=False) from error
        if parts.scheme != "https" and not (plain_too and parts.scheme == "http"):
            reason = f"only https{' and http are' if plain_too else ' is'} fetched"
            raise FetchFailed(url, reason, temporary=False)
        if "@" in parts.netloc or not parts.hostname or port == 0:
            raise FetchFailed(url, "the URL carries user-info, or no host or port", temporary=False)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(url.partition("#")[0], parts.scheme, parts.hostname, port or _PORTS[parts.scheme], path)


class _DeadlineSocket(ssl.SSLSocket):
    """Counts down to one deadline instead of granting each read a time-out of its own (slow drip)."""

    deadline: float | None = None

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        if self.deadline is not None:
            self.settimeout(_remaining(self.deadline))
        return super().recv_into(buffer, nbytes, flags)


class _PlainDeadlineSocket(socket.socket):
    """The same without TLS."""

    deadline: float = math.inf

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self.settimeout(_remaining(self.deadline))
        return super().recv_into(buffer, nbytes, flags)


class _PinnedConnection(HTTPSConnection):
    """Connects to one address; name, SNI and certificate check stay those of the host."""

    def __init__(self, *args: Any, address: str, deadline: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = address
        self._deadline = deadline

    def _new_conn(self) -> socket.socket:
        return _connection(self, self._address, self._deadline)

    def connect(self) -> None:
        super().connect()
        if isinstance(self.sock, _DeadlineSocket):
            self.sock.deadline = self._deadline


class _PlainConnection(HTTPConnection):
    """Connects to one address, without TLS."""

    def __init__(self, *args: Any, address: str, deadline: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = address
        self._deadline = deadline

    def _new_conn(self) -> socket.socket:
        made = _connection(self, self._address, self._deadline)
        connection = _PlainDeadlineSocket(made.family, made.type, made.proto, fileno=made.detach())
        connection.deadline = self._deadline
        return connection


class _PinnedPool(HTTPSConnectionPool):
    ConnectionCls = _PinnedConnection


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


def _connection(by: HTTPConnection, address: str, deadline: float) -> socket.socket:
    """A connection to this address and no other."""
    try:
        connection = socket.create_connection(
            (address, by.port), timeout=min(CONNECT_SECONDS, _remaining(deadline))
        )
    except OSError as error:
        raise urllib3.exceptions.NewConnectionError(by, "no connection") from error
    # For the TLS handshake, which counts the time-out from its start to its end.
    connection.settimeout(_remaining(deadline))
    return connection


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("out of time")
    return left


def _body(url: str, response: urllib3.BaseHTTPResponse, max_bytes: int, deadline: float) -> bytes:
    if response.status != 200:
        reason = f"the answer is {response.status}, not 200"
        raise FetchFailed(url, reason, temporary=response.status in _TEMPORARY_STATUS, status=response.status)
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise FetchFailed(url, "the answer is compressed, though none was asked to be", temporary=False)
    reason = f"the answer is larger than {max_bytes} bytes"
    length = response.headers.get("content-length", "")
    if length.isdecimal() and len(length) > 18:
        raise FetchFailed(url, reason, temporary=False)
    if length.isdecimal() and int(length) > max_bytes:
        raise AnswerTooLarge(url, reason, int(length))
    body = bytearray()
    try:
        while chunk := response.read(min(CHUNK, max_bytes + 1 - len(body)), decode_content=False):
            body += chunk
            if len(body) > max_bytes:
                raise FetchFailed(url, reason, temporary=False)
            _remaining(deadline)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _failure(url, error) from error
    return bytes(body)


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _failure(url: str, error: Exception) -> FetchFailed:
    """What went wrong in a sentence, without what the library or the other side says."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return FetchFailed(url, "the host's certificate does not hold", temporary=False)
        seen = seen.__cause__ or seen.__context__
    if isinstance(error, (TimeoutError, urllib3.exceptions.TimeoutError)):
        return FetchFailed(url, "the host took too long", temporary=True)
    if isinstance(error, (ssl.SSLError, urllib3.exceptions.SSLError)):
        return FetchFailed(url, "no TLS connection could be made", temporary=True)
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return FetchFailed(url, "the host takes no connection", temporary=True)
    return FetchFailed(url, "the host's answer broke off or is no HTTP", temporary=True)
