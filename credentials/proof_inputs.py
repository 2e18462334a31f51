"""What an embedded proof signs: the document and the proof's own options, each in canonical form.

Whether the options' words say in the signed form what they say in JSON is looked at here as well: the
contexts, which a proof over quads does not cover, could make them mean something else, or nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from credentials.contexts import ContextStore
from credentials.identity import digest_of
from credentials.jsonld import Expansion, JsonLd
from credentials.nquads import literal

#: Templates of canonical options kept per store of contexts: one for each combination of contexts, suite and
#: purpose, 1 kB each.
TEMPLATE_CACHE = 256

_SECURITY = "https://w3id.org/security#"
_SIGNATURE_MEMBERS = frozenset({"jws", "proofValue", "signatureValue", "@context"})
_TEMPLATE_MEMBERS = frozenset({"type", "created", "proofPurpose", "verificationMethod"})
# Values that stand in canonical N-Quads exactly as written, whatever the contexts say.
_PLAIN_TIME = re.compile(r"[0-9][0-9TZtz:.+-]{0,40}", re.ASCII)
_PLAIN_DID_URL = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+(?:#[A-Za-z0-9._:%-]+)?", re.ASCII)
_TemplateKey = tuple[tuple[str, ...], str, str, str]
_TEMPLATES: WeakKeyDictionary[ContextStore, dict[_TemplateKey, str]] = WeakKeyDictionary()
_TIME_MARK, _METHOD_MARK = "1000-01-01T00:00:00Z", "did:mark:0000#0000"


def _as_literal(value: str) -> tuple[str, ...]:
    return (literal(value),)


def _as_iri(value: str) -> tuple[str, ...]:
    return (f"<{value}>",)


def _as_purpose(value: str) -> tuple[str, ...]:
    return (f"<{_SECURITY}{value}>", f"<{_SECURITY}{value}Method>")


# What a signature must cover lest a proof be turned to another use: by member its predicate in the options'
# quads, and the objects that say there what the member says.
_GUARDED: Mapping[str, tuple[str, Callable[[str], tuple[str, ...]]]] = {
    "created": ("<http://purl.org/dc/terms/created>", _as_literal),
    "expires": (f"<{_SECURITY}expiration>", _as_literal),
    "proofPurpose": (f"<{_SECURITY}proofPurpose>", _as_purpose),
    "verificationMethod": (f"<{_SECURITY}verificationMethod>", _as_iri),
    "domain": (f"<{_SECURITY}domain>", _as_literal),
    "challenge": (f"<{_SECURITY}challenge>", _as_literal),
    "nonce": (f"<{_SECURITY}nonce>", _as_literal),
    "cryptosuite": (f"<{_SECURITY}cryptosuite>", _as_literal),
    "previousProof": (f"<{_SECURITY}previousProof>", _as_iri),
}


class SignedDocument:
    """A document as a proof signs it: without its proofs, but for those that `previous` holds.

    `content_id` is SHA-256 of the canonical N-Quads without any proof, 64 hex digits.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        jsonld: JsonLd,
        expansion: Expansion | None = None,
        previous: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.jsonld = jsonld
        self.claims = unsigned(document)
        self.context = self.claims.get("@context")
        statement = expansion or jsonld.expand(self.claims)
        self.content_id = digest_of(statement.canonical().encode())
        if previous:
            self.claims = {**self.claims, "proof": [dict(proof) for proof in previous]}
            statement = jsonld.expand(self.claims)
        self._expansion = statement
        self._presentation = "verifiableCredential" in document

    def digests(self, algorithm: str = "sha256") -> Iterator[bytes]:
        """The hash of the canonical document, for a presentation also of its other canonical form.

        Implementations disagree on how often a blank node counts as related to another (RDFC-1.0 section
        4.7), which shows in presentations with several like credentials. Either is a serialisation of the
        same data; the first one is the content_id.
        """
        first = self._expansion.canonical(algorithm=algorithm)
        yield hashed(first, algorithm)
        if self._presentation:
            second = self._expansion.canonical("distinct", algorithm)
            if second != first:
                yield hashed(second, algorithm)


def unsigned(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without its `proof`: what its signature is about."""
    return {name: value for name, value in document.items() if name != "proof"}


def proof_options(proof: Mapping[str, Any], context: object) -> dict[str, Any]:
    """The proof options as they are canonicalised: all but the signature, under `context`."""
    options = {name: value for name, value in proof.items() if name not in _SIGNATURE_MEMBERS}
    return {"@context": context, **options}


def hashed(text: str, algorithm: str = "sha256") -> bytes:
    """The bytes of a hash by its name in `hashlib`."""
    return hashlib.new(algorithm, text.encode()).digest()


def uncovered(proof: Mapping[str, Any], options: str) -> tuple[str, ...]:
    """The members of `proof` that the canonical options don't hold, or not with that value."""
    found: dict[str, set[str]] = {}
    for quad in options.split("\n")[:-1]:
        _, predicate, rest = quad.split(" ", 2)
        found.setdefault(predicate, set()).add(rest.removesuffix(" ."))
    return tuple(name for name in _GUARDED if name in proof and not _says(name, proof[name], found))


def _says(name: str, value: Any, found: Mapping[str, set[str]]) -> bool:
    predicate, spellings = _GUARDED[name]
    values = value if isinstance(value, list) else [value]
    objects = {text.partition("^^")[0] for text in found.get(predicate, ())}
    return len(objects) == len(values) and all(
        isinstance(each, str) and not objects.isdisjoint(spellings(each)) for each in values
    )


def canonical_options(
    proof: Mapping[str, Any], context: object, jsonld: JsonLd, algorithm: str = "sha256"
) -> str:
    """Canonical N-Quads of the proof options; by a template where only plain values can differ."""
    options = proof_options(proof, context)
    contexts = tuple(context) if isinstance(context, list) else (context,)
    created, method = options.get("created"), options.get("verificationMethod")
    if (
        options.keys() - {"@context", "cryptosuite"} == _TEMPLATE_MEMBERS
        and all(isinstance(url, str) for url in contexts)
        and str(options["proofPurpose"]).isalpha()
        and isinstance(created, str)
        and _PLAIN_TIME.fullmatch(created)
        and isinstance(method, str)
        and _PLAIN_DID_URL.fullmatch(method)
        and isinstance(cryptosuite := options.get("cryptosuite", ""), str)
    ):
        key = (contexts, str(options["type"]), str(options["proofPurpose"]), cryptosuite)
        template = _template(jsonld, key)
        return template.replace(_TIME_MARK, created).replace(_METHOD_MARK, method)
    return jsonld.expand(options).canonical(algorithm=algorithm)


def _template(jsonld: JsonLd, key: _TemplateKey) -> str:
    """The quads of options with marks for time and method: one blank node, so their order never changes."""
    templates = _TEMPLATES.setdefault(jsonld.contexts, {})
    template = templates.get(key)
    if template is None:
        contexts, suite, purpose, cryptosuite = key
        template = jsonld.canonicalise(
            {
                "@context": list(contexts),
                "type": suite,
                "created": _TIME_MARK,
                "proofPurpose": purpose,
                "verificationMethod": _METHOD_MARK,
                **({"cryptosuite": cryptosuite} if cryptosuite else {}),
            }
        )
        if len(templates) >= TEMPLATE_CACHE:
            templates.clear()
        templates[key] = template
    return template
