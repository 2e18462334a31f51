"""From exceptions to RFC 9457 problem documents: one table, one handler, at the edge of the application."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from flask import Response, g, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from catalogue import errors
from catalogue.api import kinds
from catalogue.api.kinds import Kind
from catalogue.counters import CountersUnavailable
from catalogue.federation.own_log import NotSigned
from catalogue.federation.own_tiles import HistoryAltered, TileMissing
from catalogue.store.database import LogHeld
from credentials.parsing import Unrecognised
from credentials.times import to_rfc3339
from credentials.verification import Refused
from search.query import QueryInvalid
from vocab.profiles import ProfileInvalid

MEDIA_TYPE = "application/problem+json"
#: Seconds after which to ask again when a store or an index is out of reach: they restart within that.
UNAVAILABLE_SECONDS = 5
#: Seconds after which to ask again when the log is held: it waits for peers, or for the operator.
HELD_SECONDS = 60

#: What tells that the store is out of reach, rather than that the program is wrong.
STORE_OUTAGES = (CountersUnavailable, OperationalError, InterfaceError, PoolTimeout)

log = structlog.get_logger("catalogue.api")


@dataclass(eq=False)
class Problem(Exception):
    """One occurrence: raised by a view or made from another exception; becomes the answer.

    `members` are extension members of the document (`where`, `report`, `retry_after`, ...).
    """

    kind: Kind
    detail: str
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The answer, `application/problem+json`."""
        kind = self.kind
        document = {
            "type": kind.uri,
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            "action": kind.action,
            **self.members,
        }
        response = Response(json.dumps(document, ensure_ascii=False), kind.status, mimetype=MEDIA_TYPE)
        response.headers.update(self.headers)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Language"] = "en"
        return response


def invalid_parameter(parameter: str, problem: str) -> Problem:
    """A parameter that can't be used."""
    return Problem(
        kinds.INVALID_PARAMETER,
        f"{parameter}: {problem}",
        {"where": parameter, "errors": [{"where": parameter, "problem": problem}]},
    )


def _unavailable(detail: str) -> Problem:
    return Problem(
        kinds.UNAVAILABLE,
        detail,
        {"retry_after": UNAVAILABLE_SECONDS},
        {"Retry-After": str(UNAVAILABLE_SECONDS)},
    )


def _store_unavailable(error: Exception) -> Problem:
    log.error("store unavailable", error=type(error).__name__, exc_info=error)
    return _unavailable("the store can't be reached")


def _refused(error: Refused) -> Problem:
    report = error.report
    objection = next(report.objections(), None)
    detail = f"{objection.name}: {objection.detail}" if objection else "the policy refuses it"
    members: dict[str, Any] = {"report": report.to_dict()}
    if objection:
        members = {"where": objection.name, **members}
    return Problem(kinds.REFUSED, detail, members)


def _limit_exceeded(error: errors.LimitExceeded) -> Problem:
    return Problem(
        kinds.RATE_LIMITED,
        str(error),
        {"where": error.scope, "limit": error.limit, "retry_after": error.retry_after},
        {"Retry-After": str(error.retry_after)},
    )


def _gone(error: errors.Gone) -> Problem:
    kind = kinds.ERASED if error.reason == "erased" else kinds.WITHDRAWN
    return Problem(kind, str(error), {"digest": error.digest, "at": to_rfc3339(error.at)})


#: Exceptions of the services, and what they mean to a client. Subclasses follow their base's line.
TABLE: Mapping[type[Exception], Callable[[Any], Problem]] = {
    Unrecognised: lambda e: Problem(kinds.MALFORMED_DOCUMENT, e.detail, {"where": "body"}),
    Refused: _refused,
    QueryInvalid: lambda e: invalid_parameter(e.parameter, e.problem),
    errors.BadParameter: lambda e: invalid_parameter(e.parameter, e.problem),
    ProfileInvalid: lambda e: Problem(kinds.PROFILE_REFUSED, str(e), {"where": e.path or "profile"}),
    errors.ContentWithdrawn: lambda e: Problem(kinds.WITHDRAWN_CONTENT, str(e), {"content_id": e.content_id}),
    errors.ContentErased: lambda e: Problem(kinds.ERASED_BYTES, str(e), {"digest": e.digest}),
    errors.UnknownContent: lambda e: Problem(kinds.UNKNOWN_CONTENT, str(e), {"content_id": e.content_id}),
    errors.NotTheIssuer: lambda e: Problem(kinds.NOT_THE_ISSUER, str(e), {"content_id": e.content_id}),
    errors.IssuerBlocked: lambda e: Problem(kinds.ISSUER_BLOCKED, str(e), {"where": e.did}),
    errors.IssuerNotAllowed: lambda e: Problem(kinds.ISSUER_NOT_ALLOWED, str(e), {"where": e.did}),
    errors.LimitExceeded: _limit_exceeded,
    errors.TooLarge: lambda e: Problem(kinds.TOO_LARGE, str(e), {"max_bytes": e.limit}),
    errors.NotFound: lambda e: Problem(kinds.NOT_FOUND, str(e), {"where": e.what}),
    errors.PeerRefused: lambda e: Problem(kinds.PEER_REFUSED, str(e), {"where": e.where}),
    errors.Gone: _gone,
    LogHeld: lambda e: Problem(
        kinds.LOG_HELD, str(e), {"retry_after": HELD_SECONDS}, {"Retry-After": str(HELD_SECONDS)}
    ),
    NotSigned: lambda e: _unavailable("nothing of the log is signed yet"),
    **dict.fromkeys(
        (HistoryAltered, TileMissing), lambda e: _unavailable("the log can't be read whole just now")
    ),
    errors.IndexUnavailable: lambda e: _unavailable("the search index can't answer now"),
    **dict.fromkeys(STORE_OUTAGES, _store_unavailable),
}


def problem_of(error: Exception) -> Problem:
    """The problem that `error` is. What is in no table is a bug: its text stays in the log."""
    if isinstance(error, Problem):
        return error
    for base in type(error).__mro__:
        make = TABLE.get(base)
        if make is not None:
            return make(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    return _internal(error)


def _of_http(error: HTTPException) -> Problem:
    """What Flask and werkzeug raise by themselves."""
    match error.code:
        case 404:
            return Problem(kinds.NOT_FOUND, f"no such address: {request.path[:200]}")
        case 405:
            allowed = error.valid_methods if isinstance(error, MethodNotAllowed) else None
            allow = ", ".join(sorted(allowed or ()))
            return Problem(kinds.METHOD_NOT_ALLOWED, f"only {allow} here", headers={"Allow": allow})
        case code if code is not None and 400 <= code < 500:
            return Problem(kinds.MALFORMED_REQUEST, error.description or error.name)
        case _:
            return _internal(error)


def _internal(error: Exception) -> Problem:
    instance = uuid.uuid4().urn
    log.error("internal error", instance=instance, method=request.method, exc_info=error)
    return Problem(kinds.INTERNAL, "an unexpected error; it is logged", {"instance": instance})


def answer(error: Exception) -> Response:
    """The application's one handler for everything that is raised."""
    problem = problem_of(error)
    # For the access log and the metrics, which see only the answer.
    g.problem = problem.kind.slug
    return problem.response()
