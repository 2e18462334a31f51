"""What an attacker can send, against every form of signature: refused for the right reason, in little time.

Times are the processor time of this thread, so that a busy machine doesn't count. Elsewhere: forged quads and
in-line contexts (`test_verification`), keys (`test_keys`, wycheproof), fetching (`tests/catalogue`).
"""

from __future__ import annotations

import copy
import gc
import hmac
import itertools
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from pyld import jsonld as pyld

from credentials.contexts import ContextStore
from credentials.encoding import to_base64url
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from credentials.policies import policy_named
from credentials.report import Outcome, Report
from credentials.resolving import FirstOf, InlineResolver, ReplayResolver
from credentials.signing import (
    CredentialForm,
    did_document,
    did_key,
    generate_key,
    inline_method,
    sign_compact,
    sign_credential,
    sign_presentation,
)
from credentials.times import from_rfc3339
from credentials.verification import Refused, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
ALICE, MALLORY = generate_key("Ed25519"), generate_key("Ed25519")
P256 = generate_key("P-256")
STORE = ContextStore()
JSONLD = JsonLd(STORE)
FORMS: tuple[CredentialForm, ...] = ("eddsa-rdfc-2022", "eddsa-jcs-2022", "ed25519-2020", "jws2020", "vc-jwt")
EMBEDDED = FORMS[:-1]


@pytest.fixture(autouse=True)
def _others_garbage_stays_out_of_it() -> Iterator[None]:
    """What thousands of tests before have left in this process isn't collected while a refusal is timed."""
    gc.disable()
    yield
    gc.enable()


#: Seconds of processor time for one refusal; for graphs made to be hard half a second.
LIMIT, LIMIT_FOR_GRAPHS = 0.1, 0.5
#: Bytes that a refusal may take at its height, beside what it was sent.
MEMORY = 32_000_000

Document = dict[str, Any]


def did(key: Any) -> str:
    return did_key(key.public())


def statement(**members: Any) -> Document:
    return {
        "@context": [V2],
        "type": ["VerifiableCredential"],
        "id": "https://alice.example/credential",
        "issuer": did(ALICE),
        "validFrom": "2026-05-01T00:00:00Z",
        "credentialSubject": {"id": "https://alice.example/service", "type": "https://alice.example/Service"},
        **members,
    }


def signed(form: CredentialForm, key: Any = ALICE, **members: Any) -> bytes:
    return sign_credential(statement(**members), key, inline_method(did(key)), form=form, created=NOW)


def embedded(form: CredentialForm, key: Any = ALICE, **members: Any) -> Document:
    return dict(json.loads(signed(form, key, **members)))


def token(payload: Document | bytes, header: Mapping[str, Any] | None = None, key: Any = ALICE) -> bytes:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    full = {"alg": key.algorithm, "typ": "vc+jwt", "kid": inline_method(did(key)), **(header or {})}
    return sign_compact(full, data, key).encode()


def refused(data: bytes | Document, resolver: Any = None, limit: float = LIMIT) -> Report:
    """The report; under no policy is it accepted, and it takes no longer than `limit`."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    reports = []
    for policy in ("default", "lab"):
        verifier = Verifier(policy_named(policy), resolver or InlineResolver(), STORE, lambda: NOW)
        started = time.thread_time()
        with pytest.raises(Refused) as refusal:
            verifier.verify(raw)
        assert time.thread_time() - started < limit
        reports.append(refusal.value.report)
    return reports[0]


def failures(report: Report) -> list[str]:
    return [check.name for check in report.checks if check.outcome is Outcome.FAILED]


# Wrapping: a signature that holds, around something else


@pytest.mark.parametrize("form", EMBEDDED)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda document: {"@context": document["@context"], "@graph": [document]},
        lambda document: {**statement(), "@context": document["@context"], "@graph": [document]},
        lambda document: {**statement(), "@context": document["@context"], "@included": [document]},
        lambda document: {**statement(), "credentialSubject": document},
        lambda document: {**statement(), "evidence": document},
        lambda document: {**statement(), "issuer": {"id": did(ALICE), "proof": document["proof"]}},
        lambda document: {"proof": document},
        lambda document: [document],
    ],
)
def test_signature_inside_something_else_does_not_count_for_it(
    form: CredentialForm, wrap: Callable[[Document], Any]
) -> None:
    document = embedded(form)
    assert failures(refused(json.dumps(wrap(document)).encode()))


@pytest.mark.parametrize("form", EMBEDDED)
def test_victims_proof_on_other_content_is_refused(form: CredentialForm) -> None:
    genuine, other = embedded(form), embedded(form, MALLORY, issuer=did(MALLORY))
    assert failures(refused({**other, "proof": genuine["proof"]})) == ["issuer_binding", "signature"]
    mine = {
        **genuine,
        "credentialSubject": {"id": "https://mallory.example/s", "type": "https://m.example/T"},
    }
    assert failures(refused(mine)) == ["signature"]
    assert failures(refused({**genuine, "issuer": did(MALLORY)})) == ["issuer_binding", "signature"]


@pytest.mark.parametrize("form", EMBEDDED)
def test_own_proof_beside_the_victims_gives_no_right_to_change_a_word(form: CredentialForm) -> None:
    genuine = embedded(form)
    changed = {name: value for name, value in genuine.items() if name != "proof"}
    changed["credentialSubject"] = {"id": "https://mallory.example/s", "type": "https://mallory.example/T"}
    mine = json.loads(sign_credential(changed, MALLORY, inline_method(did(MALLORY)), form=form, created=NOW))
    for proofs in ([genuine["proof"], mine["proof"]], [mine["proof"], genuine["proof"]]):
        assert failures(refused({**mine, "proof": proofs})) == ["signature"]


@pytest.mark.parametrize("form", FORMS)
def test_credential_swapped_inside_a_presentation_is_refused(form: CredentialForm) -> None:
    outer = "vp-jwt" if form == "vc-jwt" else form
    inner = [signed(form), signed(form, id="https://alice.example/other")]
    data = sign_presentation(
        inner[:1],
        ALICE,
        inline_method(did(ALICE)),
        holder=did(ALICE),
        form=outer,  # type: ignore[arg-type]
        created=NOW,
    )
    if form == "vc-jwt":
        other = sign_presentation(
            inner[1:], ALICE, inline_method(did(ALICE)), holder=did(ALICE), form="vp-jwt", created=NOW
        )
        head, _, signature = data.split(b".")
        assert failures(refused(head + b"." + other.split(b".")[1] + b"." + signature)) == ["signature"]
        return
    presentation = json.loads(data)
    presentation["verifiableCredential"] = [json.loads(inner[1])]
    report = refused(presentation)
    assert failures(report) == ["signature"]
    assert failures(report.credentials[0]) == []


# Tokens


def unsigned_token(header: Mapping[str, Any], signature: bytes = b"") -> bytes:
    head, body = (to_base64url(json.dumps(part).encode()) for part in (header, statement()))
    return f"{head}.{body}.{to_base64url(signature)}".encode()


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", None, 7, ["EdDSA"], "HS256", "HS512", "eddsa"]
)
def test_token_without_an_algorithm_for_signatures_is_refused(algorithm: object) -> None:
    report = refused(unsigned_token({"alg": algorithm, "kid": inline_method(did(ALICE))}))
    assert failures(report) == ["signature"]


@pytest.mark.parametrize("form", ["raw", "pem", "jwk"])
def test_public_key_is_no_secret_to_sign_with(form: str) -> None:
    native = P256.public().native
    secret = {
        "raw": native.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
        "pem": native.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "jwk": json.dumps(P256.public().jwk()).encode(),
    }[form]
    header = {"alg": "HS256", "kid": inline_method(did(P256))}
    text = unsigned_token(header).rsplit(b".", 1)[0]
    mac = hmac.digest(secret, text, "sha256")
    assert failures(refused(text + b"." + to_base64url(mac).encode())) == ["signature"]


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES256K", "PS256", "RS256", "EdDSA"])
@pytest.mark.parametrize("kind", ["Ed25519", "P-256", "P-384", "secp256k1"])
def test_algorithm_of_another_key_is_refused(kind: Any, algorithm: str) -> None:
    key = generate_key(kind)
    if key.algorithm == algorithm:
        return
    document = statement(issuer=did(key))
    head = to_base64url(json.dumps({"alg": algorithm, "kid": inline_method(did(key))}).encode())
    text = f"{head}.{to_base64url(json.dumps(document).encode())}"
    data = f"{text}.{to_base64url(key.sign(text.encode()))}".encode()
    assert failures(refused(data)) == ["signature"]


@pytest.mark.parametrize(
    ("header", "check"),
    [
        ({"jwk": MALLORY.public().jwk()}, "key"),
        ({"b64": False, "crit": ["b64"]}, "signature"),
        ({"crit": ["exp"], "exp": 1}, "signature"),
        ({"crit": []}, "signature"),
        ({"crit": ["b64"]}, "signature"),
        ({"kid": inline_method(did(MALLORY))}, "issuer_binding"),
        ({"iss": did(MALLORY)}, "issuer_binding"),
        ({"x5c": ["MIIB"] * 100_000}, "parse"),
        ({"exp": 1_000_000_000_000}, "validity"),
    ],
)
def test_header_that_points_elsewhere_is_refused(header: Document, check: str) -> None:
    assert check in failures(refused(token(statement(), header)))


def test_kid_of_another_did_is_refused_though_the_key_signed() -> None:
    assert failures(refused(token(statement(), key=MALLORY))) == ["issuer_binding"]


# Keys in DID documents


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"expires": "2026-05-31T00:00:00Z"}, "key"),
        ({"revoked": "2026-05-31T00:00:00Z"}, "key"),
        ({"revoked": "not a time"}, "key"),
        ({"controller": "did:web:other.example"}, "key"),
        ({"publicKeyMultibase": MALLORY.public().multibase()}, "key"),
        ({"assertionMethod": []}, "purpose"),
        ({"assertionMethod": [], "authentication": ["did:web:alice.example#k"]}, "purpose"),
        ({"assertionMethod": ["did:web:other.example#k"]}, "purpose"),
        ({"capabilityInvocation": ["did:web:alice.example#k"], "assertionMethod": []}, "purpose"),
    ],
)
def test_key_that_may_not_be_used_any_more_or_for_this_is_refused(
    form: CredentialForm, change: Document, check: str
) -> None:
    name = "did:web:alice.example"
    document = did_document(name, {"k": ALICE.public()})
    for member, value in change.items():
        if member in ("assertionMethod", "authentication", "capabilityInvocation"):
            document[member] = value
        else:
            document["verificationMethod"][0][member] = value
    resolver = FirstOf([InlineResolver(), ReplayResolver({name: json.dumps(document).encode()}, "https")])
    data = sign_credential(statement(issuer=name), ALICE, name + "#k", form=form, created=NOW)
    assert check in failures(refused(data, resolver))


# Bytes


def deep(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    "data",
    [
        b'{"issuer": "did:web:a.example", "issuer": "did:web:b.example"}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": "\\u0000"}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        b'{"a": 1' + b"0" * 400 + b"}",
        b'{"a": 1e400}',
        b'{"a": 9007199254740993}',
        b'{"a": NaN}',
        deep(10_000),
        b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"a": "' + b"x" * 10_000_000 + b'"}',
        b'{"a": [' + b",".join([b'{"c": "0123456789012345678901234567890123456789"}'] * 100_000) + b"]}",
        b"<?xml version='1.0'?><credential/>",
        b"<!doctype html><html></html>",
        b"",
        b"null",
        b"eyJ.e30." + b"A" * 900_000,
        b"." * 900_000,
        b"a." * 400_000,
    ],
    ids=lambda data: repr(data[:24]),
)
def test_bytes_that_no_credential_has_are_refused_unread(data: bytes) -> None:
    tracemalloc.start()
    try:
        # Under the tracer everything takes several times as long.
        report = refused(data, limit=10 * LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY
    assert failures(report) in (["parse"], ["signature"])
    refused(data)


@pytest.mark.parametrize("form", ["eddsa-jcs-2022", "vc-jwt"])
def test_hundred_thousand_claims_are_refused_however_they_are_signed(form: CredentialForm) -> None:
    claims = {f"https://alice.example/p{number}": "0123456789" for number in range(25_000)}
    document = statement(credentialSubject={"id": "https://alice.example/s", **claims})
    if form == "vc-jwt":
        data = token(document)
    else:
        data = json.dumps({**document, "proof": embedded(form)["proof"]}).encode()
    assert len(data) > 1_000_000
    assert failures(refused(data)) == ["parse"]


# Graphs


P = "https://e.example/p"


def clique(size: int) -> list[Document]:
    return [
        {
            "id": f"_:n{one}",
            "https://e.example/p": [{"id": f"_:n{other}"} for other in range(size) if other != one],
        }
        for one in range(size)
    ]


def cycle(size: int) -> list[Document]:
    return [
        {
            "id": f"_:n{one}",
            "https://e.example/p": [{"id": f"_:n{(one + step) % size}"} for step in (1, size - 1)],
        }
        for one in range(size)
    ]


@pytest.mark.parametrize(
    "nodes", [clique(8), clique(12), cycle(60), cycle(300)], ids=["8", "12", "60", "300"]
)
@pytest.mark.parametrize("form", EMBEDDED)
def test_graph_made_to_be_hard_is_given_up_on(form: CredentialForm, nodes: list[Document]) -> None:
    subject = {"id": "https://alice.example/s", "https://e.example/all": nodes}
    document = {**embedded(form), "credentialSubject": subject}
    assert failures(refused(document, limit=LIMIT_FOR_GRAPHS)) == ["structure"]


# Contexts and terms


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "inline",
    [
        {"credentialSubject": "https://evil.example/subject"},
        {"issuer": {"@id": "https://evil.example/issuer", "@type": "@id"}},
        {"issuer": None},
        {"type": "https://evil.example/type"},
        {"@type": "https://evil.example/type"},
        {"id": "@type"},
        {"subject": "https://www.w3.org/2018/credentials#credentialSubject"},
        {"did": "https://evil.example/"},
        {"@vocab": "https://evil.example/", "@base": "https://evil.example/"},
        {"@import": "https://evil.example/context"},
        {"x": {"@id": "https://e.example/x", "@context": {"issuer": "https://evil.example/i"}}},
        {"x": {"@reverse": "https://www.w3.org/2018/credentials#credentialSubject"}},
        {"x": "@graph"},
        None,
    ],
    ids=str,
)
def test_context_that_would_move_what_counts_changes_nothing_or_is_refused(
    form: CredentialForm, inline: object
) -> None:
    document = statement()
    document["@context"] = [*document["@context"], inline]
    if isinstance(inline, dict) and "subject" in inline:
        document["subject"] = {"id": "https://mallory.example/s"}
    if form == "vc-jwt":
        data = token(document)
    else:
        genuine = embedded(form)
        document["@context"] = [*genuine["@context"], inline]
        data = json.dumps({**document, "proof": genuine["proof"]}).encode()
    verifier = Verifier(policy_named("default"), InlineResolver(), STORE, lambda: NOW)
    try:
        read = dict(verifier.verify(data).credentials[0].document)
    except Refused as refusal:
        found = set(failures(refusal.report))
    else:
        # Redefined outside, a word keeps its meaning inside; a proof over JSON doesn't read what was added.
        found = {"context"} if interpret(read, JSONLD) == interpret(statement(), JSONLD) else set()
    assert found & {"context", "structure", "terms", "signature"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "value",
    [
        {"@value": "x", "@language": 'en . <https://e.example/s> <https://e.example/p> "forged'},
        {"@value": "x", "@language": "en\n"},
        {"@value": "x", "@type": "https://e.example/> <https://e.example/x"},
        {"id": "https://e.example/a> <https://e.example/p> <https://e.example/b"},
        {"id": "https://e.example/ space"},
        {"type": "https://e.example/\u0000".replace("\u0000", "\x01")},
    ],
    ids=str,
)
def test_text_that_would_forge_a_quad_is_refused(form: CredentialForm, value: Document) -> None:
    document = statement()
    document["credentialSubject"]["https://e.example/p"] = value
    if form == "vc-jwt":
        data = token(document)
    else:
        data = json.dumps({**document, "proof": embedded(form)["proof"]}).encode()
    assert "terms" in failures(refused(data))


KEYWORDS = sorted(
    {*pyld.KEYWORDS, "@identifier", "@foo", "@Graph", "@None", "@"} - {"@context", "@type", "@id"}
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("term", KEYWORDS)
def test_term_that_looks_like_a_keyword_is_not_swallowed(form: CredentialForm, term: str) -> None:
    for value in (
        "x",
        True,
        ["x"],
        {"id": "https://mallory.example/x"},
        {"@id": "https://mallory.example/x"},
    ):
        document = statement()
        document["credentialSubject"][term] = value
        if form == "vc-jwt":
            data = token(document)
        else:
            data = json.dumps({**document, "proof": embedded(form)["proof"]}).encode()
        verifier = Verifier(policy_named("default"), InlineResolver(), STORE, lambda: NOW)
        if form == "vc-jwt":
            # Signed as bytes: told, and read as nothing.
            try:
                terms = verifier.verify(data).report.check("terms")
            except Refused:
                continue
            assert terms.evidence["unmapped"]
            continue
        with pytest.raises(Refused) as refusal:
            verifier.verify(data)
        assert set(failures(refusal.value.report)) & {"context", "terms", "structure"}, value


# Proofs themselves


@pytest.mark.parametrize("form", EMBEDDED)
@pytest.mark.parametrize(
    "changes",
    [
        {"verificationMethod": "did:key:" + "z" * 1_000_000},
        {"verificationMethod": "did:key:z" + "6" * 4_000},
        {"verificationMethod": "did:jwk:" + "e" * 4_000},
        {"proofValue": "z" + "6" * 500_000, "jws": "z" + "6" * 500_000},
        {"created": "2" * 100_000},
        {"proofPurpose": "a" * 500_000},
        {"domain": ["d"] * 10_000},
        {"nonce": {"@id": "x"}},
        {"previousProof": ["urn:uuid:x"] * 10_000},
        {"@graph": []},
        {"type": "x" * 100_000},
        {"cryptosuite": "x" * 100_000},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_proof_made_to_cost_or_confuse_is_refused(form: CredentialForm, changes: Document) -> None:
    document = copy.deepcopy(embedded(form))
    document["proof"] = {**document["proof"], **changes}
    started = time.thread_time()
    with pytest.raises(Refused):
        Verifier(policy_named("default"), InlineResolver(), STORE, lambda: NOW).verify(
            json.dumps(document).encode()
        )
    assert time.thread_time() - started < LIMIT


def test_every_cut_of_a_signed_document_is_refused_with_a_report() -> None:
    for form in FORMS:
        data = signed(form)
        for end in itertools.chain(range(0, len(data) - 1, 37), (len(data) - 1,)):
            assert failures(refused(data[:end])) or form == "vc-jwt"
