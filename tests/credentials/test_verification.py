from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from credentials.contexts import ContextStore
from credentials.encoding import to_base64url
from credentials.identity import digest_of
from credentials.policies import policy_named
from credentials.report import CHECKS, Outcome, Report, Verdict
from credentials.resolving import FirstOf, InlineResolver, ReplayResolver, Resolver
from credentials.signing import (
    did_document,
    did_jwk,
    did_key,
    generate_key,
    inline_method,
    sign_compact,
    sign_credential,
    sign_presentation,
)
from credentials.surroundings import MAX_DIDS
from credentials.times import from_rfc3339
from credentials.verification import Refused, Verified, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
CREATED = NOW - timedelta(days=1)
V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
TAGUS = (
    "https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#"
)
LOIRE = "https://w3id.org/gaia-x/development#"
CONTEXTS = ContextStore()

KEY, OTHER_KEY = generate_key("Ed25519"), generate_key("P-256")
ALICE, MALLORY = did_key(KEY.public()), did_key(OTHER_KEY.public())
METHOD, OTHER_METHOD = inline_method(ALICE), inline_method(MALLORY)

Document = dict[str, Any]


def verifier(policy: str = "default", resolver: Resolver | None = None, **settings: Any) -> Verifier:
    return Verifier(policy_named(policy), resolver or InlineResolver(), CONTEXTS, lambda: NOW, **settings)


DEFAULT, LAB = verifier(), verifier("lab")


def accepted(data: bytes | str, by: Verifier = DEFAULT) -> Verified:
    return by.verify(data.encode() if isinstance(data, str) else data)


def refused(data: bytes | str, by: Verifier = DEFAULT) -> Report:
    with pytest.raises(Refused) as refusal:
        by.verify(data.encode() if isinstance(data, str) else data)
    assert refusal.value.report.verdict is Verdict.REFUSED
    return refusal.value.report


def failures(report: Report) -> list[str]:
    return [check.name for check in report.checks if check.outcome is Outcome.FAILED]


def tagus(**changes: Any) -> Document:
    return {
        "@context": [V1, TAGUS],
        "id": "https://alice.example/credential",
        "type": ["VerifiableCredential"],
        "issuer": ALICE,
        "issuanceDate": "2026-05-01T00:00:00Z",
        "credentialSubject": {
            "id": "https://alice.example/service",
            "type": "gx:ServiceOffering",
            "gx:name": "Compute",
            "gx:policy": ["one", "two"],
        },
        **changes,
    }


def loire(**changes: Any) -> Document:
    return {
        "@context": [V2, LOIRE, {"schema": "https://schema.org/"}],
        "id": "https://alice.example/credential",
        "type": ["VerifiableCredential", "gx:ServiceOffering"],
        "issuer": ALICE,
        "validFrom": "2026-05-01T00:00:00Z",
        "credentialSubject": {
            "id": "https://alice.example/service",
            "type": "gx:ServiceOffering",
            "schema:name": "Compute",
        },
        **changes,
    }


def embedded(document: Document, **options: Any) -> bytes:
    return sign_credential(document, KEY, METHOD, form="ed25519-2020", created=CREATED, **options)


def signed(**changes: Any) -> Document:
    """A signed credential as an object, to be tampered with."""
    loaded: Document = json.loads(embedded(tagus(**changes)))
    return loaded


def token(document: Document, **header: Any) -> str:
    """A VC-JWT or VP-JWT with any header; a value of None leaves the member out."""
    members = {"alg": "EdDSA", "typ": "vc+jwt", "iss": ALICE, "kid": METHOD, **header}
    members = {name: value for name, value in members.items() if value is not None}
    return sign_compact(members, json.dumps(document).encode(), KEY)


def presentation(*members: Any, **changes: Any) -> Document:
    return {
        "@context": [V2],
        "type": ["VerifiablePresentation"],
        "holder": ALICE,
        "verifiableCredential": list(members),
        **changes,
    }


def enveloped(jwt: str, head: str = "data:application/vc+jwt,") -> Document:
    return {"@context": V2, "id": head + jwt, "type": "EnvelopedVerifiableCredential"}


# Reports


@pytest.mark.parametrize("data", [embedded(tagus()), token(loire()), embedded(loire())])
def test_report_has_every_check_in_order_with_a_reason(data: bytes) -> None:
    report = accepted(data).report
    assert tuple(check.name for check in report.checks) == CHECKS
    assert all(check.detail.endswith(".") for check in report.checks)
    done, later = report.checks[:9], report.checks[9:]
    assert {check.outcome for check in done} == {Outcome.PASSED}
    assert {check.outcome for check in later} == {Outcome.NOT_CHECKED}
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_after_an_end_the_rest_says_why_it_was_not_reached() -> None:
    report = refused(b'{"a": 1, "a": 1}')
    assert failures(report) == ["parse"]
    assert {check.detail for check in report.checks[1:]} == {"Not reached: parse failed."}


def test_malformed_is_told_from_found_wanting() -> None:
    for data, malformed in ((b"{", True), (b"hello", True), (b"[]", True), (b"{}", False)):
        with pytest.raises(Refused) as refusal:
            DEFAULT.verify(data)
        assert refusal.value.malformed is malformed


def test_later_checks_say_what_was_there() -> None:
    status = {"id": "https://alice.example/status#1", "type": "BitstringStatusListEntry"}
    report = accepted(embedded(loire(credentialStatus=status))).report
    assert "not fetched" in report.check("status").detail
    assert "no credentialStatus" in accepted(embedded(loire())).report.check("status").detail


# Identity and content


def test_content_id_of_json_is_the_same_however_it_is_written() -> None:
    document = signed()
    again = json.dumps(dict(reversed(document.items())), indent=4)
    first, second = accepted(json.dumps(document)), accepted(again)
    assert first.credentials[0].content_id == second.credentials[0].content_id


def test_content_id_of_a_token_is_that_of_its_signing_input() -> None:
    jwt = token(loire())
    expected = digest_of(jwt.rpartition(".")[0].encode())
    assert accepted(jwt + "\n").report.content_id == expected


@pytest.mark.parametrize(
    ("subject", "id_", "expected"),
    [
        ({"id": "https://alice.example/a"}, "https://alice.example/c", ("https://alice.example/a",)),
        ({}, "https://alice.example/c", ("https://alice.example/c",)),
        ({"id": "_:b0"}, "https://alice.example/c", ("https://alice.example/c",)),
        ({}, None, None),
    ],
)
def test_a_subject_without_id_goes_by_its_credential(
    subject: Document, id_: str | None, expected: tuple[str, ...] | None
) -> None:
    document = tagus(credentialSubject={"gx:name": "x", **subject}, id=id_)
    if id_ is None:
        del document["id"]
    verified = accepted(embedded(document))
    expected = expected or (f"urn:sha256:{verified.report.content_id}",)
    assert verified.credentials[0].subjects == verified.report.subjects == expected


def test_several_subjects_stay_in_order() -> None:
    subjects = [{"id": f"https://alice.example/{n}", "gx:name": "x"} for n in (3, 1, 2, 1)]
    verified = accepted(embedded(tagus(credentialSubject=subjects)))
    assert verified.credentials[0].subjects == tuple(f"https://alice.example/{n}" for n in (3, 1, 2))


def test_sources_are_the_documents_that_were_not_in_the_did() -> None:
    did = "did:web:alice.example"
    raw = json.dumps(did_document(did, {"k": KEY.public()})).encode()
    resolver = FirstOf([InlineResolver(), ReplayResolver({did: raw}, "https")])
    data = sign_credential(tagus(issuer=did), KEY, f"{did}#k", form="ed25519-2020", created=CREATED)
    (source,) = accepted(data, verifier(resolver=resolver)).sources
    assert (source.kind, source.name, source.obtained, source.data) == ("did-document", did, "https", raw)
    assert accepted(embedded(tagus())).sources == ()


# Whose key


def test_anybody_can_sign_anything_but_not_as_somebody_else() -> None:
    data = sign_credential(tagus(), OTHER_KEY, OTHER_METHOD, form="jws2020", created=CREATED)
    report = refused(data, LAB)
    assert report.check("signature").outcome is Outcome.PASSED
    assert failures(report) == ["issuer_binding"]
    assert report.check("purpose").detail == "Not reached: issuer_binding failed."


@pytest.mark.parametrize(
    "issuer",
    ["https://alice.example", "did:web:alice.example", pytest.param(ALICE + "x", id="a longer one")],
)
def test_issuer_must_be_exactly_the_keys_did(issuer: str) -> None:
    assert "issuer_binding" in failures(refused(embedded(tagus(issuer=issuer))))


def test_issuer_may_be_an_object() -> None:
    assert accepted(embedded(tagus(issuer={"id": ALICE}))).report.issuer == ALICE


@pytest.mark.parametrize("place", ["header", "payload"])
def test_iss_must_be_the_issuer(place: str) -> None:
    jwt = token(loire(), iss=MALLORY) if place == "header" else token(loire(iss=MALLORY))
    report = refused(jwt)
    assert failures(report) == ["issuer_binding"]
    assert place in report.check("issuer_binding").detail


@pytest.mark.parametrize(
    ("purpose", "form", "passes"),
    [
        ("assertionMethod", "vc", True),
        ("authentication", "vc", False),
        ("assertionMethod", "vp", True),
        ("authentication", "vp", True),
        ("keyAgreement", "vp", False),
    ],
)
@pytest.mark.parametrize("encoding", ["json", "jwt"])
def test_the_document_must_list_the_key_for_the_purpose(
    purpose: str, form: str, passes: bool, encoding: str
) -> None:
    did = "did:web:alice.example"
    raw: Document = did_document(did, {"k": KEY.public()})
    raw = {name: value for name, value in raw.items() if name not in ("assertionMethod", "authentication")}
    raw[purpose] = [f"{did}#k"]
    resolver = FirstOf([InlineResolver(), ReplayResolver({did: json.dumps(raw).encode()}, "folder")])
    url = f"{did}#k"
    if encoding == "jwt" and form == "vc":
        data = token(loire(issuer=did), iss=did, kid=url).encode()
    elif encoding == "jwt":
        vp = presentation(enveloped(token(loire())), holder=did)
        data = token(vp, typ="vp+jwt", iss=did, kid=url).encode()
    elif form == "vc":
        data = sign_credential(tagus(issuer=did), KEY, url, form="ed25519-2020", created=CREATED)
    else:
        data = sign_presentation(
            [embedded(tagus())], KEY, url, holder=did, form="ed25519-2020", created=CREATED
        )
        if purpose == "assertionMethod":
            return  # the signer signs presentations for authentication only
    check = verifier(resolver=resolver)
    if passes:
        assert accepted(data, check).report.check("purpose").evidence["purpose"] == purpose
    else:
        assert failures(refused(data, check)) == ["purpose"]


def test_a_proof_of_another_purpose_is_refused() -> None:
    document = signed()
    document["proof"]["proofPurpose"] = "authentication"
    assert failures(refused(json.dumps(document))) == ["purpose", "signature"]


def test_an_unresolvable_did_fails_at_the_key() -> None:
    report = refused(token(loire(issuer="did:web:a.example"), iss=None, kid="did:web:a.example#k"))
    assert failures(report) == ["key"]
    assert report.check("key").evidence["temporary"] is False


@pytest.mark.parametrize(
    "kid",
    [None, "", "key-1", "https://alice.example/key", pytest.param(MALLORY + "#nope", id="another's")],
)
def test_a_token_must_name_a_key_that_is_there(kid: str | None) -> None:
    assert "key" in failures(refused(token(loire(), kid=kid)))


def test_a_kid_may_be_relative_to_the_issuer() -> None:
    assert accepted(token(loire(), kid="#" + METHOD.partition("#")[2]))


def test_rs256_needs_the_setting() -> None:
    key = generate_key("RSA-2048")
    did = did_jwk(key.public())
    header = {"alg": "PS256", "typ": "vc+jwt", "kid": inline_method(did)}
    assert accepted(sign_compact(header, json.dumps(loire(issuer=did)).encode(), key))
    claims = to_base64url(json.dumps(loire(issuer=did)).encode())
    text = to_base64url(json.dumps({**header, "alg": "RS256"}).encode()) + "." + claims
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    signature = key.native.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr,call-arg,arg-type]
    jwt = f"{text}.{to_base64url(signature)}"
    assert failures(refused(jwt)) == ["signature"]
    assert accepted(jwt, verifier(allow_rs256=True))


# Time


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({"validFrom": "2026-06-01T12:05:00Z"}, True),
        ({"validFrom": "2026-06-01T12:05:01Z"}, False),
        ({"validUntil": "2026-06-01T12:00:01Z"}, True),
        ({"validUntil": "2026-06-01T12:00:00Z"}, False),
        ({"validFrom": "2026-05-01T00:00:00Z", "validUntil": "2026-05-01T00:00:00Z"}, False),
    ],
)
def test_validity_begins_within_300_seconds_and_ends_at_its_end(changes: Document, passes: bool) -> None:
    jwt = token(loire(**changes))
    if passes:
        assert accepted(jwt)
    else:
        assert failures(refused(jwt)) == ["validity"]


SECONDS = int(NOW.timestamp())


@pytest.mark.parametrize("unit", [1, 1000])
@pytest.mark.parametrize("place", ["header", "payload"])
@pytest.mark.parametrize(
    ("claims", "passes"),
    [
        ({"iat": SECONDS + 300}, True),
        ({"iat": SECONDS + 301}, False),
        ({"nbf": SECONDS + 301}, False),
        ({"exp": SECONDS + 1}, True),
        ({"exp": SECONDS}, False),
        ({"exp": SECONDS - 100}, False),
    ],
)
def test_token_times_count_in_seconds_or_milliseconds(
    claims: dict[str, int], passes: bool, place: str, unit: int
) -> None:
    claims = {name: value * unit for name, value in claims.items()}
    jwt = token(loire(), **claims) if place == "header" else token(loire(**claims))
    if passes:
        assert accepted(jwt)
    else:
        assert failures(refused(jwt)) == ["validity"]


@pytest.mark.parametrize("value", ["1", True, -1, 1e300, [1]])
def test_token_times_must_be_numbers(value: object) -> None:
    assert failures(refused(token(loire(), exp=value))) == ["validity"]


def test_a_proof_from_the_future_is_refused() -> None:
    data = sign_credential(tagus(), KEY, METHOD, form="ed25519-2020", created=NOW + timedelta(seconds=301))
    assert failures(refused(data)) == ["validity"]


def test_an_expired_credential_stays_verifiable_at_its_time() -> None:
    data = token(loire(validUntil="2026-05-10T00:00:00Z")).encode()
    assert failures(refused(data)) == ["validity"]
    assert DEFAULT.verify(data, from_rfc3339("2026-05-05T00:00:00Z")).report.verdict is Verdict.ACCEPTED


# Terms and meaning


def test_unmapped_terms_under_a_proof_are_refused_by_default_and_reported_under_lab() -> None:
    subject = {"id": "https://alice.example/s", "colour": {"deep": 1}, "type": "Nonsense"}
    # Loire's context has a @vocab, under which nothing is unmapped.
    data = embedded(tagus(credentialSubject=subject), unsafe_unmapped=True)
    report = refused(data)
    assert failures(report) == ["terms"]
    found = {(entry["term"], entry["path"]) for entry in report.check("terms").evidence["unmapped"]}
    assert found == {
        ("colour", "/credentialSubject/colour"),
        ("Nonsense", "/credentialSubject/type"),
    }
    assert accepted(data, LAB).report.check("terms").outcome is Outcome.FAILED


@pytest.mark.parametrize("by", [DEFAULT, LAB])
@pytest.mark.parametrize(
    "value",
    [
        {"@value": "x", "@language": 'en> <https://evil.example/p> "forged" .\n<a:b'},
        {"@value": "x", "@language": "en fr"},
        {"@value": "x", "@language": ""},
        {"@id": "https://a.example/> <https://evil.example/p> <https://b.example/"},
        {"@id": "https://a.example/a b"},
        {"@value": "x", "@type": "https://a.example/>"},
        {"@type": 'https://a.example/"'},
        {"https://a.example/<p>": "x"},
    ],
)
def test_what_would_break_out_of_n_quads_is_refused_by_every_policy(value: Document, by: Verifier) -> None:
    for make in (
        lambda subject: json.dumps({**signed(), "credentialSubject": subject}),
        lambda subject: token(loire(credentialSubject=subject)),
    ):
        report = refused(make({"id": "https://alice.example/s", "schema:name": value, "gx:name": value}), by)
        assert failures(report) == ["terms"]
        assert report.check("signature").outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize(
    "inline",
    [
        {"issuers": {"@id": "https://www.w3.org/2018/credentials#issuer", "@container": "@graph"}},
        {"type": "https://evil.example/type"},
        {"VerifiableCredential": "https://evil.example/credential"},
        {"id": "https://evil.example/id"},
        {"@import": V1},
        {"@base": "https://evil.example/"},
        {"gx:name": {"@id": "https://evil.example/n", "@context": {"x": "https://evil.example/x"}}},
        {"behalf": {"@reverse": "https://www.w3.org/2018/credentials#issuer"}},
        {"word": "@graph"},
        {"word": "@type"},
        {"word": "@nonsense"},
        {"did": "https://evil.example/"},
        {"did": {"@id": "https://evil.example/", "@prefix": True}},
        {f"term{number}": "https://alice.example/t" for number in range(300)},
        {"x" * 20_000: "https://alice.example/t"},
        {"x": "https://alice.example/" + "t" * 20_000},
        None,
        7,
    ],
)
@pytest.mark.parametrize("encoding", ["json", "jwt"])
def test_an_inline_context_only_adds_terms(inline: object, encoding: str) -> None:
    if encoding == "json":
        document = signed()
        document["@context"] = [*document["@context"], inline]
        report = refused(json.dumps(document), LAB)
    else:
        report = refused(token(loire(**{"@context": [V2, LOIRE, inline]})), LAB)
    assert failures(report)[0] in ("context", "structure")
    assert report.check("signature").outcome is Outcome.NOT_CHECKED


@pytest.mark.parametrize("member", ["issuer", "credentialSubject", "validFrom"])
def test_an_inline_context_cannot_move_what_counts(member: str) -> None:
    inline = {member: f"https://evil.example/{member}"}
    verified = accepted(token(loire(**{"@context": [V2, LOIRE, {"schema": "https://schema.org/"}, inline]})))
    assert verified.report.issuer == ALICE
    assert verified.report.subjects == ("https://alice.example/service",)


@pytest.mark.parametrize("scheme", ["did", "https", "urn"])
def test_identifier_schemes_are_no_prefixes(scheme: str) -> None:
    report = refused(token(loire(**{"@context": [V2, {scheme: "https://evil.example/"}]})), LAB)
    assert failures(report) == ["context"]


def test_an_issuer_must_mean_what_it_reads() -> None:
    contexts = [V2, {"schema": "https://schema.org/", "alice": "did:web:alice.example#"}]
    report = refused(token(loire(issuer="alice:x", **{"@context": contexts})), LAB)
    assert "change what its issuer" in report.check("structure").detail


def test_a_list_of_one_proof_is_one_proof() -> None:
    document = signed()
    report = accepted(json.dumps({**document, "proof": [document["proof"]]})).report
    assert report == accepted(json.dumps(document)).report


def test_importing_a_shared_context_leaves_no_trace_for_the_next_one() -> None:
    refused(json.dumps({**signed(), "@context": [V1, {"@import": TAGUS, "gx": "https://evil.example/"}]}))
    assert accepted(embedded(tagus()))


@pytest.mark.parametrize(
    "context",
    [["https://unknown.example/v1"], [V1, "https://unknown.example/v1"], [TAGUS, V1], [], "x", {}, None],
)
def test_contexts_are_known_and_begin_with_that_of_credentials(context: object) -> None:
    assert failures(refused(json.dumps({**signed(), "@context": context}))) == ["context"]


def test_a_scoped_unknown_context_is_refused_too() -> None:
    document = signed()
    document["credentialSubject"]["@context"] = "https://unknown.example/v1"
    assert failures(refused(json.dumps(document))) == ["context"]


@pytest.mark.parametrize(
    "changes",
    [
        {"https://www.w3.org/2018/credentials#issuer": {"@id": MALLORY}},
        {"cred:issuer": {"@id": MALLORY}},
        {"https://www.w3.org/2018/credentials#credentialSubject": {"@id": "https://victim.example"}},
        {"https://www.w3.org/2018/credentials#validUntil": "2099-01-01T00:00:00Z"},
        {"@graph": [{"@id": "https://victim.example", "gx:name": "x"}]},
        {"@included": [{"@id": "https://victim.example", "gx:name": "x"}]},
        {"@reverse": {"gx:providedBy": {"@id": "https://victim.example"}}},
    ],
)
def test_a_second_spelling_of_what_counts_is_refused(changes: Document) -> None:
    for data in (json.dumps({**signed(), **changes}), token(loire(**changes))):
        assert failures(refused(data, LAB))[0] in ("structure", "terms")


# Structure


def without(name: str) -> Callable[[Document], Document]:
    return lambda document: {key: value for key, value in document.items() if key != name}


def having(**changes: Any) -> Callable[[Document], Document]:
    return lambda document: {**document, **changes}


@pytest.mark.parametrize(
    "change",
    [
        without("issuer"),
        without("credentialSubject"),
        without("issuanceDate"),
        without("type"),
        without("proof"),
        having(issuer=[ALICE, MALLORY]),
        having(issuer=7),
        having(issuer={"name": "Alice"}),
        having(issuer="alice"),
        having(credentialSubject="https://alice.example/s"),
        having(credentialSubject=[]),
        having(credentialSubject={}),
        having(credentialSubject=[{"id": f"https://alice.example/{n}", "gx:name": "x"} for n in range(101)]),
        having(issuanceDate="yesterday"),
        having(issuanceDate="2026-05-01"),
        having(issuanceDate=["2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"]),
        having(type=["VerifiablePresentation", "VerifiableCredential"]),
        having(type="Thing"),
        having(proof=[]),
        having(proof="x"),
        having(proof={}),
        lambda document: {**document, "proof": [document["proof"]] * 9},
        lambda document: {**document, "proof": {**document["proof"], "verificationMethod": {"id": METHOD}}},
        lambda document: {"@context": document["@context"], "@graph": [without("@context")(document)]},
        lambda document: {"@context": document["@context"], "vc": without("@context")(document)},
    ],
)
def test_incomplete_or_ambiguous_credentials_are_refused(change: Callable[[Document], Document]) -> None:
    for by in (DEFAULT, LAB):
        report = refused(json.dumps(change(signed())), by)
        assert failures(report)[-1] in ("structure", "terms")
        assert report.check("signature").outcome is Outcome.NOT_CHECKED


def test_a_proof_moved_into_the_subject_does_not_count() -> None:
    document = signed()
    document["credentialSubject"]["proof"] = document.pop("proof")
    assert "structure" in failures(refused(json.dumps(document)))


def test_a_proof_moved_to_another_document_fails() -> None:
    other = {**signed(id="https://alice.example/other"), "proof": signed()["proof"]}
    assert failures(refused(json.dumps(other))) == ["signature"]


def test_unknown_members_of_the_proof_are_reported() -> None:
    document = signed()
    document["proof"]["remark"] = "unsigned"
    assert failures(refused(json.dumps(document)))[0] == "terms"


@pytest.mark.parametrize("value", ["Compute!", "", "Compute "])
def test_changing_a_word_breaks_the_signature(value: str) -> None:
    document = signed()
    document["credentialSubject"]["gx:name"] = value
    assert failures(refused(json.dumps(document))) == ["signature"]


# Tokens


@pytest.mark.parametrize(
    "typ", ["vc+jwt", "vc+ld+jwt", "vc+ld+json+jwt", "application/vc+jwt", "VC+JWT", "JWT", None]
)
def test_spellings_of_typ_in_circulation_are_taken(typ: str | None) -> None:
    verified = accepted(token(loire(), typ=typ))
    assert (verified.media_type, verified.encoding) == ("application/vc+jwt", "jwt")


@pytest.mark.parametrize("typ", ["vp+jwt", "catalogue-withdrawal+jwt", "", 7, "at+jwt"])
def test_tokens_of_another_kind_are_refused(typ: object) -> None:
    assert failures(refused(token(loire(), typ=typ))) == ["structure"]


@pytest.mark.parametrize("payload", [b"[]", b'"x"', b"7", b"null", b"", b"{", b'{"a":1,"a":2}'])
def test_a_payload_must_be_one_object(payload: bytes) -> None:
    assert failures(refused(sign_compact({"alg": "EdDSA", "kid": METHOD}, payload, KEY))) == ["parse"]


def test_the_older_jwt_form_is_refused_with_the_way_out() -> None:
    report = refused(token({"iss": ALICE, "vc": loire()}))
    assert "payload" in report.check("structure").detail


def test_a_token_with_a_proof_inside_is_refused() -> None:
    assert failures(refused(token(loire(proof=signed()["proof"])))) == ["structure"]


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "EdDSA", "jwk": KEY.public().jwk()},
        {"alg": "EdDSA", "crit": ["x"], "x": 1},
        {"alg": "EdDSA", "b64": False, "crit": ["b64"]},
        {"alg": "ES256"},
    ],
)
def test_headers_that_choose_their_own_rules_are_refused(header: Document) -> None:
    members = {"typ": "vc+jwt", "kid": METHOD, **header}
    text = f"{to_base64url(json.dumps(members).encode())}.{to_base64url(json.dumps(loire()).encode())}"
    jwt = f"{text}.{to_base64url(KEY.sign(text.encode()))}"
    assert failures(refused(jwt, LAB))[-1] in ("signature", "key")


def test_stripping_a_signature_is_refused() -> None:
    head, payload, _ = token(loire()).split(".")
    assert failures(refused(f"{head}.{payload}.")) == ["signature"]


# Presentations


def vp_jwt(*members: Any, **changes: Any) -> str:
    return token(presentation(*members, **changes), typ="vp+jwt")


def test_a_presentation_is_verified_whole_with_a_report_for_each() -> None:
    data = vp_jwt(
        enveloped(token(loire(id="https://alice.example/1"))),
        json.loads(embedded(loire(id="https://alice.example/2"))),
        enveloped(token(loire(id="https://alice.example/3")), "data:application/vc+ld+json+jwt;"),
        enveloped(quote(embedded(loire(id="https://alice.example/4"))), "data:application/vc,"),
    )
    verified = accepted(data)
    assert (verified.form, verified.media_type) == ("vp", "application/vp+jwt")
    assert [credential.index for credential in verified.credentials] == [0, 1, 2, 3]
    assert [credential.document["id"][-1] for credential in verified.credentials] == ["1", "2", "3", "4"]
    assert [report.content_id for report in verified.report.credentials] == [
        credential.content_id for credential in verified.credentials
    ]
    assert verified.report.content_id not in {c.content_id for c in verified.credentials}
    assert verified.report.subjects == ()


def test_one_bad_credential_refuses_the_whole_presentation() -> None:
    bad = json.loads(embedded(loire()))
    bad["credentialSubject"]["schema:name"] = "forged"
    report = refused(vp_jwt(enveloped(token(loire())), bad))
    assert failures(report) == []
    assert [inner.verdict for inner in report.credentials] == [Verdict.ACCEPTED, Verdict.REFUSED]


def test_a_presentation_signed_by_another_than_its_holder_is_refused() -> None:
    report = refused(vp_jwt(enveloped(token(loire())), holder=MALLORY), LAB)
    assert failures(report) == ["issuer_binding"]


def test_a_presentation_without_holder_is_bound_to_nobody() -> None:
    document = presentation(enveloped(token(loire())))
    del document["holder"]
    report = refused(token(document, typ="vp+jwt"))
    assert "names no holder" in report.check("issuer_binding").detail


@pytest.mark.parametrize("form", ["ed25519-2020", "jws2020", "vp-jwt"])
@pytest.mark.parametrize("encoding", ["json", "jwt"])
def test_presentations_may_mix_encodings(form: Any, encoding: str) -> None:
    members = [embedded(loire()) if encoding == "json" else token(loire()).encode()]
    data = sign_presentation(members, KEY, METHOD, holder=ALICE, form=form, created=CREATED)
    assert len(accepted(data).credentials) == 1


def test_the_same_credential_twice_is_two_entries_with_one_content() -> None:
    data = sign_presentation(
        [embedded(tagus())] * 2, KEY, METHOD, holder=ALICE, form="ed25519-2020", created=CREATED
    )
    first, second = accepted(data).credentials
    assert (first.index, second.index) == (0, 1)
    assert first.content_id == second.content_id


@pytest.mark.parametrize(
    "member",
    [
        "https://alice.example/credential",
        token(loire()),
        7,
        {"@context": V2, "id": "https://alice.example/c", "type": "EnvelopedVerifiableCredential"},
        enveloped(token(loire()), "data:application/octet-stream,"),
        enveloped(token(loire()), "data:application/vc,"),
        enveloped("%7B%7D", "data:application/vc+jwt,"),
        enveloped("%%%", "data:application/vc+jwt;base64,"),
        enveloped(token(presentation(enveloped(token(loire()))), typ="vp+jwt")),
        presentation(enveloped(token(loire()))),
    ],
)
def test_entries_that_are_no_signed_credential_refuse_the_presentation(member: object) -> None:
    report = refused(vp_jwt(member))
    assert any(check.name in ("structure", "parse") for check in report.failed())


@pytest.mark.parametrize("count", [0, 101])
def test_presentations_are_bounded(count: int) -> None:
    assert failures(refused(vp_jwt(*[enveloped("x")] * count))) == ["structure"]


def test_an_unsigned_presentation_is_refused() -> None:
    assert failures(refused(json.dumps(presentation(enveloped(token(loire())))))) == ["structure"]


def test_each_did_is_resolved_once_and_only_so_many() -> None:
    asked: list[str] = []

    class Counting:
        def resolve(self, did: str) -> Any:
            asked.append(did)
            return InlineResolver().resolve(did)

    members = [enveloped(token(loire()))] * 3
    accepted(vp_jwt(*members), verifier(resolver=Counting()))
    assert asked == [ALICE]
    strangers = [
        enveloped(token(loire(issuer=f"did:web:s{n}.example"), iss=None, kid=f"did:web:s{n}.example#k"))
        for n in range(MAX_DIDS + 5)
    ]
    asked.clear()
    refused(vp_jwt(*strangers), verifier(resolver=FirstOf([Counting()])))
    assert len(asked) == MAX_DIDS


def test_tampering_leaves_other_checks_untouched() -> None:
    before: Mapping[str, Any] = signed()
    after = deepcopy(dict(before))
    after["issuer"] = MALLORY
    assert failures(refused(json.dumps(after))) == ["issuer_binding", "signature"]
