"""gunicorn's worker with answers of ours to what it refuses itself: problems, never HTML pages."""

from __future__ import annotations

import json
from typing import Any

import structlog
from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from catalogue.api import kinds
from catalogue.api.kinds import Kind
from catalogue.api.problems import MEDIA_TYPE

log = structlog.get_logger("catalogue.http")


class ProblemWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """Requests that never reach the application (malformed, too long) are refused in the same form."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer and log what went wrong while reading a request or writing its answer."""
        kind = kind_of(exc)
        if kind is kinds.INTERNAL:
            log.error("connection failed", error=type(exc).__name__, exc_info=exc)
        else:
            log.info("refused unread", status=kind.status, error=type(exc).__name__)
        try:
            util.write_nonblock(client, raw_answer(kind))
        except OSError:
            log.debug("client is gone")


def kind_of(error: BaseException) -> Kind:
    """What gunicorn's exception means to the client."""
    if isinstance(error, LimitRequestLine):
        return kinds.URI_TOO_LONG
    if isinstance(error, LimitRequestHeaders):
        return kinds.HEADERS_TOO_LARGE
    # Chunks that are no chunks come as OSError, as do connections that break.
    return kinds.MALFORMED_REQUEST if isinstance(error, (ParseException, OSError)) else kinds.INTERNAL


def raw_answer(kind: Kind) -> bytes:
    """A whole HTTP/1.1 answer with the problem; the connection ends with it."""
    body = json.dumps(
        {
            "type": kind.uri,
            "title": kind.title,
            "status": kind.status,
            "detail": "the request could not be read",
            "action": kind.action,
        }
    )
    head = (
        f"HTTP/1.1 {kind.status} {kind.title}",
        "Connection: close",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "",
        body,
    )
    return "\r\n".join(head).encode("ascii")
