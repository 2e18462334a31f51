"""Making embedded proofs: the other half of `credentials.proofs`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, get_args

from credentials.contexts import CREDENTIALS_V2, ContextStore
from credentials.data_integrity import (
    CRYPTOSUITES,
    DATA_INTEGRITY,
    DATA_INTEGRITY_CONTEXT,
    signing_inputs,
)
from credentials.encoding import to_base58btc, to_base64url
from credentials.jsonld import JsonLd
from credentials.private_keys import PrivateKey
from credentials.proof_inputs import SignedDocument, canonical_options, hashed, unsigned
from credentials.proof_sets import MAX_PROOFS, proofs_of
from credentials.proofs import ED25519_2020, JWS_2020
from credentials.times import to_rfc3339

EmbeddedForm = Literal[
    "ed25519-2020",
    "jws2020",
    "jws2020-legacy",
    "eddsa-rdfc-2022",
    "ecdsa-rdfc-2019",
    "eddsa-jcs-2022",
    "ecdsa-jcs-2019",
]
EMBEDDED_FORMS: tuple[EmbeddedForm, ...] = get_args(EmbeddedForm)
#: What happens to proofs that a document has already: they are left out, or the new one joins them, signing
#: the document alone (`set`), the last of them too (`chain`), or all of them (`chain-all`).
Earlier = Literal["replace", "set", "chain", "chain-all"]

_SUITE_CONTEXTS = {
    ED25519_2020: "https://w3id.org/security/suites/ed25519-2020/v1",
    JWS_2020: "https://w3id.org/security/suites/jws-2020/v1",
    DATA_INTEGRITY: DATA_INTEGRITY_CONTEXT,
}


class SigningRefused(Exception):
    """Signing would make something that does not say what it seems to; `problem` says why in a sentence."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Options:
    """What the signer chooses of a proof.

    `id` is a URL that later proofs of a chain may name; `challenge` and `domain` are what the reader of a
    presentation asked for (Data Integrity 1.0 section 2.1).
    """

    method: str
    purpose: str
    created: datetime
    id: str | None = None
    challenge: str | None = None
    domain: str | None = None


def add_proof(
    document: Mapping[str, Any],
    key: PrivateKey,
    form: EmbeddedForm,
    options: Options,
    *,
    earlier: Earlier = "replace",
    jsonld: JsonLd | None = None,
    unsafe_unmapped: bool = False,
) -> dict[str, Any]:
    """The document with a proof by `key`; the suite's context is added to `@context` when it is missing.

    SigningRefused when the form doesn't fit the key, when a term has no meaning under the contexts (unless
    `unsafe_unmapped`), or when the proofs that it has can't be kept.
    """
    suite = _suite_of(form, key)
    jsonld = jsonld or _own_jsonld()
    kept = () if earlier == "replace" else proofs_of(document)
    contexts = _with_suite_context(document, suite, bool(kept))
    statement = {**unsigned(document), "@context": contexts}
    expansion = jsonld.expand(statement)
    if expansion.dropped and not unsafe_unmapped:
        terms = ", ".join(dropped.term for dropped in expansion.dropped[:5])
        raise SigningRefused(f"the contexts give no meaning to: {terms}")
    proof = _options(suite, form, options)
    previous: Sequence[Mapping[str, Any]] = ()
    if earlier in ("chain", "chain-all"):
        previous = _link(proof, kept, kept if earlier == "chain-all" else kept[-1:])
    signed = SignedDocument(statement, jsonld, expansion, previous)
    if suite == DATA_INTEGRITY:
        cryptosuite = CRYPTOSUITES[form]
        if cryptosuite.json:
            proof["@context"] = contexts
        data = next(signing_inputs(signed, proof, cryptosuite, key.public()))
        proof["proofValue"] = "z" + to_base58btc(key.sign(data))
    else:
        digest = next(signed.digests())
        data = hashed(canonical_options(proof, contexts, jsonld)) + digest
        if suite == ED25519_2020:
            proof["proofValue"] = "z" + to_base58btc(key.sign(data))
        else:
            proof["jws"] = _detached(digest.hex().encode() if form == "jws2020-legacy" else data, key)
    return {**statement, "proof": [*kept, proof] if kept else proof}


def _suite_of(form: EmbeddedForm, key: PrivateKey) -> str:
    if form in CRYPTOSUITES:
        curve, curves = key.public().curve, CRYPTOSUITES[form].curves
        if curve not in curves:
            raise SigningRefused(f"{form} needs a key of {' or '.join(curves)}")
        return DATA_INTEGRITY
    if form != "ed25519-2020":
        return JWS_2020
    if key.algorithm != "EdDSA":
        raise SigningRefused(f"{ED25519_2020} needs an Ed25519 key")
    return ED25519_2020


def _with_suite_context(document: Mapping[str, Any], suite: str, others: bool) -> object:
    context = document.get("@context", [])
    contexts = context if isinstance(context, list) else [context]
    # The context of VC 2.0 defines DataIntegrityProof itself.
    if _SUITE_CONTEXTS[suite] in contexts or (suite == DATA_INTEGRITY and CREDENTIALS_V2 in contexts):
        return context
    if others:
        raise SigningRefused(
            f"the @context lacks {_SUITE_CONTEXTS[suite]}, and adding it would change what others signed"
        )
    return [*contexts, _SUITE_CONTEXTS[suite]]


def _options(suite: str, form: EmbeddedForm, options: Options) -> dict[str, Any]:
    return {
        **({"id": options.id} if options.id else {}),
        "type": suite,
        **({"cryptosuite": form} if suite == DATA_INTEGRITY else {}),
        "created": to_rfc3339(options.created.replace(microsecond=0)),
        "verificationMethod": options.method,
        "proofPurpose": options.purpose,
        **({"challenge": options.challenge} if options.challenge else {}),
        **({"domain": options.domain} if options.domain else {}),
    }


def _link(
    proof: dict[str, Any], kept: Sequence[Mapping[str, Any]], previous: Sequence[Mapping[str, Any]]
) -> Sequence[Mapping[str, Any]]:
    """Let `proof` follow `previous`, of those kept."""
    named = all("id" in each for each in previous)
    if proof["type"] != DATA_INTEGRITY or not previous or not named or len(kept) >= MAX_PROOFS:
        raise SigningRefused(
            f"a chain is made of {DATA_INTEGRITY}s, at most {MAX_PROOFS}, and goes on from those with an id"
        )
    links = [each["id"] for each in previous]
    proof["previousProof"] = links if len(links) > 1 else links[0]
    return previous


def _detached(payload: bytes, key: PrivateKey) -> str:
    header = json.dumps({"alg": key.algorithm, "b64": False, "crit": ["b64"]}, separators=(",", ":"))
    protected = to_base64url(header.encode())
    return f"{protected}..{to_base64url(key.sign(protected.encode('ascii') + b'.' + payload))}"


@lru_cache(maxsize=1)
def _own_jsonld() -> JsonLd:
    return JsonLd(ContextStore())
