"""What stands around a statement: embedded proof or JWT, credential or presentation.

Opening an envelope believes nothing: it finds the parts and refuses what would leave open which part counts.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

from credentials.errors import Rejection
from credentials.jws import Jws, parse_compact
from credentials.parsing import MAX_BYTES, Unrecognised, check_size, parse_json, sniff
from credentials.proof_sets import common_context, proofs_of

Form = Literal["vc", "vp"]

CREDENTIAL = "VerifiableCredential"
PRESENTATION = "VerifiablePresentation"
ENVELOPED = "EnvelopedVerifiableCredential"

#: Claims that JWT libraries add to a payload (RFC 7519, RFC 7800, OpenID Connect): judged as such, never as
#: JSON-LD terms.
REGISTERED_CLAIMS = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "nonce"})

#: Spellings of `typ` in circulation (VC-JOSE-COSE and its drafts), each also with `application/` before it.
_TYP_FORMS: Mapping[str, Form | None] = {
    "vc+jwt": "vc",
    "vc+ld+jwt": "vc",
    "vc+ld+json+jwt": "vc",
    "vp+jwt": "vp",
    "vp+ld+jwt": "vp",
    "vp+ld+json+jwt": "vp",
    "jwt": None,
}
_JWT_MEDIA_TYPES = frozenset(f"application/{typ}" for typ, form in _TYP_FORMS.items() if form == "vc")
_JSON_MEDIA_TYPES = frozenset({"application/vc", "application/vc+ld+json", "application/ld+json"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """One credential or presentation as it came.

    `claims` is the statement: the document without its proofs, or the JWT's payload without registered
    claims. One of `proofs` (embedded) and `jws` is there, or neither where a document isn't signed.
    """

    form: Form
    claims: Mapping[str, Any]
    document: Mapping[str, Any]
    proofs: tuple[Mapping[str, Any], ...]
    jws: Jws | None

    @property
    def encoding(self) -> Literal["json", "jwt"]:
        """How the statement is signed, or would be."""
        return "json" if self.jws is None else "jwt"

    @property
    def media_type(self) -> str:
        """The media type under which the bytes are given back."""
        return "application/ld+json" if self.jws is None else f"application/{self.form}+jwt"


def open_envelope(data: bytes, *, max_bytes: int = MAX_BYTES) -> Envelope:
    """Take bytes apart. Raises `Rejection`: `parse` for what can't be read, else of the check concerned."""
    check_size(data, max_bytes)
    if sniff(data) == "json":
        return open_document(parse_json(data, max_bytes=max_bytes))
    jws = parse_compact(data.strip())
    try:
        payload = parse_json(jws.payload, max_bytes=max_bytes)
    except Rejection as error:
        raise Rejection("parse", f"The payload of the JWS: {error.detail}", error.evidence) from error
    return _open_jwt(jws, payload)


def open_document(document: Mapping[str, Any]) -> Envelope:
    """The envelope of a JSON-LD document that carries its proofs, alone or inside a presentation."""
    form, proofs = _form_of(document), proofs_of(document)
    claims = {name: value for name, value in document.items() if name != "proof"}
    if "@context" in claims:
        claims["@context"] = common_context(document, proofs)
    return Envelope(form, claims, document, proofs, None)


def open_enveloped(entry: Mapping[str, Any]) -> Envelope:
    """The credential in an `EnvelopedVerifiableCredential`, whose id is a data: URL (VC 2.0 section 4.13)."""
    url = entry.get("id", entry.get("@id"))
    if not isinstance(url, str) or not url.startswith("data:"):
        raise Rejection("structure", f"An {ENVELOPED} needs a data: URL as its id.")
    media_type, content = _data_url(url)
    if media_type in _JWT_MEDIA_TYPES:
        expected = "jws"
    elif media_type in _JSON_MEDIA_TYPES:
        expected = "json"
    else:
        raise Rejection(
            "structure", f"Enveloped credentials of type {media_type[:60]!r} are not supported; use vc+jwt."
        )
    try:
        found = sniff(content)
    except Unrecognised as error:
        raise Rejection("parse", f"The enveloped credential: {error.detail}") from error
    if found != expected:
        raise Rejection("structure", f"The enveloped credential is not what its type {media_type} says.")
    return open_envelope(content)


def statements_in(data: bytes) -> tuple[Envelope, ...]:
    """The credentials of bytes that were accepted before, in order: one, or those of a presentation.

    Nothing is verified. Raises `Rejection` for bytes that could not have been accepted.
    """
    envelope = open_envelope(data, max_bytes=max(len(data), MAX_BYTES))
    if envelope.form == "vc":
        return (envelope,)
    entries = envelope.claims.get("verifiableCredential", [])
    return tuple(
        open_enveloped(entry) if is_enveloped(entry) else open_document(entry)
        for entry in (entries if isinstance(entries, list) else [entries])
    )


def is_enveloped(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of `verifiableCredential` is an `EnvelopedVerifiableCredential`."""
    return ENVELOPED in types_of(entry)


def types_of(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The values of `type` (or `@type`) as they are written."""
    types = document.get("type", document.get("@type"))
    items = types if isinstance(types, list) else [types]
    return tuple(item for item in items if isinstance(item, str))


def _form_of(document: Mapping[str, Any]) -> Form:
    types = types_of(document)
    if CREDENTIAL in types and PRESENTATION in types:
        raise Rejection("structure", f"It calls itself both a {CREDENTIAL} and a {PRESENTATION}.")
    if CREDENTIAL in types:
        return "vc"
    if PRESENTATION in types:
        return "vp"
    if "vc" in document or "vp" in document:
        raise Rejection(
            "structure",
            "The credential is wrapped in a vc or vp claim (JWT form of VC 1.1). Gaia-X uses that of VC 2.0: "
            "the credential itself is the payload.",
        )
    raise Rejection(
        "structure", f"Its type names neither {CREDENTIAL} nor {PRESENTATION}.", {"type": list(types)[:10]}
    )


def own_id(claims: Mapping[str, Any]) -> Any:
    """What a credential or presentation calls itself; None where it doesn't, and not always a text."""
    return claims.get("id", claims.get("@id"))


def _open_jwt(jws: Jws, payload: Mapping[str, Any]) -> Envelope:
    form = _form_of(payload)
    typ = jws.header.get("typ")
    if typ is not None:
        spelling = typ.lower().removeprefix("application/") if isinstance(typ, str) else ""
        if spelling not in _TYP_FORMS:
            raise Rejection(
                "structure", f"The token's typ {str(typ)[:60]!r} is not that of a credential: use {form}+jwt."
            )
        if _TYP_FORMS[spelling] not in (form, None):
            raise Rejection("structure", f"The token's typ is {typ}, but its payload is a {form.upper()}.")
    if "proof" in payload:
        raise Rejection("structure", "The JWT's payload has a proof of its own; sign in one way only.")
    claims = {name: value for name, value in payload.items() if name not in REGISTERED_CLAIMS}
    return Envelope(form, claims, payload, (), jws)


def _data_url(url: str) -> tuple[str, bytes]:
    """RFC 2397; also with `;` before the token, as some Gaia-X services write it."""
    head, comma, content = url[len("data:") :].partition(",")
    if not comma:
        head, _, content = head.rpartition(";")
    media_type, *parameters = (part.strip().lower() for part in head.split(";"))
    try:
        plain = unquote_to_bytes(content)
        if "base64" in parameters:
            plain = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Rejection("parse", "The data: URL of an enveloped credential is not valid base64.") from error
    return media_type, plain
