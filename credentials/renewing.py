"""Signing anew, with a new key, what an issuer once signed with another: after a key was changed or lost.

What is signed anew comes back from a node, which might hand out something else. So it must carry a signature
by a key that the issuer says was its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from credentials.contexts import CREDENTIALS_V1, ContextStore
from credentials.encoding import to_base64url
from credentials.envelope import Envelope
from credentials.keys import PublicKey
from credentials.policies import policy_named
from credentials.private_keys import PrivateKey
from credentials.report import Outcome
from credentials.resolving import ReplayResolver
from credentials.signing import CredentialForm, sign_credential
from credentials.times import to_rfc3339
from credentials.verification import Refused, Verifier

#: The form that goes with an embedded proof, by its type or cryptosuite, where the new key fits it.
_FORMS: Mapping[str, tuple[CredentialForm, str]] = {
    "Ed25519Signature2020": ("ed25519-2020", "OKP"),
    "eddsa-rdfc-2022": ("eddsa-rdfc-2022", "OKP"),
    "eddsa-jcs-2022": ("eddsa-jcs-2022", "OKP"),
    "ecdsa-rdfc-2019": ("ecdsa-rdfc-2019", "EC"),
    "ecdsa-jcs-2019": ("ecdsa-jcs-2019", "EC"),
}
_CONTEXTS = ContextStore()
#: The form that fits every kind of key.
_ANY_KEY: CredentialForm = "jws2020"


class NotSignedBefore(Exception):
    """None of the old keys has signed this: it isn't the issuer's word, or another key is needed."""

    def __init__(self, issuer: str) -> None:
        super().__init__(f"none of the old keys signed this for {issuer[:200]}")
        self.issuer = issuer


def renew(
    statement: Envelope,
    issuer: str,
    old_keys: Sequence[PublicKey],
    key: PrivateKey,
    method: str,
    now: datetime,
) -> bytes:
    """The same statement, valid from `now`, signed with `key`, which `method` (a DID URL of `issuer`) names.

    The form is that of the old signature where the key fits it. Raises `NotSignedBefore`, SigningRefused.
    """
    if not any(_signed_by(statement, issuer, old, now) for old in old_keys):
        raise NotSignedBefore(issuer)
    document = dict(statement.claims)
    contexts = document.get("@context")
    first = contexts[0] if isinstance(contexts, list) and contexts else contexts
    start = to_rfc3339(now.replace(microsecond=0))
    names = ("issuanceDate",) if first == CREDENTIALS_V1 else ("validFrom",)
    for name in (*names, *(name for name in ("issuanceDate", "validFrom") if name in document)):
        document[name] = start
    return sign_credential(document, key, method, form=_form(statement, key), created=now)


def _form(statement: Envelope, key: PrivateKey) -> CredentialForm:
    if statement.jws is not None:
        return "vc-jwt"
    proof = statement.proofs[0] if statement.proofs else {}
    name = proof.get("cryptosuite", proof.get("type"))
    form, kind = _FORMS.get(name, (_ANY_KEY, key.public().kty)) if isinstance(name, str) else (_ANY_KEY, "")
    return form if kind == key.public().kty else _ANY_KEY


def _signed_by(statement: Envelope, issuer: str, key: PublicKey, now: datetime) -> bool:
    """Whether the statement is `issuer`'s, and the key has signed it. When that was plays no part."""
    methods = list(dict.fromkeys(_methods(statement, issuer)))
    document = {
        "id": issuer,
        "verificationMethod": [
            {"id": each, "type": "JsonWebKey2020", "controller": issuer, "publicKeyJwk": key.jwk()}
            for each in methods
        ],
        "assertionMethod": methods,
    }
    verifier = Verifier(
        policy_named("lab"),
        ReplayResolver({issuer: json.dumps(document).encode()}, "folder"),
        _CONTEXTS,
        lambda: now,
        allow_rs256=True,
    )
    try:
        report = verifier.verify(_bytes(statement)).report
    except Refused as refused:
        report = refused.report
    return all(
        report.check(name).outcome is Outcome.PASSED for name in ("issuer_binding", "purpose", "signature")
    )


def _methods(statement: Envelope, issuer: str) -> Iterator[str]:
    """The names under which the old key may stand in the signatures."""
    if statement.jws is not None:
        kid = statement.jws.header.get("kid")
        if isinstance(kid, str):
            yield f"{issuer}{kid}" if kid.startswith("#") else kid
    for proof in statement.proofs:
        name: Any = proof.get("verificationMethod")
        if isinstance(name, str):
            yield name


def _bytes(statement: Envelope) -> bytes:
    if statement.jws is None:
        return json.dumps(dict(statement.document)).encode()
    return statement.jws.signing_input + b"." + to_base64url(statement.jws.signature).encode("ascii")
