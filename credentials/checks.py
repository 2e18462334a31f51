"""What a credential or presentation must be like before its signature is worth checking.

The functions are the checks `context`, `terms`, `structure` and `validity`: each returns what it found, or
raises the `Rejection` that becomes a failed line of the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from credentials.contexts import CREDENTIALS_V1, CREDENTIALS_V2
from credentials.data_integrity import DATA_INTEGRITY
from credentials.envelope import Envelope, Form, types_of
from credentials.errors import Rejection
from credentials.jsonld import DroppedTerm, Expansion
from credentials.proof_sets import check_proofs
from credentials.report import Check, Outcome
from credentials.statements import is_absolute_iri, once
from credentials.times import from_rfc3339, to_rfc3339

#: How far another's clock may be ahead of ours.
CLOCK_SKEW = timedelta(seconds=300)
#: What the evidence of a check says of what has ended.
EXPIRED = "expired"
#: Subjects of one credential: each becomes a record of its own. Published credentials have up to ten.
MAX_SUBJECTS = 100
#: Credentials of one presentation: each costs a signature and perhaps a DID document.
MAX_CREDENTIALS = 100

#: NumericDate is in seconds (RFC 7519); Gaia-X services also write milliseconds. As seconds, numbers from
#: here on would be later than the year 5000; as milliseconds, they begin in 1973.
_FIRST_MILLISECONDS = 100_000_000_000
_LAST_SECOND = 253_402_300_799

_CRED = "https://www.w3.org/2018/credentials#"
_DATES = ("issuanceDate", "validFrom", "expirationDate", "validUntil")
#: Members that this catalogue acts on: what JSON says of them and what JSON-LD says must be the same.
_ACTED_ON: Mapping[Form, tuple[str, ...]] = {
    "vc": ("issuer", "credentialSubject", "verifiableCredential", "credentialStatus", *_DATES),
    "vp": ("holder", "verifiableCredential"),
}
#: Members of a proof that the suites know; anything else in it would look signed without being so.
_PROOF_MEMBERS = frozenset(
    {
        "@context",
        "type",
        "id",
        "created",
        "expires",
        "verificationMethod",
        "proofPurpose",
        "proofValue",
        "jws",
        "domain",
        "challenge",
        "nonce",
    }
)
_DATA_INTEGRITY_MEMBERS = (_PROOF_MEMBERS | {"cryptosuite", "previousProof"}) - {"jws"}


@dataclass(frozen=True, slots=True)
class Statement:
    """The parts of a credential or presentation that the rest of the verification acts on.

    `signer` is the issuer, for a presentation the holder if it names one. `subjects` has None for a subject
    without an id; `entries` are a presentation's credentials as they stand in it.
    """

    signer: str | None
    subjects: tuple[str | None, ...]
    types: tuple[str, ...]
    valid_from: datetime | None
    valid_until: datetime | None
    entries: tuple[Mapping[str, Any], ...]


def check_context(envelope: Envelope) -> Check:
    """The first context must be that of VC 1.1 or 2.0: it fixes what the other members mean."""
    context = envelope.claims.get("@context")
    contexts = context if isinstance(context, list) else [context]
    if not contexts or contexts[0] not in (CREDENTIALS_V1, CREDENTIALS_V2):
        raise Rejection(
            "context",
            f"The first @context must be {CREDENTIALS_V1} or {CREDENTIALS_V2}.",
            {"first": _shown(contexts)},
        )
    urls = [item for item in contexts if isinstance(item, str)]
    return Check(
        "context", Outcome.PASSED, "Every context is one that this node carries.", {"contexts": urls}
    )


def check_terms(envelope: Envelope, expansion: Expansion) -> Check:
    """Nothing may be left out of the meaning in silence.

    Under an embedded proof it isn't signed either: a failed check, but not one that ends the others. In a
    token it is signed as bytes, and only told.
    """
    dropped = [*expansion.dropped, *_unknown_in_proof(envelope)]
    evidence: dict[str, Any] = {}
    if joined := sorted(type_ for type_ in expansion.types() if "," in type_ and once(type_) != type_):
        evidence["remarks"] = [f"type joined with itself by a comma, read as one: {joined[0][:200]}"]
    if not dropped:
        return Check("terms", Outcome.PASSED, "Every term is given a meaning by the contexts.", evidence)
    evidence["unmapped"] = [{"term": term.term, "path": term.path} for term in dropped]
    names = ", ".join(repr(term.term) for term in dropped[:5]) + (" and others" if len(dropped) > 5 else "")
    if envelope.jws is not None:
        # A token's signature covers its bytes, so that nothing was slipped in.
        return Check(
            "terms",
            Outcome.PASSED,
            f"No context gives a meaning to {names}: signed, but not read here as part of the statement.",
            evidence,
        )
    return Check(
        "terms",
        Outcome.FAILED,
        f"No context gives a meaning to {names}: not part of the statement. Add the context that defines it, "
        "or leave it out.",
        evidence,
    )


def read_statement(envelope: Envelope, expansion: Expansion) -> Statement:
    """The check `structure`: the parts, read from JSON and from its meaning, which must agree."""
    root = _root(expansion)
    claims = envelope.claims
    if not envelope.proofs and envelope.jws is None:
        raise Rejection("structure", "It isn't signed: it has no proof and is no JWT.", {"proofs": 0})
    for name in _ACTED_ON[envelope.form]:
        _agree_in_number(name, claims, root)
    check_proofs(envelope.proofs)
    valid_from, valid_until = _period(envelope, root)
    if envelope.form == "vp":
        return Statement(
            _named_party("holder", claims, root),
            (),
            types_of(claims),
            valid_from,
            valid_until,
            tuple(_entries(claims)),
        )
    if "verifiableCredential" in claims:
        raise Rejection(
            "structure", "A credential must not contain verifiableCredential; use a presentation."
        )
    issuer = _named_party("issuer", claims, root)
    if issuer is None:
        raise Rejection("structure", "It names no issuer.")
    return Statement(issuer, tuple(_subjects(claims, root)), types_of(claims), valid_from, valid_until, ())


def check_validity(envelope: Envelope, statement: Statement, at: datetime) -> Check:
    """Begins not later than `at` plus `CLOCK_SKEW` (inclusive), ends after `at` (the end itself is past)."""
    begins = {"validFrom": statement.valid_from} if statement.valid_from else {}
    ends = {"validUntil": statement.valid_until} if statement.valid_until else {}
    for number, proof in enumerate(envelope.proofs):
        place = "proof" if len(envelope.proofs) == 1 else f"proof[{number}]"
        for name, times in (("created", begins), ("expires", ends)):
            if name in proof:
                times[f"{place}.{name}"] = _time(f"{place}.{name}", proof[name], "validity")
    remarks: list[str] = []
    if envelope.jws is not None:
        for place, claims in (("header", envelope.jws.header), ("payload", envelope.document)):
            for name, times in (("iat", begins), ("nbf", begins), ("exp", ends)):
                if name in claims:
                    times[f"{place} {name}"] = _numeric_date(f"{place} {name}", claims[name])
                    if claims[name] >= _FIRST_MILLISECONDS:
                        remarks.append(f"{place} {name} is in milliseconds; a token's times are in seconds")
    for name, moment in begins.items():
        if moment > at + CLOCK_SKEW:
            raise Rejection(
                "validity",
                f"Its {name} is {to_rfc3339(moment)}, still to come at {to_rfc3339(at)}.",
                {name: to_rfc3339(moment)},
            )
    for name, moment in ends.items():
        if moment <= at:
            raise Rejection(
                "validity",
                f"Its {name} is {to_rfc3339(moment)}, past at {to_rfc3339(at)}.",
                {name: to_rfc3339(moment), "state": EXPIRED},
            )
    if statement.valid_from and statement.valid_until and statement.valid_until <= statement.valid_from:
        raise Rejection("validity", "It ends before it begins.")
    evidence: dict[str, Any] = {name: to_rfc3339(moment) for name, moment in (*begins.items(), *ends.items())}
    if remarks:
        evidence["remarks"] = remarks
    return Check("validity", Outcome.PASSED, f"It is valid at {to_rfc3339(at)}.", evidence)


def signing_time(
    envelope: Envelope, proof: Mapping[str, Any], statement: Statement, at: datetime
) -> datetime:
    """When it says it was signed: `created` of the decisive proof, `iat` of a token, else when it begins.

    Not later than `at`: the signer's clock may be ahead. Call it on what `check_validity` let through.
    """
    said: list[datetime] = []
    if "created" in proof:
        said = [_time("proof.created", proof["created"], "validity")]
    elif envelope.jws is not None:
        said = [
            _numeric_date("iat", claims["iat"])
            for claims in (envelope.jws.header, envelope.document)
            if "iat" in claims
        ]
    return min([*said[:1], *([statement.valid_from] if statement.valid_from and not said else []), at])


def trust_left_to_descriptions() -> Check:
    """The check `trust` isn't made with a signature: whose word counts depends on what else is known."""
    return Check(
        "trust",
        Outcome.NOT_CHECKED,
        "Whose word counts for what is worked out with the description, not here.",
    )


def _shown(contexts: list[Any]) -> str | None:
    return str(contexts[0])[:200] if contexts and contexts[0] is not None else None


def _unknown_in_proof(envelope: Envelope) -> Iterator[DroppedTerm]:
    for number, proof in enumerate(envelope.proofs):
        known = _DATA_INTEGRITY_MEMBERS if proof.get("type") == DATA_INTEGRITY else _PROOF_MEMBERS
        path = "/proof" if len(envelope.proofs) == 1 else f"/proof/{number}"
        for name in proof:
            if name not in known:
                yield DroppedTerm(name[:200], path)


def _root(expansion: Expansion) -> dict[str, Any]:
    if len(expansion.nodes) != 1:
        raise Rejection("structure", "It must be one object, not a graph of several.")
    root = expansion.nodes[0]
    for keyword in ("@graph", "@included", "@reverse"):
        if keyword in root:
            raise Rejection("structure", f"The credential itself must not use {keyword}.")
    return root


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _agree_in_number(name: str, claims: Mapping[str, Any], root: Mapping[str, Any]) -> None:
    """What says `issuer` in JSON must be all that says it in JSON-LD, whatever aliases a context brings."""
    written = len(_as_list(claims[name])) if claims.get(name) is not None else 0
    meant = len(root.get(_CRED + name, ()))
    if written != meant:
        raise Rejection(
            "structure",
            f"{name} stands there {written} times, but means {meant}: the contexts or a second spelling "
            "change it.",
            {"member": name},
        )


def _named_party(name: str, claims: Mapping[str, Any], root: Mapping[str, Any]) -> str | None:
    """`issuer` or `holder`: a URL, or an object whose id is one; the same in JSON and in JSON-LD."""
    value = claims.get(name)
    if value is None:
        return None
    party = value.get("id", value.get("@id")) if isinstance(value, dict) else value
    if not isinstance(party, str) or not is_absolute_iri(party):
        raise Rejection("structure", f"Its {name} must be a DID (or an object whose id is one).")
    if root[_CRED + name][0].get("@id") != party:
        raise Rejection("structure", f"The contexts change what its {name} {party[:120]!r} means.")
    return party


def _subjects(claims: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str | None]:
    # To JSON-LD, null is as good as not there.
    named = claims.get("credentialSubject")
    written = [] if named is None else _as_list(named)
    if not 0 < len(written) <= MAX_SUBJECTS:
        raise Rejection(
            "structure",
            f"It has {len(written)} subjects; a credential needs one and may have {MAX_SUBJECTS}.",
        )
    for subject, node in zip(written, root[_CRED + "credentialSubject"], strict=True):
        if not isinstance(subject, dict) or not subject or "@value" in node or "@list" in node:
            raise Rejection("structure", "Each credentialSubject must be an object that says something.")
        id_ = node.get("@id")
        # A blank node label names nothing outside its document, and a relative IRI nothing at all.
        yield id_ if isinstance(id_, str) and is_absolute_iri(id_) else None


def _entries(claims: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    entries = _as_list(claims.get("verifiableCredential", []))
    if not 0 < len(entries) <= MAX_CREDENTIALS:
        raise Rejection(
            "structure",
            f"It presents {len(entries)} credentials; it needs one and may have {MAX_CREDENTIALS}.",
        )
    for entry in entries:
        if not isinstance(entry, dict):
            raise Rejection(
                "structure",
                "Each entry of verifiableCredential must be an object: a credential with its proof, or an "
                "EnvelopedVerifiableCredential around a JWT.",
            )
        yield entry


def _period(envelope: Envelope, root: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """When it begins and ends by its own words. VC 1.1 and 2.0 have different names for it."""
    claims = envelope.claims
    times: dict[str, datetime] = {}
    for name in _DATES:
        if claims.get(name) is not None:
            times[name] = _time(name, claims[name], "structure")
            # The contexts give a presentation no dates; written ones still bound its use.
            if envelope.form == "vc" and root[_CRED + name][0].get("@value") != claims[name]:
                raise Rejection("structure", f"The contexts change what its {name} means.")
    first = "issuanceDate" if _as_list(claims["@context"])[0] == CREDENTIALS_V1 else "validFrom"
    if envelope.form == "vc" and first not in times:
        raise Rejection(
            "structure", f"It has no {first}: the catalogue needs to know which statement is newer."
        )
    begins = [times[name] for name in ("issuanceDate", "validFrom") if name in times]
    ends = [times[name] for name in ("expirationDate", "validUntil") if name in times]
    return max(begins, default=None), min(ends, default=None)


def _time(name: str, value: Any, check: str) -> datetime:
    try:
        return from_rfc3339(value if isinstance(value, str) else "")
    except ValueError as error:
        raise Rejection(
            check,
            f"Its {name} must be a time with a zone, such as 2026-01-31T12:00:00Z.",
            {name: str(value)[:60]},
        ) from error


def _numeric_date(name: str, value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise Rejection("validity", f"The token's {name} must be a number of seconds since 1970.")
    seconds = value / 1000 if value >= _FIRST_MILLISECONDS else value
    if seconds > _LAST_SECOND:
        raise Rejection("validity", f"The token's {name} is beyond the year 9999.")
    return datetime.fromtimestamp(seconds, UTC)
