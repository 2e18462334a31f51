"""Several proofs on one document: sets, where each signs the document, and chains, where one signs others.

W3C Data Integrity 1.0 sections 2.1.1, 2.1.2 and 4.5. What a proof names as `previousProof` is signed by it
along with the document, so that nobody can take it away or put another in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from credentials.data_integrity import DATA_INTEGRITY, signed_context
from credentials.errors import Rejection

#: Each proof costs a signature and perhaps a DID document of somebody else's; the longest example of the
#: specification has four.
MAX_PROOFS = 8

Proof = Mapping[str, Any]


def proofs_of(document: Mapping[str, Any]) -> tuple[Proof, ...]:
    """The proofs of a document in order, none if it has no `proof`. Rejection of `structure` if malformed."""
    if "proof" not in document:
        return ()
    proofs = document["proof"] if isinstance(document["proof"], list) else [document["proof"]]
    if not 0 < len(proofs) <= MAX_PROOFS:
        raise Rejection("structure", f"It has {len(proofs)} proofs; at most {MAX_PROOFS} are looked at.")
    if not all(isinstance(proof, dict) for proof in proofs):
        raise Rejection("structure", "Its proof is not an object.")
    return tuple(proofs)


def common_context(document: Mapping[str, Any], proofs: Sequence[Proof]) -> object:
    """The `@context` that all proofs cover; the rest of the document's, if any, is nobody's word.

    Rejection of `context` when they cover different ones: what one signed would be read as another meant it.
    """
    whole = document.get("@context")
    covered = [signed_context(document, proof) for proof in proofs]
    for context in covered[1:]:
        if _as_list(context) != _as_list(covered[0]):
            raise Rejection("context", "Its proofs cover different parts of its @context.")
    return covered[0] if covered else whole


def previous_of(proof: Proof, proofs: Sequence[Proof]) -> tuple[Proof, ...]:
    """The proofs that `proof` names in `previousProof`, in their order in the document."""
    named = _as_list(proof.get("previousProof", []))
    return tuple(other for other in proofs if other.get("id") in named)


def check_proofs(proofs: Sequence[Proof]) -> None:
    """Rejection of `structure` for a proof without what it must have, or a chain whose links don't join."""
    for proof in proofs:
        for name in _required(proof):
            if not isinstance(proof.get(name), str):
                raise Rejection("structure", f"Its proof needs the member {name}, one string.")
        for name in ("expires", "challenge", "nonce", "domain"):
            # A domain may be one of several (Data Integrity 1.0 section 2.1).
            value = proof.get(name, "")
            values = value if name == "domain" and isinstance(value, list) else [value]
            if not all(isinstance(each, str) for each in values):
                raise Rejection("structure", f"Its proof's {name} must be a string.")
    ids = [proof["id"] for proof in proofs if "id" in proof]
    for index, id_ in enumerate(ids):
        if not isinstance(id_, str) or id_ in ids[:index]:
            raise Rejection("structure", "The ids of its proofs must be different strings.")
    for proof in proofs:
        links = _as_list(proof.get("previousProof", []))
        for index, link in enumerate(links):
            if link not in ids or link == proof.get("id"):
                raise Rejection(
                    "structure",
                    f"Its proof names {str(link)[:80]!r} as previousProof; it has no other proof of that id.",
                )
            if link in links[:index]:
                raise Rejection("structure", f"Its proof names {link[:80]!r} twice as previousProof.")
    _check_order(proofs)


def _check_order(proofs: Sequence[Proof]) -> None:
    """Rejection of `structure` when proofs follow each other in a circle: none could have been made first."""
    left = list(proofs)
    while left:
        names = {proof["id"] for proof in left if "id" in proof}
        following = [proof for proof in left if names.intersection(_as_list(proof.get("previousProof", [])))]
        if len(following) == len(left):
            raise Rejection("structure", "Its proofs name each other as previousProof, in a circle.")
        left = following


def _required(proof: Proof) -> Iterator[str]:
    yield "type"
    # Data Integrity 1.0 section 2.1 leaves `created` to choice, the older suites don't.
    if proof.get("type") != DATA_INTEGRITY or "created" in proof:
        yield "created"
    yield "verificationMethod"
    yield "proofPurpose"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
