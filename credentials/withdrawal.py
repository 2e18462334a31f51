"""Withdrawals: an issuer takes back a statement by a small signed token (POST /withdrawals).

The token is a compact JWS of `typ` catalogue-withdrawal+jwt with `{iss, content_id, iat, reason?}`. Any key
that stands in `assertionMethod` of the issuer's current DID document may sign it, not only the one that
signed the statement: keys get lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785

from credentials.dids import Did, DidMalformed, DidUrl, MethodNotFound
from credentials.errors import Rejection
from credentials.jws import Jws, parse_compact, verify_compact
from credentials.keys import KeyUnusable, PublicKey
from credentials.parsing import parse_json
from credentials.private_keys import PrivateKey
from credentials.resolving import ResolutionFailed, Resolved, Resolver
from credentials.signing import sign_compact
from credentials.surroundings import Source

WITHDRAWAL_TYPE = "catalogue-withdrawal+jwt"
#: How far `iat` may be from now, both ways: the tolerance for clocks, and a bound on replay of a lost token.
WINDOW = timedelta(seconds=300)
#: A sentence or two; it is shown to readers of what was withdrawn.
MAX_REASON = 500
#: Header, DID, reason and the largest signature together stay far below this.
MAX_WITHDRAWAL = 32_768

_CONTENT_ID = re.compile(r"[0-9a-f]{64}")
_CLAIMS = frozenset({"iss", "content_id", "iat", "reason"})


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A verified withdrawal. `sources`: the DID document it rests on, unless that follows from the DID."""

    issuer: str
    content_id: str
    issued_at: datetime
    reason: str | None
    method: str
    sources: tuple[Source, ...]


def sign_withdrawal(
    content_id: str, issuer: str, key: PrivateKey, method: str, iat: datetime, reason: str | None = None
) -> str:
    """The token that withdraws `content_id`, signed by the assertion key `method` of `issuer`.

    ValueError when the content_id is not 64 hex digits or the reason too long.
    """
    if not _CONTENT_ID.fullmatch(content_id):
        raise ValueError("a content_id has 64 lower-case hex digits")
    if reason is not None and len(reason) > MAX_REASON:
        raise ValueError(f"a reason has at most {MAX_REASON} characters")
    claims: dict[str, Any] = {"iss": issuer, "content_id": content_id, "iat": int(iat.timestamp())}
    if reason is not None:
        claims["reason"] = reason
    header = {"alg": key.algorithm, "typ": WITHDRAWAL_TYPE, "kid": method}
    return sign_compact(header, rfc8785.dumps(claims), key)


def verify_withdrawal(
    data: bytes,
    resolver: Resolver,
    *,
    now: datetime,
    check_age: bool = True,
    allow_rs256: bool = False,
) -> Withdrawal:
    """Check a withdrawal token. Rejection of the check that fails, of `validity` when its time is off.

    `check_age=False` is for replaying tokens whose age was checked when they arrived.
    """
    if len(data) > MAX_WITHDRAWAL:
        raise Rejection("parse", f"A withdrawal has at most {MAX_WITHDRAWAL} bytes.")
    jws = parse_compact(data.strip())
    issuer, content_id, issued_at, reason = _claims(jws)
    if check_age and abs(now - issued_at) > WINDOW:
        seconds = int(WINDOW.total_seconds())
        raise Rejection(
            "validity", f"Its iat must be within {seconds} seconds of now; sign the withdrawal again."
        )
    method = _method(jws, issuer)
    try:
        resolved = resolver.resolve(issuer)
    except ResolutionFailed as error:
        evidence = {"did": issuer, "temporary": error.temporary}
        raise Rejection(
            "key", f"The issuer's DID document can't be had: {error.reason}.", evidence
        ) from error
    verify_compact(jws, _key(resolved, method, now), allow_rs256=allow_rs256)
    sources = (
        (Source("did-document", issuer, resolved.obtained, resolved.raw),)
        if resolved.obtained != "inline"
        else ()
    )
    return Withdrawal(issuer, content_id, issued_at, reason, method, sources)


def _claims(jws: Jws) -> tuple[str, str, datetime, str | None]:
    kind = jws.header.get("typ")
    # RFC 7515 section 4.1.9: media types may leave out "application/" and compare without case.
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") != WITHDRAWAL_TYPE:
        raise Rejection("structure", f"A withdrawal's typ is {WITHDRAWAL_TYPE}.")
    claims = parse_json(jws.payload)
    if unknown := sorted(claims.keys() - _CLAIMS):
        raise Rejection("structure", f"A withdrawal has no member {unknown[0][:40]!r}.")
    issuer, content_id, iat, reason = (claims.get(name) for name in ("iss", "content_id", "iat", "reason"))
    if (
        not isinstance(issuer, str)
        or not isinstance(content_id, str)
        or not _CONTENT_ID.fullmatch(content_id)
    ):
        raise Rejection(
            "structure", "A withdrawal needs iss, a DID, and content_id, 64 lower-case hex digits."
        )
    try:
        Did.parse(issuer)
    except DidMalformed as error:
        raise Rejection("structure", f"Its iss is no DID: {error.problem}.") from error
    if isinstance(iat, bool) or not isinstance(iat, int):
        raise Rejection("structure", "A withdrawal's iat is a whole number of seconds since 1970.")
    try:
        issued_at = datetime.fromtimestamp(iat, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Rejection(
            "validity", "Its iat is out of range; it counts seconds, not milliseconds."
        ) from error
    if reason is not None and (not isinstance(reason, str) or len(reason) > MAX_REASON):
        raise Rejection("structure", f"A withdrawal's reason is text of at most {MAX_REASON} characters.")
    return issuer, content_id, issued_at, reason


def _method(jws: Jws, issuer: str) -> str:
    method = jws.header.get("kid")
    try:
        did = DidUrl.parse(str(method)).did
    except DidMalformed as error:
        raise Rejection("key", f"The kid must name a key of the issuer: {error.problem}.") from error
    if did != issuer:
        evidence = {"issuer": issuer, "kid": method}
        raise Rejection("issuer_binding", "The kid belongs to another DID than iss.", evidence)
    return str(method)


def _key(resolved: Resolved, method: str, now: datetime) -> PublicKey:
    try:
        found = resolved.document.find(method)
        key = found.key()
    except (MethodNotFound, KeyUnusable) as error:
        raise Rejection("key", f"The key {method[-80:]} can't be used: {error.problem}.") from error
    if not found.usable_at(now):
        raise Rejection("key", f"The key {method[-80:]} has expired or been revoked.")
    if found.id not in resolved.document.assertion_methods:
        raise Rejection("purpose", "The key is not one of the issuer's assertionMethod.", {"kid": method})
    return key
