"""DIDs, DID URLs and DID documents (W3C DID 1.0), as far as verifying signatures needs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes

from credentials.errors import Rejection
from credentials.keys import (
    KeyUnusable,
    PublicKey,
    public_key_from_base58,
    public_key_from_jwk,
    public_key_from_multibase,
    public_key_from_pem,
)
from credentials.parsing import parse_json
from credentials.times import from_rfc3339

#: A wizard DID with an RSA-4096 key has 1,200 characters, one with a certificate 2,900.
MAX_DID = 4_096
#: Room for a dozen keys, each with its certificate chain (`x5c`).
MAX_DID_DOCUMENT = 131_072
#: No published document has more; each method may cost a key import.
MAX_METHODS = 64

# DID 1.0 section 3.1. Empty segments are allowed, but not as the last one.
_DID = re.compile(
    r"did:([a-z0-9]+):((?:(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})*:)*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+)"
)
# RFC 3986 section 3.5.
_FRAGMENT = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})+")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
# WHATWG URL "ends in a number": what a resolver would take for an IPv4 address.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

_KEY_FORMS = ("publicKeyJwk", "publicKeyMultibase", "publicKeyPem", "publicKeyBase58")
#: Types of method that fix the kind of key. `Multikey`, `JsonWebKey` and `JsonWebKey2020` hold any.
_CURVE_OF_TYPE = {
    "Ed25519VerificationKey2018": "Ed25519",
    "Ed25519VerificationKey2020": "Ed25519",
    "EcdsaSecp256k1VerificationKey2019": "secp256k1",
    "EcdsaSecp256r1VerificationKey2019": "P-256",
}


class DidMalformed(ValueError):
    """A text that is no DID, no DID URL of a key, or has no web address; `problem` says why."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(f"{text[:200]!r}: {problem}")
        self.text = text
        self.problem = problem


class DidDocumentInvalid(Exception):
    """A DID document that cannot be used at all; `problem` says why in a sentence."""

    def __init__(self, did: str, problem: str) -> None:
        super().__init__(f"{did[:200]}: {problem}")
        self.did = did
        self.problem = problem


class MethodNotFound(Exception):
    """The document has no usable verification method of that name; `problem` says why in a sentence."""

    def __init__(self, did_url: str, problem: str) -> None:
        super().__init__(f"{did_url[:200]}: {problem}")
        self.did_url = did_url
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Did:
    """A DID: `did:<method>:<identifier>`."""

    method: str
    identifier: str

    @classmethod
    def parse(cls, text: str) -> Did:
        """Parse a DID without path, query or fragment. DidMalformed otherwise."""
        if len(text) > MAX_DID:
            raise DidMalformed(text, f"longer than {MAX_DID} characters")
        match = _DID.fullmatch(text)
        if match is None:
            raise DidMalformed(text, "not a DID (did:method:identifier)")
        return cls(match[1], match[2])

    def __str__(self) -> str:
        return f"did:{self.method}:{self.identifier}"


@dataclass(frozen=True, slots=True)
class DidUrl:
    """A DID with an optional fragment, as a `verificationMethod` or `kid` names a key."""

    did: str
    fragment: str | None

    @classmethod
    def parse(cls, text: str) -> DidUrl:
        """Parse `did` or `did#fragment`. DidMalformed for anything else, paths and queries included."""
        did, hash_sign, fragment = text.partition("#")
        Did.parse(did)
        if not hash_sign:
            return cls(did, None)
        if len(fragment) > MAX_DID or not _FRAGMENT.fullmatch(fragment):
            raise DidMalformed(text, "the fragment is empty or has characters that a URL does not allow")
        return cls(did, fragment)

    def __str__(self) -> str:
        return self.did if self.fragment is None else f"{self.did}#{self.fragment}"


def web_host(did: str) -> str:
    """Host of a did:web, with `:port` where it names one, in lower case. DidMalformed otherwise."""
    return _web_parts(did)[0]


def web_url(did: str) -> str:
    """Where the document of a did:web lies (did:web method specification, "Read (Resolve)").

    `did:web:example.org%3A8443:a:b` is `https://example.org:8443/a/b/did.json`. DidMalformed for other
    methods, IP addresses (which the specification forbids) and segments that would change the path.
    """
    host, segments = _web_parts(did)
    for segment in segments:
        if not segment:
            raise DidMalformed(did, "an empty path segment has no web address")
        # Decoded, a segment must still be one path segment; encoded dots are dots to URL parsers.
        plain = unquote_to_bytes(segment)
        if plain in (b".", b"..") or any(byte < 0x21 or byte in b"/\\?#%" or byte == 0x7F for byte in plain):
            raise DidMalformed(did, f"path segment {segment[:40]!r} would change the web address")
    path = "/".join(segments) if segments else ".well-known"
    return f"https://{host}/{path}/did.json"


def is_domain_name(name: str) -> bool:
    """Whether `name` is a host name in lower case that no resolver takes for an IP address."""
    labels = name.split(".")
    well_formed = len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    return well_formed and not _NUMBER.fullmatch(labels[-1])


def _web_parts(did: str) -> tuple[str, list[str]]:
    parsed = Did.parse(did)
    if parsed.method != "web":
        raise DidMalformed(did, "not a did:web")
    first, *segments = parsed.identifier.split(":")
    name, percent, port = first.lower().partition("%3a")
    if not is_domain_name(name):
        raise DidMalformed(did, "its host is not a domain name (a did:web must not name an IP address)")
    if not percent:
        return name, segments
    if not _PORT.fullmatch(port) or int(port) > 65_535:
        raise DidMalformed(did, "its port is not a number from 1 to 65535")
    return f"{name}:{port}", segments


@dataclass(frozen=True)
class VerificationMethod:
    """One public key of a DID document. `id` is absolute; `material` is the method as published.

    `ends` is the earlier of its `expires` and `revoked` (W3C Controlled Identifiers section 2.2), if any.
    """

    id: str
    controller: str
    type: str
    material: Mapping[str, Any]
    ends: datetime | None = None

    def usable_at(self, moment: datetime) -> bool:
        """Whether the method has neither expired nor been revoked at `moment`."""
        return self.ends is None or moment < self.ends

    @property
    def jwk(self) -> Mapping[str, Any] | None:
        """`publicKeyJwk` as published, with `x5u`, `x5c` and `alg`, or None."""
        jwk = self.material.get("publicKeyJwk")
        return jwk if isinstance(jwk, Mapping) else None

    def key(self) -> PublicKey:
        """The public key. KeyUnusable when there is none that may verify signatures.

        Where the type names a kind of key, as those made for one suite do, the key must be of that kind.
        """
        return self._key

    @cached_property
    def _key(self) -> PublicKey:
        # Read once: a document in a folder or in the cache verifies many signatures.
        forms = [name for name in _KEY_FORMS if name in self.material]
        if len(forms) != 1:
            raise KeyUnusable(
                f"a verification method needs exactly one of {', '.join(_KEY_FORMS)}; "
                f"this one has {', '.join(forms) or 'none'}"
            )
        curve = _CURVE_OF_TYPE.get(self.type)
        key = self._read(forms[0], self.material[forms[0]], curve)
        if curve not in (None, key.curve):
            raise KeyUnusable(f"a method of type {self.type} can't have a {key.curve or key.kty} key")
        return key

    def _read(self, form: str, value: object, curve: str | None) -> PublicKey:
        if form == "publicKeyJwk" and isinstance(value, Mapping):
            return public_key_from_jwk(value)
        if form == "publicKeyMultibase" and isinstance(value, str):
            return public_key_from_multibase(value)
        if form == "publicKeyPem" and isinstance(value, str):
            return public_key_from_pem(value)
        if form == "publicKeyBase58" and isinstance(value, str):
            if curve is None:
                raise KeyUnusable(f"publicKeyBase58 in a method of type {self.type[:40]!r} says nothing")
            return public_key_from_base58(value, curve)
        raise KeyUnusable(f"{form} has the wrong JSON type")


@dataclass(frozen=True, slots=True)
class DidDocument:
    """A DID document reduced to its keys.

    `assertion_methods` and `authentication_methods` are ids of `verification_methods`; `ignored` says what
    in the document was left out and why. `raw` are the bytes it was read from.
    """

    id: str
    verification_methods: tuple[VerificationMethod, ...]
    assertion_methods: frozenset[str]
    authentication_methods: frozenset[str]
    raw: bytes = field(repr=False)
    ignored: tuple[str, ...] = ()

    def find(self, did_url: str) -> VerificationMethod:
        """The method that `did_url` names. MethodNotFound when there is none.

        Without a fragment it is the document's only method; with several, nobody could say which.
        """
        try:
            wanted = DidUrl.parse(did_url)
        except DidMalformed as error:
            raise MethodNotFound(did_url, error.problem) from error
        if wanted.did != self.id:
            raise MethodNotFound(did_url, f"the method belongs to another DID than {self.id[:200]}")
        for method in self.verification_methods:
            if method.id == did_url:
                return method
        if wanted.fragment is None:
            if len(self.verification_methods) == 1:
                return self.verification_methods[0]
            count = len(self.verification_methods)
            raise MethodNotFound(did_url, f"no fragment names one of the document's {count} methods")
        raise MethodNotFound(did_url, "; ".join(("the DID document has no such method", *self.ignored[:3])))


def parse_did_document(did: str, raw: bytes) -> DidDocument:
    """Read a DID document. DidDocumentInvalid when it is not one of `did`, or is ambiguous.

    Methods that another DID controls, and references to methods of other documents, are left out.
    """
    if len(raw) > MAX_DID_DOCUMENT:
        raise DidDocumentInvalid(did, f"the document is larger than {MAX_DID_DOCUMENT} bytes")
    try:
        document = parse_json(raw)
    except Rejection as error:
        raise DidDocumentInvalid(did, f"the document is not acceptable JSON ({error.detail})") from error
    if document.get("id") != did:
        raise DidDocumentInvalid(did, f"the document's id is {str(document.get('id'))[:200]!r}, not this DID")
    return _Reader(did, document).read(raw)


class _Reader:
    """Collects the methods of one document; the first problem that makes it ambiguous ends the reading."""

    def __init__(self, did: str, document: Mapping[str, Any]) -> None:
        self.did = did
        self.document = document
        self.methods: dict[str, VerificationMethod] = {}
        self.ignored: list[str] = []

    def read(self, raw: bytes) -> DidDocument:
        for entry in self._list("verificationMethod"):
            if isinstance(entry, Mapping):
                self._method(entry)
            else:
                self.ignored.append("an entry of verificationMethod is not an object")
        assertion = self._relationship("assertionMethod")
        authentication = self._relationship("authentication")
        return DidDocument(
            self.did, tuple(self.methods.values()), assertion, authentication, raw, tuple(self.ignored)
        )

    def _list(self, name: str) -> list[Any]:
        value = self.document.get(name, [])
        entries = value if isinstance(value, list) else [value]
        if len(entries) > MAX_METHODS:
            raise DidDocumentInvalid(self.did, f"{name} has more than {MAX_METHODS} entries")
        return entries

    def _relationship(self, name: str) -> frozenset[str]:
        found = set()
        for entry in self._list(name):
            method_id = self._method(entry) if isinstance(entry, Mapping) else self._absolute(entry)
            if method_id is None:
                continue
            if method_id in self.methods:
                found.add(method_id)
            else:
                self.ignored.append(
                    f"{name} refers to {method_id[-80:]}, which is no method of this document"
                )
        return frozenset(found)

    def _absolute(self, reference: object) -> str | None:
        """The absolute id of a method; None, with a remark, when it is no DID URL of this document."""
        if isinstance(reference, str):
            # DID 1.0 section 3.2.2: relative DID URLs are resolved against the document's id.
            text = self.did + reference if reference.startswith("#") else reference
            try:
                if DidUrl.parse(text).did == self.did:
                    return text
            except DidMalformed:
                pass
        self.ignored.append(f"{str(reference)[:80]!r} is no method id of this DID")
        return None

    def _method(self, entry: Mapping[str, Any]) -> str | None:
        method_id = self._absolute(entry.get("id"))
        if method_id is None:
            return None
        if entry.get("controller") != self.did:
            self.ignored.append(f"{method_id[-80:]} is controlled by another DID, or by none that it names")
            return None
        try:
            ends = [from_rfc3339(str(entry[name])) for name in ("expires", "revoked") if name in entry]
        except ValueError:
            self.ignored.append(f"{method_id[-80:]} has an unreadable expires or revoked time")
            return None
        method = VerificationMethod(
            method_id, self.did, str(entry.get("type", "")), entry, min(ends, default=None)
        )
        known = self.methods.setdefault(method_id, method)
        if known.material != entry:
            raise DidDocumentInvalid(self.did, f"two different methods are called {method_id[-80:]}")
        if len(self.methods) > MAX_METHODS:
            raise DidDocumentInvalid(self.did, f"the document has more than {MAX_METHODS} methods")
        return method_id
