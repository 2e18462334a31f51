"""Other implementations verify what is signed here, and what they sign is verified here.

`@digitalbazaar/vc` with its suites and `jose`, on Node: installed by `.ci/install-peers`. `didkit`, a native
program, comes with the test dependencies.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from credentials.contexts import ContextStore
from credentials.encoding import from_base64url, to_base58btc
from credentials.policies import policy_named
from credentials.presenting import NOTHING_ASKED, Asked
from credentials.resolving import InlineResolver
from credentials.signing import (
    PrivateKey,
    did_jwk,
    did_key,
    generate_key,
    inline_method,
    sign_credential,
    sign_presentation,
)
from credentials.times import from_rfc3339
from credentials.verification import Refused, Verifier

pytestmark = pytest.mark.slow

PEERS = Path(__file__).parent / "peers"
PEER_SECONDS = 60
AT = "2026-06-01T12:00:00Z"
NOW = from_rfc3339(AT)
CONTEXTS = ContextStore()
VERIFIER = Verifier(policy_named("default"), InlineResolver(), CONTEXTS, lambda: NOW)
KEYS = {
    kind: generate_key(kind)  # type: ignore[arg-type]
    for kind in ("Ed25519", "P-256", "P-384", "secp256k1", "RSA-2048")
}
FORMS = [
    ("ed25519-2020", "Ed25519"),
    ("eddsa-rdfc-2022", "Ed25519"),
    ("ecdsa-rdfc-2019", "P-256"),
    ("ecdsa-rdfc-2019", "P-384"),
    ("eddsa-jcs-2022", "Ed25519"),
    ("ecdsa-jcs-2019", "P-256"),
    ("ecdsa-jcs-2019", "P-384"),
]
ASKED = Asked("b6e4-challenge", "buyer.example")

Document = dict[str, Any]


def did_of(key: PrivateKey) -> str:
    return did_jwk(key.public()) if key.public().kty == "RSA" else did_key(key.public())


def method_of(key: PrivateKey) -> str:
    return inline_method(did_of(key))


def needed_contexts() -> Document:
    return {
        url: CONTEXTS.document(url)
        for url in CONTEXTS.urls()
        if url.startswith(("https://www.w3.org/", "https://w3id.org/security/", "https://w3id.org/gaia-x/"))
    }


def did_documents() -> Document:
    """What a resolver would give Digital Bazaar's programs for the keys, by URL."""
    found: Document = {}
    for kind, key in KEYS.items():
        did, method = did_of(key), method_of(key)
        if kind == "RSA-2048":
            continue
        found[method] = {
            "@context": "https://w3id.org/security/multikey/v1",
            "id": method,
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": key.public().multibase(),
        }
        found[did] = {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": did,
            "verificationMethod": [found[method]],
            "assertionMethod": [method],
            "authentication": [method],
        }
    return found


def ask(tasks: Sequence[Document]) -> list[Document]:
    """Node's answers to `tasks`, `{"value"}` or `{"error"}` each."""
    if not (PEERS / "node_modules").is_dir() or shutil.which("node") is None:
        unavailable("the peers are not installed; run .ci/install-peers")
    given = {"contexts": needed_contexts(), "documents": did_documents(), "tasks": tasks}
    return run(["node", "peer.mjs"], given)


def ask_didkit(tasks: Sequence[Document]) -> list[Document]:
    """The same of didkit."""
    if importlib.util.find_spec("didkit") is None:
        unavailable(
            "didkit is not installed: it has programs for Linux on x86-64 and Python before 3.13 only"
        )
    return run([sys.executable, "didkit_peer.py"], tasks)


def unavailable(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(command: list[str], given: object) -> list[Document]:
    done = subprocess.run(
        command,
        cwd=PEERS,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=PEER_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers: list[Document] = json.loads(done.stdout)
    return answers


def statement(key: PrivateKey, version: int, number: int = 1) -> Document:
    first, since = (
        ("https://www.w3.org/2018/credentials/v1", "issuanceDate")
        if version == 1
        else ("https://www.w3.org/ns/credentials/v2", "validFrom")
    )
    terms = "https://w3id.org/gaia-x/development#"
    return {
        "@context": [first, terms],
        "type": ["VerifiableCredential"],
        "id": f"https://provider.example/credentials/{number}",
        "issuer": did_of(key),
        since: "2026-05-01T00:00:00Z",
        "credentialSubject": {
            "id": f"https://provider.example/services/{number}",
            "type": "gx:ServiceOffering",
            "schema:name": "Löschteich \u2028 \"'\\",
            "gx:serviceOfferingTermsAndConditions": [
                {"type": "gx:TermsAndConditions", "gx:hash": "a"},
                {"type": "gx:TermsAndConditions", "gx:hash": "b"},
            ],
        },
    }


def signed(form: str, kind: str, version: int) -> Document:
    key = KEYS[kind]
    document = statement(key, version)
    data = sign_credential(document, key, method_of(key), form=form, created=NOW)  # type: ignore[arg-type]
    return dict(json.loads(data))


def presented(form: str, kind: str, version: int) -> Document:
    key = KEYS[kind]
    inner = json.dumps(signed(form, kind, version)).encode()
    data = sign_presentation(
        [inner],
        key,
        method_of(key),
        holder=did_of(key),
        form=form,  # type: ignore[arg-type]
        created=NOW,
        challenge=ASKED.challenge,
        domain=ASKED.domain,
    )
    return dict(json.loads(data))


def signing_task(form: str, kind: str) -> Document:
    key = KEYS[kind]
    task = {
        "form": form,
        "jwk": key.to_jwk(),
        "method": method_of(key),
        "controller": did_of(key),
        "date": "2026-05-31T12:00:00Z",
        "now": AT,
    }
    if kind == "Ed25519":
        seed, public = (from_base64url(key.to_jwk()[name]) for name in ("d", "x"))
        task["ed25519"] = {
            "publicKeyMultibase": key.public().multibase(),
            "privateKeyMultibase": "z" + to_base58btc(b"\x80\x26" + seed + public),
        }
    return task


def accepted(document: Document | str, asked: Asked = NOTHING_ASKED) -> None:
    data = document if isinstance(document, str) else json.dumps(document)
    VERIFIER.verify(data.encode(), asked=asked)


def test_peers_accept_what_is_signed_here() -> None:
    cases = [(form, kind, version) for form, kind in FORMS for version in (1, 2)]
    tasks = []
    for form, kind, version in cases:
        document = signed(form, kind, version)
        forged = {**document, "id": "https://provider.example/credentials/other"}
        asked = {"challenge": ASKED.challenge, "domain": ASKED.domain}
        for operation, each in (("verify", document), ("verify", forged)):
            tasks.append({"operation": operation, "form": form, "now": AT, "document": each})
        presentation = presented(form, kind, version)
        for challenge in (ASKED.challenge, "another"):
            tasks.append(
                {
                    "operation": "verifyPresentation",
                    "form": form,
                    "now": AT,
                    "document": presentation,
                    **asked,
                    "challenge": challenge,
                }
            )
    answers = ask(tasks)
    for number, case in enumerate(cases):
        held, forged, shown, replayed = answers[4 * number : 4 * number + 4]
        assert "value" in held, (case, held)
        assert "error" in forged, case
        assert "value" in shown, (case, shown)
        assert "error" in replayed, case


def test_what_peers_sign_is_accepted_here() -> None:
    cases = [(form, kind, version) for form, kind in FORMS for version in (1, 2)]
    tasks = [
        {**signing_task(form, kind), "operation": "sign", "document": statement(KEYS[kind], version)}
        for form, kind, version in cases
    ]
    made = ask(tasks)
    for case, answer in zip(cases, made, strict=True):
        assert "value" in answer, (case, answer)
        accepted(answer["value"])
        with pytest.raises(Refused):
            accepted({**answer["value"], "id": "https://provider.example/credentials/other"})
    tasks = [
        {
            **signing_task(form, kind),
            "operation": "signPresentation",
            "credentials": [answer["value"]],
            "version": version,
            "challenge": ASKED.challenge,
            "domain": ASKED.domain,
        }
        for (form, kind, version), answer in zip(cases, made, strict=True)
    ]
    for case, answer in zip(cases, ask(tasks), strict=True):
        assert "value" in answer, (case, answer)
        accepted(answer["value"], ASKED)


def test_sets_of_proofs_by_several_signers_go_both_ways() -> None:
    """Digital Bazaar's programs know sets; of chains (`previousProof`) W3C's vectors are what there is."""
    forms = (("eddsa-rdfc-2022", "Ed25519"), ("ecdsa-rdfc-2019", "P-256"))
    (first, issuer), (second, notary) = forms
    key = KEYS[notary]
    once = signed(first, issuer, 2)
    ours = json.loads(
        sign_credential(once, key, method_of(key), form=second, created=NOW, earlier="set")  # type: ignore[arg-type]
    )
    forged = {**ours, "proof": [ours["proof"][0], {**ours["proof"][1], "created": "2026-05-01T00:00:00Z"}]}
    each = {"operation": "verifyEach", "forms": [form for form, _ in forms]}
    held, broken, made = ask(
        [
            {**each, "document": ours},
            {**each, "document": forged},
            {**signing_task(second, notary), "operation": "sign", "document": once},
        ]
    )
    assert "value" in held, held
    assert "error" in broken
    report = VERIFIER.verify(json.dumps(made["value"]).encode()).report
    assert [proof.signer for proof in report.proofs] == [did_of(KEYS[kind]) for _, kind in forms]


def test_tokens_go_both_ways_with_jose() -> None:
    kinds = tuple(KEYS)
    tasks: list[Document] = []
    for kind in kinds:
        key = KEYS[kind]
        document = statement(key, 2)
        token = sign_credential(document, key, method_of(key), form="vc-jwt", created=NOW).decode()
        header = {"alg": key.algorithm, "typ": "vc+jwt", "cty": "vc", "kid": method_of(key)}
        jwk = dict(key.public().jwk())
        tasks += [
            {"operation": "verifyToken", "token": token, "jwk": jwk, "algorithm": key.algorithm},
            {"operation": "signToken", "header": header, "payload": document, "jwk": key.to_jwk()},
        ]
    answers = ask(tasks)
    for number, kind in enumerate(kinds):
        held, made = answers[2 * number : 2 * number + 2]
        assert "value" in held, (kind, held)
        accepted(made["value"])


# didkit knows VC 1.1 and the suites before Data Integrity, and no context but W3C's.
DIDKIT_FORMS = [
    ("JsonWebSignature2020", "jws2020", "Ed25519"),
    ("JsonWebSignature2020", "jws2020", "P-256"),
    ("Ed25519Signature2020", "ed25519-2020", "Ed25519"),
]
SUITE_CONTEXTS = {
    "JsonWebSignature2020": "https://w3id.org/security/suites/jws-2020/v1",
    "Ed25519Signature2020": "https://w3id.org/security/suites/ed25519-2020/v1",
}


def plain_statement(key: PrivateKey, suite: str) -> Document:
    return {
        "@context": ["https://www.w3.org/2018/credentials/v1", SUITE_CONTEXTS[suite]],
        "type": ["VerifiableCredential"],
        "id": "https://provider.example/credentials/1",
        "issuer": did_of(key),
        "issuanceDate": "2026-05-01T00:00:00Z",
        "credentialSubject": {
            "id": "https://provider.example/services/1",
            "https://schema.org/name": "Löschteich",
        },
    }


def test_older_suites_go_both_ways_with_didkit() -> None:
    tasks: list[Document] = []
    for suite, form, kind in DIDKIT_FORMS:
        key = KEYS[kind]
        document = plain_statement(key, suite)
        ours = sign_credential(document, key, method_of(key), form=form, created=NOW)  # type: ignore[arg-type]
        signed_here = json.loads(ours)
        tasks += [
            {"operation": "verify", "document": signed_here},
            {"operation": "verify", "document": {**signed_here, "id": "https://provider.example/other"}},
            {
                "operation": "sign",
                "suite": suite,
                "document": document,
                "jwk": key.to_jwk(),
                "method": method_of(key),
                "date": "2026-05-31T12:00:00Z",
            },
        ]
    answers = ask_didkit(tasks)
    for number, case in enumerate(DIDKIT_FORMS):
        held, forged, made = answers[3 * number : 3 * number + 3]
        assert "value" in held, (case, held)
        assert "error" in forged, case
        accepted(made["value"])
