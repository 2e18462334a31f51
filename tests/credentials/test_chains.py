"""Who vouches for a key: certificate chains, honest, broken and hostile."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from certificates import ANY_POLICY, EV, HOST, NOW, QUALIFIED, Authority, pem, root, with_sha1, x5c
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from credentials.chains import MAX_CERTIFICATES
from credentials.contexts import ContextStore
from credentials.outside import Outside
from credentials.policies import policy_named
from credentials.report import Check, Outcome, Report
from credentials.resolving import Fetched, FetchFailed, FirstOf, InlineResolver, ReplayResolver
from credentials.signing import did_document, did_key, generate_key, inline_method, sign_credential
from credentials.trust_anchors import Anchor, AnchorsUnusable, Profile, TrustAnchors
from credentials.verification import Refused, Verified, Verifier

DID = f"did:web:{HOST}"
KEY = generate_key("P-256")
NATIVE = KEY.public().native
URL = f"https://{HOST}/chain.pem"
CONTEXTS = ContextStore()

CA = root()
#: For signatures on documents, not on certificates.
SIGNING_USAGE = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
MIDDLE = CA.issue("Middle")

Made = x509.Certificate | Authority


def document(chain: Sequence[Made] = (), *, did: str = DID, url: str | None = None, **jwk: object) -> bytes:
    made = did_document(did, {"k": KEY.public()}, x5u=url, x5c=x5c(*chain))
    made["verificationMethod"][0]["publicKeyJwk"] |= jwk
    return json.dumps(made).encode()


def signed(*, did: str = DID, days: int = 0) -> bytes:
    created = NOW + timedelta(days=days)
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
        "type": ["VerifiableCredential", "gx:ServiceOffering"],
        "issuer": did,
        "validFrom": created.isoformat(),
        "credentialSubject": {"id": "https://p.example/o", "type": "gx:ServiceOffering", "gx:name": "N"},
    }
    return sign_credential(credential, KEY, f"{did}#k", form="vc-jwt", created=created)


def anchors(*authorities: Authority, profile: Profile = Profile.LAB) -> TrustAnchors:
    return TrustAnchors([Anchor(profile, authority.certificate) for authority in authorities])


class Answers:
    """An outside of fixed pages, which counts what it was asked."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def fetch(self, url: str, *, accept: str, max_bytes: int, not_before: object = None) -> Fetched:
        self.asked.append(url)
        if url not in self.pages:
            raise FetchFailed(url, "the answer is 503, not 200", temporary=True)
        return Fetched(self.pages[url], "", url, NOW)


def verify(
    did_doc: bytes,
    trusted: TrustAnchors | None,
    *,
    did: str = DID,
    days: int = 0,
    policy: str = "lab",
    outside: Outside | None = None,
    data: bytes | None = None,
) -> Verified:
    verifier = Verifier(
        policy_named(policy),
        ReplayResolver({did: did_doc}, "https"),
        CONTEXTS,
        lambda: NOW,
        anchors=trusted,
        outside=outside,
    )
    return verifier.verify(data or signed(did=did, days=days))


def chain_of(chain: Sequence[Made], trusted: TrustAnchors | None = None, **options: object) -> Check:
    return report(chain, trusted, **options).check("chain")


def report(chain: Sequence[Made], trusted: TrustAnchors | None = None, **options: object) -> Report:
    return verify(document(chain), trusted or anchors(CA), **options).report  # type: ignore[arg-type]


# What holds


def test_chain_that_leads_to_an_anchor_passes_and_says_what_it_rests_on() -> None:
    check = chain_of([MIDDLE.leaf(NATIVE), MIDDLE], policy="default")
    assert (check.outcome, check.evidence["profile"]) == (Outcome.PASSED, "lab")
    assert check.evidence["anchor"] == "CN=Root"
    assert check.evidence["at_signing"]["outcome"] == check.evidence["now"]["outcome"] == "passed"
    assert check.evidence["revocation"]["outcome"] == "not_checked"


def test_presented_order_of_intermediates_and_strangers_among_them_do_not_matter() -> None:
    inner = MIDDLE.issue("Inner")
    chain = [inner.leaf(NATIVE), root("Stranger"), MIDDLE, CA, inner]
    assert chain_of(chain).outcome is Outcome.PASSED


def test_cross_signed_intermediate_leads_to_the_anchor_that_is_trusted() -> None:
    other = root("Other")
    cross = other.issue("Middle", key=MIDDLE.key)
    assert chain_of([MIDDLE.leaf(NATIVE), MIDDLE, cross], anchors(other)).outcome is Outcome.PASSED


def test_chain_behind_x5u_is_fetched_once_and_kept_with_its_anchor() -> None:
    outside = Answers({URL: pem(MIDDLE.leaf(NATIVE), MIDDLE)})
    verified = verify(document(url=URL), anchors(CA), outside=outside, policy="default")
    assert verified.report.check("chain").outcome is Outcome.PASSED
    assert outside.asked == [URL]
    kept = {source.kind: source for source in verified.sources}
    assert kept["chain"].name == URL
    assert kept["trust-anchor"].data == pem(CA)


def test_without_anchors_a_chain_is_not_checked_and_nothing_is_fetched() -> None:
    outside = Answers({})
    found = verify(document(url=URL), None, outside=outside, policy="default").report
    assert found.check("chain").outcome is Outcome.NOT_CHECKED
    assert "no trust anchors" in found.check("chain").detail
    assert outside.asked == []


def test_a_key_without_a_chain_is_not_held_against_anchors() -> None:
    assert chain_of([], policy="default").outcome is Outcome.NOT_CHECKED


# What fails, in words


@pytest.mark.parametrize(
    ("make", "missing", "word"),
    [
        (lambda: [MIDDLE.leaf(NATIVE)], "intermediate", "CN=Middle"),
        (lambda: [root("Foreign").leaf(NATIVE)], "intermediate", "CN=Foreign"),
        (lambda: (lambda r: [r.leaf(NATIVE), r])(root("Foreign")), "root", "cross-signed"),
        (lambda: [MIDDLE.leaf(NATIVE, days=(-30, -1)), MIDDLE], "date", "Renew"),
        (lambda: [MIDDLE.leaf(NATIVE, days=(1, 9)), MIDDLE], "date", "begins"),
        (lambda: [MIDDLE.leaf(generate_key("P-256").public().native), MIDDLE], "key", "another key"),
        (lambda: [MIDDLE.leaf(NATIVE, authority=True), MIDDLE], "usage", "authority's"),
        (lambda: [with_sha1(MIDDLE.leaf(NATIVE)), MIDDLE], "algorithm", "SHA1"),
        (lambda: [root("Root").leaf(NATIVE)], "root", "doesn't hold"),
        (
            lambda: (lambda m: [m.leaf(NATIVE), m])(CA.issue("NoAuthority", is_authority=False)),
            "usage",
            "without being an authority",
        ),
        (
            lambda: (lambda m: [m.leaf(NATIVE), m])(
                CA.issue("NoSigner", extensions=[(SIGNING_USAGE, True)]),
            ),
            "usage",
            "without being an authority",
        ),
        (
            lambda: (lambda m: [m.issue("Inner").leaf(NATIVE), m])(CA.issue("M")),
            "intermediate",
            "CN=Inner",
        ),
        (
            lambda: (lambda m, i: [i.leaf(NATIVE), i, m])(
                short := CA.issue("Short", path_length=0), short.issue("Inner")
            ),
            "constraint",
            "more authorities",
        ),
        (
            lambda: (lambda m: [m.leaf(NATIVE), m])(
                CA.issue(
                    "Constrained",
                    extensions=[(x509.NameConstraints([x509.DNSName("other.example")], None), True)],
                )
            ),
            "constraint",
            "name constraints",
        ),
        (
            lambda: [
                MIDDLE.leaf(
                    NATIVE,
                    extensions=[
                        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)
                    ],
                ),
                MIDDLE,
            ],
            "usage",
            "critical",
        ),
    ],
)
def test_failed_chain_says_what_is_missing(make: Callable[[], list[Made]], missing: str, word: str) -> None:
    chain = make()
    check = chain_of(chain)
    assert (check.outcome, check.evidence["missing"]) == (Outcome.FAILED, missing), check
    assert word in check.detail
    with pytest.raises(Refused):
        chain_of(chain, policy="default")


def test_valid_when_signed_and_ended_since_are_told_apart() -> None:
    check = chain_of([MIDDLE.leaf(NATIVE, days=(-30, -1)), MIDDLE], days=-5)
    assert check.outcome is Outcome.FAILED
    assert check.evidence["at_signing"]["outcome"] == "passed"
    assert check.evidence["now"]["outcome"] == "failed"


def test_ended_before_the_signature_and_renewed_since_fails_for_the_time_of_signing() -> None:
    check = chain_of([MIDDLE.leaf(NATIVE, days=(-2, 30)), MIDDLE], days=-5)
    assert check.detail.startswith("When it was signed: ")
    assert (check.evidence["at_signing"]["outcome"], check.evidence["now"]["outcome"]) == ("failed", "passed")


def test_presented_root_is_never_trusted() -> None:
    foreign = root("Foreign")
    assert chain_of([foreign.leaf(NATIVE), foreign]).outcome is Outcome.FAILED
    alone = Authority(ec.generate_private_key(ec.SECP256R1()), foreign.certificate)
    assert chain_of([alone.leaf(NATIVE), foreign], anchors(foreign)).outcome is Outcome.FAILED


def test_unreachable_chain_fails_as_temporary() -> None:
    check = verify(document(url=URL), anchors(CA), outside=Answers({})).report.check("chain")
    assert (check.outcome, check.evidence["temporary"]) == (Outcome.FAILED, True)


@pytest.mark.parametrize(
    "jwk",
    [{"x5c": "x"}, {"x5c": []}, {"x5c": [1]}, {"x5c": ["AA=="]}, {"x5u": 7}, {"x5u": URL + "x" * 1_000}],
)
def test_malformed_chain_fails_and_names_it(jwk: dict[str, object]) -> None:
    made = document(**jwk)
    check = verify(made, anchors(CA), outside=Answers({})).report.check("chain")
    assert (check.outcome, check.evidence["missing"]) == (Outcome.FAILED, "chain")


def test_nothing_is_fetched_for_a_signature_that_does_not_hold() -> None:
    outside = Answers({URL: pem(MIDDLE.leaf(NATIVE), MIDDLE)})
    head, payload, signature = signed().split(b".")
    forged = b".".join((head, payload, signature[::-1]))
    with pytest.raises(Refused):
        verify(document(url=URL), anchors(CA), outside=outside, data=forged)
    assert outside.asked == []


# Profiles


def test_ev_profile_asks_for_the_policy_all_the_way() -> None:
    trusted = anchors(CA, profile=Profile.EV_TLS)
    good = CA.issue("EV", policies=[ANY_POLICY])
    check = chain_of([good.leaf(NATIVE, policies=[EV]), good], trusted)
    assert (check.outcome, check.evidence.get("profile")) == (Outcome.PASSED, "ev-tls")
    for chain in ([good.leaf(NATIVE), good], [MIDDLE.leaf(NATIVE, policies=[EV]), MIDDLE]):
        check = chain_of(chain, trusted)
        assert (check.outcome, check.evidence["missing"]) == (Outcome.FAILED, "policy")
        assert "2.23.140.1.1" in check.detail


def test_eidas_profile_asks_for_a_qualified_certificate_and_its_seal_needs_no_host() -> None:
    trusted = anchors(CA, profile=Profile.EIDAS)
    found = report([MIDDLE.leaf(NATIVE, hosts=(), extensions=[(QUALIFIED, False)]), MIDDLE], trusted)
    assert found.check("chain").evidence["profile"] == "eidas"
    assert found.check("host_binding").outcome is Outcome.NOT_CHECKED
    assert chain_of([MIDDLE.leaf(NATIVE), MIDDLE], trusted).evidence["missing"] == "policy"


def test_stricter_profile_counts_where_a_chain_fits_two() -> None:
    trusted = TrustAnchors([Anchor(Profile.LAB, CA.certificate), Anchor(Profile.EV_TLS, CA.certificate)])
    assert chain_of([CA.leaf(NATIVE, policies=[EV])], trusted).evidence["profile"] == "ev-tls"
    assert chain_of([CA.leaf(NATIVE)], trusted).evidence["profile"] == "lab"


# Of those who sign along


def cosigned(chain: Sequence[Made], *, forged: bool = False, **options: object) -> Report:
    """The report on what a did:key issued and DID signed along; DID's key carries `chain`."""
    issuer = generate_key("Ed25519")
    method = inline_method(did_key(issuer.public()))
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": did_key(issuer.public()),
        "validFrom": NOW.isoformat(),
        "credentialSubject": {"id": "https://p.example/o", "type": "https://p.example/Service"},
    }
    once = json.loads(sign_credential(credential, issuer, method, form="eddsa-rdfc-2022", created=NOW))
    signer = generate_key("P-256") if forged else KEY
    data = sign_credential(
        once, signer, f"{DID}#k", form="ecdsa-rdfc-2019", created=NOW - timedelta(days=5), earlier="set"
    )
    resolver = FirstOf([InlineResolver(), ReplayResolver({DID: document(chain, **options)}, "https")])
    verifier = Verifier(policy_named("default"), resolver, CONTEXTS, lambda: NOW, anchors=anchors(CA))
    return verifier.verify(data, outside=Answers({})).report


def test_chain_of_a_cosigner_is_reported_with_its_proof_and_not_as_the_issuers() -> None:
    found = cosigned([MIDDLE.leaf(NATIVE), MIDDLE])
    assert found.check("chain").outcome is Outcome.NOT_CHECKED
    own, other = found.proofs
    assert [check.name for check in own.checks] == ["key", "issuer_binding", "purpose", "signature"]
    checks = {check.name: check for check in other.checks}
    assert (checks["chain"].outcome, checks["host_binding"].outcome) == (Outcome.PASSED, Outcome.PASSED)
    assert checks["chain"].evidence["at_signing"]["time"] == "2026-05-27T12:00:00Z"


@pytest.mark.parametrize("broken", [{"chain": [root("Foreign").leaf(NATIVE)]}, {"chain": [], "x5u": URL}])
def test_broken_chain_of_a_cosigner_is_told_and_refuses_nothing(broken: dict[str, object]) -> None:
    found = cosigned(**broken)  # type: ignore[arg-type]
    (check,) = [check for check in found.proofs[1].checks if check.name == "chain"]
    assert check.outcome is Outcome.FAILED
    assert list(found.failed()) == []


def test_no_chain_is_looked_at_of_a_cosigner_whose_signature_does_not_hold() -> None:
    with pytest.raises(Refused) as refusal:
        cosigned([MIDDLE.leaf(NATIVE), MIDDLE], forged=True)
    assert [check.name for check in refusal.value.report.proofs[1].checks][-1] == "signature"


# The host


@pytest.mark.parametrize(
    ("hosts", "outcome"),
    [
        ((HOST,), Outcome.PASSED),
        (("PROVIDER.example",), Outcome.PASSED),
        (("other.example", "*.example"), Outcome.FAILED),
        (("other.example",), Outcome.FAILED),
        ((), Outcome.FAILED),
        (("*.provider.example",), Outcome.FAILED),
    ],
)
def test_certificate_must_name_the_host_of_the_did(hosts: tuple[str, ...], outcome: Outcome) -> None:
    check = report([MIDDLE.leaf(NATIVE, hosts=hosts), MIDDLE]).check("host_binding")
    assert check.outcome is outcome
    if outcome is Outcome.FAILED:
        assert HOST in check.detail
        with pytest.raises(Refused):
            report([MIDDLE.leaf(NATIVE, hosts=hosts), MIDDLE], policy="default")


def test_wildcard_covers_one_label() -> None:
    did = "did:web:a.provider.example:x"
    made = document([MIDDLE.leaf(NATIVE, hosts=["*.provider.example"]), MIDDLE], did=did)
    assert verify(made, anchors(CA), did=did).report.check("host_binding").outcome is Outcome.PASSED


# Attacks


def timed(chain_check: Callable[[], Check], milliseconds: float) -> Check:
    """The fastest of three runs, in the processor's time: the machine may be busy with something else."""
    runs = []
    for _ in range(3):
        begun = time.process_time()
        check = chain_check()
        runs.append(time.process_time() - begun)
    assert min(runs) * 1000 < milliseconds
    return check


def test_loops_end_the_search() -> None:
    one = ec.generate_private_key(ec.SECP256R1())
    a = root("B").issue("A", key=one)
    b = a.issue("B")
    check = timed(lambda: chain_of([a.leaf(NATIVE), a, b]), 100)
    assert (check.outcome, check.evidence["missing"]) == (Outcome.FAILED, "root")
    assert "each other" in check.detail


def test_mesh_of_cross_signed_certificates_is_not_tried_in_all_its_paths() -> None:
    # Nine certificates of one name, each of which might have issued each other, below a real anchor's name.
    mesh = [root("Mesh").issue("Mesh2") for _ in range(4)] + [root("Mesh2").issue("Mesh") for _ in range(5)]
    check = timed(lambda: chain_of([mesh[0].leaf(NATIVE), *mesh], anchors(CA, root("Mesh"))), 100)
    assert check.outcome is Outcome.FAILED


def test_a_thousand_certificates_are_counted_and_not_read() -> None:
    outside = Answers({URL: pem(MIDDLE.leaf(NATIVE), MIDDLE) * 500})
    made = document(url=URL)
    check = timed(lambda: verify(made, anchors(CA), outside=outside).report.check("chain"), 100)
    assert (check.outcome, "1000 certificates" in check.detail) == (Outcome.FAILED, True)
    assert chain_of([MIDDLE.leaf(NATIVE), *[MIDDLE] * MAX_CERTIFICATES]).outcome is Outcome.FAILED


def test_token_with_a_hundred_thousand_x5c_entries_is_decided_in_time() -> None:
    head = {"alg": "ES256", "typ": "vc+jwt", "kid": f"{DID}#k", "x5c": ["AA=="] * 100_000}
    from credentials.encoding import to_base64url

    payload = signed().split(b".")[1]
    data = to_base64url(json.dumps(head).encode()).encode() + b"." + payload + b"." + b"A" * 86
    begun = time.process_time()
    with pytest.raises(Refused):
        verify(document(), anchors(CA), data=data)
    assert time.process_time() - begun < 0.3


def test_ed25519_certificates_are_compared_by_key_too() -> None:
    stranger = ed25519.Ed25519PrivateKey.generate()
    assert chain_of([MIDDLE.leaf(stranger), MIDDLE]).evidence["missing"] == "key"


# The operator's anchors


def test_anchors_are_read_with_the_profile_of_their_file_or_folder(tmp_path: Path) -> None:
    (tmp_path / "ev-tls.pem").write_bytes(pem(root("E"), root("F")))
    (tmp_path / "eidas").mkdir()
    (tmp_path / "eidas" / "fr.pem").write_bytes(pem(root("G")))
    (tmp_path / "house.pem").write_bytes(pem(root("H")))
    found = TrustAnchors.load(tmp_path).anchors
    assert [anchor.profile.value for anchor in found] == ["eidas", "ev-tls", "ev-tls", "lab"]
    assert TrustAnchors.load(tmp_path / "ev-tls.pem").anchors[0].profile is Profile.EV_TLS


@pytest.mark.parametrize("content", [None, b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAA\n"])
def test_anchors_that_can_not_be_read_are_told_with_their_path(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "a.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(AnchorsUnusable) as problem:
        TrustAnchors.load(file)
    assert problem.value.path == file
