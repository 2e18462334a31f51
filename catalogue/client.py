"""A node's HTTP API from the caller's side, for the command line, the samples and the tests."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests

#: Seconds to connect, and to wait for the answer to one request. Verifying may fetch DID documents.
TIMEOUT = (5.0, 60.0)
#: How often a request that met a limit is repeated, and the longest pause asked for that is kept.
MAX_REPEATS = 5
MAX_PAUSE = 60.0

#: What a node takes for both encodings of a self-description, and for a withdrawal.
JSON_MEDIA_TYPE = "application/ld+json"
TOKEN_MEDIA_TYPE = "application/jwt"  # noqa: S105 - a media type
WITHDRAWAL_MEDIA_TYPE = "application/jose"


class NodeProblem(Exception):
    """The node answered with a problem (RFC 9457): `status` and the members of `problem`."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"status {status}"))
        self.status = status
        self.problem = problem


class NodeUnreachable(Exception):
    """No answer that a node gives: nothing listens at `url`, or something else does."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its status (200, 201) and its JSON object."""

    status: int
    body: dict[str, Any]


class NodeClient:
    """Calls one node. `waiting(seconds)` is told before each pause that a 429 asks for."""

    def __init__(self, url: str, *, waiting: Callable[[float], None] | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not the URL of a node, such as https://catalogue.example")
        self.url = url.rstrip("/")
        self._waiting = waiting
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "catalogue"

    def __enter__(self) -> NodeClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept for the next call."""
        self._session.close()

    def publish(self, data: bytes) -> Answer:
        """Publish the signed bytes. Raises NodeProblem when they are not listed, NodeUnreachable."""
        token = not data.lstrip().startswith(b"{")
        return self._call(
            "POST", "/self-descriptions", data=data, media_type=TOKEN_MEDIA_TYPE if token else JSON_MEDIA_TYPE
        )

    def withdraw(self, token: str) -> Answer:
        """Send a signed withdrawal. Raises as `publish`."""
        return self._call("POST", "/withdrawals", data=token.encode(), media_type=WITHDRAWAL_MEDIA_TYPE)

    def get(
        self, path: str, parameters: Iterable[tuple[str, str]] = (), *, language: str = "en"
    ) -> dict[str, Any]:
        """The JSON object at `path`. Raises as `publish`."""
        return self._call("GET", path, parameters=tuple(parameters), language=language).body

    def evaluate(self, form: dict[str, Any], *, language: str = "en") -> dict[str, Any]:
        """What POST /evaluations answers to `form`. Raises as `publish`."""
        data = json.dumps(form).encode()
        return self._call(
            "POST", "/evaluations", data=data, media_type="application/json", language=language
        ).body

    def statements(self, issuer: str, state: str) -> Iterator[dict[str, Any]]:
        """Every statement of an issuer in that state, oldest listing first. Raises as `publish`."""
        cursor: str | None = None
        while True:
            parameters = [("issuer", issuer), ("state", state), ("size", "100")]
            page = self.get("/self-descriptions", parameters + ([("cursor", cursor)] if cursor else []))
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def self_description(self, digest: str) -> bytes:
        """The exact bytes of that digest. Raises as `publish`; NodeUnreachable when they are others."""
        response = self._send("GET", f"/self-descriptions/{digest}", accept="*/*")
        if response.status_code != 200:
            self._read(response)
        if hashlib.sha256(response.content).hexdigest() != digest:
            raise NodeUnreachable(self.url, f"what it serves under {digest} has another digest")
        return response.content

    def _call(
        self,
        method: str,
        path: str,
        *,
        data: bytes | None = None,
        media_type: str | None = None,
        parameters: tuple[tuple[str, str], ...] = (),
        language: str = "en",
    ) -> Answer:
        response = self._send(
            method, path, data=data, media_type=media_type, parameters=parameters, language=language
        )
        return self._read(response)

    def _send(
        self,
        method: str,
        path: str,
        *,
        data: bytes | None = None,
        media_type: str | None = None,
        parameters: tuple[tuple[str, str], ...] = (),
        language: str = "en",
        accept: str = "application/json, application/problem+json",
    ) -> requests.Response:
        headers = {"Accept": accept, "Accept-Language": language}
        if media_type:
            headers["Content-Type"] = media_type
        for repeats_left in range(MAX_REPEATS, -1, -1):
            try:
                response = self._session.request(
                    method,
                    self.url + path,
                    params=parameters,
                    data=data,
                    headers=headers,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise NodeUnreachable(self.url, _reason(error)) from error
            pause = _pause(response)
            if pause is None or not repeats_left:
                break
            if self._waiting:
                self._waiting(pause)
            time.sleep(pause)
        return response

    def _read(self, response: requests.Response) -> Answer:
        try:
            body = json.loads(response.content)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise NodeUnreachable(self.url, f"no catalogue answers there (status {response.status_code})")
        if response.status_code >= 300:
            raise NodeProblem(response.status_code, body)
        return Answer(response.status_code, body)


def _pause(response: requests.Response) -> float | None:
    """Seconds to wait before repeating, None when repeating is of no use."""
    if response.status_code != 429:
        return None
    after = response.headers.get("Retry-After", "1")
    seconds = float(after) if after.isascii() and after.isdigit() else 1.0
    return max(seconds, 0.1) if seconds <= MAX_PAUSE else None


def _reason(error: requests.RequestException) -> str:
    """A sentence without the library's inner names."""
    if isinstance(error, requests.exceptions.SSLError):
        return "the TLS certificate is not trusted"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.ReadTimeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "can't connect; does a node run there?"
    return str(error)
