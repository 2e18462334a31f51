"""Whether a certificate was revoked: what counts as an answer, what doesn't, and what follows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from certificates import HOST, NOW, Authority, Extension, root, x5c
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from revocation_answers import FOR_OCSP, HOUR, asked_at, crl, entry, ocsp_answer, revoked, scope, with_sha1

from credentials.contexts import ContextStore
from credentials.crls import MAX_CRL
from credentials.ocsp_answers import MAX_OCSP
from credentials.outside import Kept
from credentials.policies import policy_named
from credentials.report import Check, Outcome, Report
from credentials.resolving import Fetched, FetchFailed, ReplayResolver
from credentials.revocation import MAX_REQUESTS, MAX_SILENT
from credentials.signing import did_document, generate_key, sign_credential, sign_presentation
from credentials.trust_anchors import Anchor, Profile, TrustAnchors
from credentials.verification import Refused, Verified, Verifier

DID = f"did:web:{HOST}"
KEY = generate_key("P-256")
NATIVE = KEY.public().native
CONTEXTS = ContextStore()
OCSP, CRL = "http://ocsp.ca.example", "http://crl.ca.example/ca.crl"
CA = root()
FOREIGN = root("Foreign")
LEAF = CA.leaf(NATIVE, extensions=asked_at(ocsp_at=OCSP, crl_at=[CRL]))
OCSP_ONLY = CA.leaf(NATIVE, extensions=asked_at(ocsp_at=OCSP))
CRL_ONLY = CA.leaf(NATIVE, extensions=asked_at(crl_at=[CRL]))


class Authorities:
    """An outside whose pages are found by how their addresses begin."""

    def __init__(self, pages: dict[str, bytes] | None = None, *, age: timedelta = timedelta(0)) -> None:
        self.pages = pages or {}
        self.age = age
        self.asked: list[str] = []

    def fetch(
        self, url: str, *, accept: str, max_bytes: int, not_before: object = None, signed: bool = False
    ) -> Fetched:
        assert signed
        self.asked.append(url)
        for beginning, body in self.pages.items():
            if url.startswith(beginning):
                if len(body) > max_bytes:
                    raise FetchFailed(url, f"the answer is larger than {max_bytes} bytes", temporary=False)
                return Fetched(body, "", url, NOW - (self.age if not_before is None else timedelta(0)))
        raise FetchFailed(url, "the host takes no connection", temporary=True)


def token(days: float = -10, name: str = "o") -> bytes:
    created = NOW + timedelta(days=days)
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
        "type": ["VerifiableCredential", "gx:ServiceOffering"],
        "issuer": DID,
        "validFrom": created.isoformat(),
        "credentialSubject": {
            "id": f"https://p.example/{name}",
            "type": "gx:ServiceOffering",
            "gx:name": "N",
        },
    }
    return sign_credential(credential, KEY, f"{DID}#k", form="vc-jwt", created=created)


def verify(
    chain: Sequence[x509.Certificate | Authority],
    outside: object,
    *,
    policy: str = "default",
    data: bytes | None = None,
) -> Verified:
    made = json.dumps(did_document(DID, {"k": KEY.public()}, x5c=x5c(*chain))).encode()
    verifier = Verifier(
        policy_named(policy),
        ReplayResolver({DID: made}, "https"),
        CONTEXTS,
        lambda: NOW,
        anchors=TrustAnchors([Anchor(Profile.LAB, CA.certificate)]),
        outside=outside,  # type: ignore[arg-type]
    )
    return verifier.verify(data or token())


def report(*chain: x509.Certificate | Authority, outside: object, **options: object) -> Report:
    """The report, accepted or not."""
    try:
        return verify(chain, outside, **options).report  # type: ignore[arg-type]
    except Refused as refused:
        return refused.report


def check(*chain: x509.Certificate | Authority, outside: object, **options: object) -> Check:
    return report(*chain, outside=outside, **options).check("chain")


def line(made: Check, place: int = 0) -> dict[str, object]:
    found = made.evidence["revocation"]["certificates"][place]
    assert isinstance(found, dict)
    return found


def said(*chain: x509.Certificate | Authority, **pages: bytes) -> str:
    """Why it isn't known whether the leaf was revoked, which must refuse nothing."""
    named = {OCSP if name == "by_ocsp" else CRL: body for name, body in pages.items()}
    made = check(*chain, outside=Authorities(named))
    assert made.outcome is Outcome.PASSED
    assert made.evidence["revocation"]["outcome"] == "not_checked"
    reason = line(made)["reason"]
    assert isinstance(reason, str)
    assert reason in made.detail
    return reason


# What is said


def test_a_good_answer_is_told_with_its_times_and_the_list_is_not_asked_for() -> None:
    outside = Authorities({OCSP: ocsp_answer(LEAF, CA), CRL: crl(CA, entry(LEAF))}, age=timedelta(minutes=5))
    made = check(LEAF, outside=outside)
    assert (made.outcome, made.evidence["revocation"]["outcome"]) == (Outcome.PASSED, "passed")
    assert "None of them was revoked." in made.detail
    (address,) = outside.asked
    assert address.startswith(f"{OCSP}/MF")
    assert line(made) == {
        "certificate": "CN=leaf",
        "outcome": "passed",
        "source": "ocsp",
        "address": address,
        "made_at": "2026-06-01T11:00:00Z",
        "until": "2026-06-02T12:00:00Z",
        "fetched_at": "2026-06-01T11:55:00Z",
    }


@pytest.mark.parametrize("policy", ["default", "strict"])
def test_revoked_since_it_was_signed_and_revoked_before_are_told_apart_and_both_refuse(policy: str) -> None:
    for since, signing, word in ((NOW - HOUR, "passed", "after"), (NOW - 480 * HOUR, "failed", "before")):
        made = check(LEAF, outside=Authorities({OCSP: revoked(LEAF, CA, since)}), policy=policy)
        assert (made.outcome, made.evidence["missing"]) == (Outcome.FAILED, "revocation")
        for lines in (made.evidence, made.evidence["revocation"]):
            assert (lines["at_signing"]["outcome"], lines["now"]["outcome"]) == (signing, "failed")
        assert f"(keyCompromise), {word} this was signed" in made.detail
        with pytest.raises(Refused) as refusal:
            verify([LEAF], Authorities({OCSP: revoked(LEAF, CA, since)}), policy=policy)
        assert "chain" in [each.name for each in refusal.value.report.failed()]


def test_lab_reports_a_revocation_and_refuses_nothing() -> None:
    verified = verify([LEAF], Authorities({OCSP: revoked(LEAF, CA)}), policy="lab")
    assert verified.report.check("chain").outcome is Outcome.FAILED


def test_list_is_asked_for_where_the_responder_is_silent_and_answers_for_it() -> None:
    for entries, outcome in (((), Outcome.PASSED), ((entry(LEAF),), Outcome.FAILED)):
        outside = Authorities({CRL: crl(CA, *entries)})
        made = check(LEAF, outside=outside)
        assert (made.outcome, line(made)["source"], len(outside.asked)) == (outcome, "crl", 2)


def test_other_certificates_in_a_list_are_others() -> None:
    others = [entry(CA.leaf(NATIVE)) for _ in range(3)]
    assert check(CRL_ONLY, outside=Authorities({CRL: crl(CA, *others)})).outcome is Outcome.PASSED


def test_list_in_pem_and_one_limited_to_what_the_certificate_is_are_read() -> None:
    made = crl(CA, entry(CRL_ONLY), extensions=[(scope(names=[CRL], users=True), True)])
    text = x509.load_der_x509_crl(made)
    from cryptography.hazmat.primitives.serialization import Encoding

    assert (
        check(CRL_ONLY, outside=Authorities({CRL: text.public_bytes(Encoding.PEM)})).outcome is Outcome.FAILED
    )


def test_second_place_is_tried_where_the_first_is_silent() -> None:
    other = "http://mirror.example/ca.crl"
    leaf = CA.leaf(NATIVE, extensions=asked_at(crl_at=[CRL, other]))
    made = check(leaf, outside=Authorities({other: crl(CA, entry(leaf))}))
    assert (made.outcome, line(made)["address"]) == (Outcome.FAILED, other)


def test_key_known_to_be_unsafe_from_earlier_on_counts_from_then() -> None:
    since = NOW - 480 * HOUR
    listed = entry(CRL_ONLY, NOW - HOUR, x509.InvalidityDate(since.replace(tzinfo=None)))
    made = check(CRL_ONLY, outside=Authorities({CRL: crl(CA, listed)}))
    assert made.evidence["at_signing"]["outcome"] == "failed"


def test_hold_counts_and_what_was_taken_off_the_list_does_not() -> None:
    for reason, outcome in (
        (x509.ReasonFlags.certificate_hold, Outcome.FAILED),
        (x509.ReasonFlags.remove_from_crl, Outcome.PASSED),
    ):
        listed = entry(CRL_ONLY, NOW - HOUR, x509.CRLReason(reason))
        assert check(CRL_ONLY, outside=Authorities({CRL: crl(CA, listed)})).outcome is outcome


def test_authorities_on_the_way_are_asked_about_too() -> None:
    middle = CA.issue("Middle", extensions=asked_at(crl_at=["http://root.example/r.crl"]))
    leaf = middle.leaf(NATIVE, extensions=asked_at(ocsp_at=OCSP))
    outside = Authorities(
        {OCSP: ocsp_answer(leaf, middle), "http://root.example/": crl(CA, entry(middle.certificate))}
    )
    made = check(leaf, middle, outside=outside)
    assert (made.outcome, "CN=Middle" in made.detail) == (Outcome.FAILED, True)
    assert [each["outcome"] for each in made.evidence["revocation"]["certificates"]] == ["passed", "failed"]


def test_responder_that_the_authority_named_may_answer() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    responder = Authority(key, CA.leaf(key, hosts=(), extensions=[FOR_OCSP]))
    for by_name in (True, False):
        made = ocsp_answer(
            OCSP_ONLY, CA, by=responder, with_certificates=[responder.certificate], by_name=by_name
        )
        checked = check(OCSP_ONLY, outside=Authorities({OCSP: made}))
        assert checked.evidence["revocation"]["outcome"] == "passed"


def test_answer_without_an_end_counts_for_a_day() -> None:
    made = ocsp_answer(OCSP_ONLY, CA, until=None)
    assert "None of them" in check(OCSP_ONLY, outside=Authorities({OCSP: made})).detail


# What is no answer: not checked, with the reason, and refused by nobody


def delegated(
    *, by: Authority = CA, purpose: bool = True, days: tuple[int, int] = (-1, 1), sent: bool = True
) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    extensions: list[Extension] = [FOR_OCSP] if purpose else []
    responder = Authority(key, by.leaf(key, hosts=(), extensions=extensions, days=days))
    certificates = [responder.certificate] if sent else []
    return ocsp_answer(OCSP_ONLY, CA, by=responder, with_certificates=certificates)


def unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER), "try_later"),
        (lambda: unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED), "unauthorized"),
        (lambda: ocsp_answer(OCSP_ONLY, CA, status=ocsp.OCSPCertStatus.UNKNOWN), "doesn't know"),
        (lambda: ocsp_answer(LEAF, CA), "another certificate"),
        (lambda: ocsp_answer(OCSP_ONLY, FOREIGN), "another certificate"),
        (lambda: ocsp_answer(OCSP_ONLY, CA, by=FOREIGN, with_certificates=[FOREIGN.certificate]), "may not"),
        (lambda: ocsp_answer(OCSP_ONLY, CA, by=FOREIGN), "bring along"),
        (lambda: ocsp_answer(OCSP_ONLY, CA, by=root()), "isn't by the key"),
        (lambda: delegated(purpose=False), "may not answer"),
        (lambda: delegated(by=FOREIGN), "wasn't named"),
        (lambda: delegated(by=Authority(FOREIGN.key, CA.certificate)), "wasn't named"),
        (lambda: delegated(days=(-9, -1)), "ended"),
        (lambda: delegated(sent=False), "bring along"),
        (lambda: ocsp_answer(OCSP_ONLY, CA, made_at=NOW - 48 * HOUR, until=NOW), "ended"),
        (lambda: ocsp_answer(OCSP_ONLY, CA, made_at=NOW - 25 * HOUR, until=None), "no end"),
        (lambda: ocsp_answer(OCSP_ONLY, CA, made_at=NOW + HOUR, until=NOW + 2 * HOUR), "still to come"),
        (lambda: ocsp_answer(OCSP_ONLY, CA, critical=True), "critical"),
        (lambda: b"<html>", "no OCSP answer"),
        (lambda: b"", "no OCSP answer"),
        (lambda: b"\x30" * MAX_OCSP, "no OCSP answer"),
        (lambda: b"\x30" * (MAX_OCSP + 1), "larger"),
    ],
    ids=range(21),
)
def test_ocsp_answer_that_can_not_be_used_is_not_checked(make: Callable[[], bytes], word: str) -> None:
    assert word in said(OCSP_ONLY, by_ocsp=make())


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: crl(FOREIGN), "another authority"),
        (lambda: crl(FOREIGN, name=CA.name), "isn't by the key"),
        (lambda: crl(CA, made_at=NOW - 48 * HOUR, until=NOW), "ended"),
        (lambda: crl(CA, made_at=NOW + HOUR), "still to come"),
        (lambda: crl(CA, extensions=[(x509.DeltaCRLIndicator(1), True)]), "changes"),
        (lambda: crl(CA, extensions=[(x509.DeltaCRLIndicator(1), False)]), "changes"),
        (lambda: crl(CA, extensions=[(scope(indirect=True), True)]), "complete list"),
        (lambda: crl(CA, extensions=[(scope(authorities=True), True)]), "another kind"),
        (lambda: crl(CA, extensions=[(scope(names=["http://x.example/"]), True)]), "another place"),
        (
            lambda: crl(
                CA,
                extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)],
            ),
            "critical",
        ),
        (
            lambda: crl(
                CA, entry(CRL_ONLY, NOW - HOUR, x509.CertificateIssuer([x509.DirectoryName(CA.name)]))
            ),
            "another authority's",
        ),
        (lambda: with_sha1(crl(CA, *[entry(LEAF)] * 3)), "SHA1"),
        (lambda: b"<html>", "no CRL"),
        (lambda: b"-----BEGIN X509 CRL-----", "no CRL"),
        (lambda: b"\x30" * (MAX_CRL + 1), "larger"),
    ],
    ids=range(15),
)
def test_list_that_can_not_be_used_is_not_checked(make: Callable[[], bytes], word: str) -> None:
    assert word in said(CRL_ONLY, by_crl=make())


def test_list_by_a_key_that_is_not_for_lists_is_not_used() -> None:
    usage = x509.KeyUsage(False, False, False, False, False, True, False, False, False)
    middle = CA.issue("Middle", extensions=[(usage, True)])
    leaf = middle.leaf(NATIVE, extensions=asked_at(crl_at=[CRL]))
    assert "not for signing lists" in said(leaf, middle, by_crl=crl(middle, entry(leaf)))


def test_list_for_users_says_nothing_of_an_authority() -> None:
    middle = CA.issue("Middle", extensions=asked_at(crl_at=[CRL]))
    leaf = middle.leaf(NATIVE)
    made = check(leaf, middle, outside=Authorities({CRL: crl(CA, extensions=[(scope(users=True), True)])}))
    assert "another kind" in str(line(made, 1)["reason"])


@pytest.mark.parametrize(
    "extensions",
    [
        [],
        asked_at(ocsp_at="ldap://ca.example/", crl_at=["ldap://ca.example/cn=ca", "file:///etc/passwd"]),
        [
            (
                x509.CRLDistributionPoints(
                    [
                        x509.DistributionPoint(
                            [x509.UniformResourceIdentifier(CRL)],
                            None,
                            frozenset({x509.ReasonFlags.key_compromise}),
                            None,
                        ),
                        x509.DistributionPoint(
                            [x509.UniformResourceIdentifier(CRL)],
                            None,
                            None,
                            [x509.DirectoryName(FOREIGN.name)],
                        ),
                    ]
                ),
                False,
            )
        ],
    ],
    ids=["nothing", "elsewhere", "in-part"],
)
def test_certificate_that_names_nobody_to_ask_is_not_checked(extensions: list[Extension]) -> None:
    outside = Authorities({CRL: crl(CA)})
    made = check(CA.leaf(NATIVE, extensions=extensions), outside=outside)
    assert "neither OCSP nor a list" in made.detail
    assert "out_of_reach" not in made.evidence["revocation"]
    assert outside.asked == []


def test_without_a_network_nobody_is_asked() -> None:
    assert "no network" in check(LEAF, outside=None).detail


def test_kept_answer_past_its_use_is_asked_for_again() -> None:
    class Renewing(Authorities):
        def fetch(self, url: str, *, not_before: object = None, **options: object) -> Fetched:  # type: ignore[override]
            body = revoked(OCSP_ONLY, CA) if not_before else ocsp_answer(OCSP_ONLY, CA, until=NOW)
            return Fetched(body, "", url, NOW if not_before else NOW - HOUR)

    assert check(OCSP_ONLY, outside=Renewing()).outcome is Outcome.FAILED


def test_kept_answers_give_the_same_report_again() -> None:
    middle = CA.issue("Middle", extensions=asked_at(crl_at=[CRL]))
    leaf = middle.leaf(NATIVE, extensions=asked_at(ocsp_at=OCSP))
    outside = Authorities({OCSP: ocsp_answer(leaf, middle), CRL: crl(CA)}, age=timedelta(minutes=5))
    verified = verify([leaf, middle], outside)
    kept = {
        source.name.removeprefix("revocation:"): Fetched(source.data, "", "", source.fetched_at or NOW)
        for source in verified.sources
        if source.kind == "revocation"
    }
    assert (list(kept), len(kept)) == (outside.asked, 2)
    assert verify([leaf, middle], Kept(kept)).report == verified.report


# Attacks


def timed(make: Callable[[], Check], milliseconds: float) -> Check:
    """The fastest of three runs, in the processor's time: the machine may be busy with something else."""
    runs = []
    for _ in range(3):
        begun = time.process_time()
        made = make()
        runs.append(time.process_time() - begun)
    assert min(runs) * 1000 < milliseconds
    return made


def test_nobody_is_asked_about_a_chain_that_does_not_lead_to_an_anchor() -> None:
    outside = Authorities({})
    stranger = FOREIGN.leaf(NATIVE, extensions=asked_at(ocsp_at="http://169.254.169.254/", crl_at=[CRL]))
    assert check(stranger, FOREIGN, outside=outside).evidence["missing"] == "root"
    assert outside.asked == []


def test_list_as_large_as_is_read_is_decided_in_time() -> None:
    template = x509.RevokedCertificateBuilder().revocation_date(NOW)
    entries = [template.serial_number((number + 1 << 100) + 7).build() for number in range(48_000)]
    large = crl(CA, *entries, entry(CRL_ONLY))
    assert MAX_CRL * 0.8 < len(large) <= MAX_CRL
    made = timed(lambda: check(CRL_ONLY, outside=Authorities({CRL: large})), 100)
    assert made.outcome is Outcome.FAILED


def test_answer_stuffed_with_certificates_is_decided_in_time() -> None:
    stuffed = ocsp_answer(OCSP_ONLY, CA, by=FOREIGN, with_certificates=[CA.leaf(NATIVE) for _ in range(45)])
    assert len(stuffed) <= MAX_OCSP
    made = timed(lambda: check(OCSP_ONLY, outside=Authorities({OCSP: stuffed})), 100)
    assert "bring along" in made.detail


def test_silent_hosts_are_waited_for_twice_and_not_more() -> None:
    first = CA.issue("A", extensions=asked_at(ocsp_at="http://a1.example", crl_at=["http://a2.example/"]))
    second = first.issue("B", extensions=asked_at(ocsp_at="http://b1.example", crl_at=["http://b2.example/"]))
    leaf = second.leaf(NATIVE, extensions=asked_at(ocsp_at=OCSP, crl_at=[CRL]))
    outside = Authorities()
    made = check(leaf, second, first, outside=outside)
    assert (made.outcome, len(outside.asked)) == (Outcome.PASSED, MAX_SILENT)
    assert "too much was out of reach" in str(line(made, 1)["reason"])


def test_one_certificate_is_asked_about_once_for_a_whole_presentation() -> None:
    outside = Authorities({OCSP: ocsp_answer(LEAF, CA)})
    tokens = [token(name=str(number)) for number in range(5)]
    data = sign_presentation(
        tokens, KEY, f"{DID}#k", holder=DID, form="vp-jwt", created=NOW - timedelta(days=1)
    )
    verified = verify([LEAF], outside, data=data)
    assert all(
        each.check("chain").evidence["revocation"]["outcome"] == "passed"
        for each in verified.report.credentials
    )
    assert len(outside.asked) == 1


def test_requests_of_one_submission_are_counted() -> None:
    # Each certificate of the path names a responder and lists that all answer, and never to the point.
    outside = Authorities({"http://": b"<html>"})
    authority, chain = CA, []
    for number in range(5):
        places = [f"http://c{number}.example/1", f"http://c{number}.example/2", f"http://c{number}.example/3"]
        authority = authority.issue(f"A{number}", extensions=asked_at(ocsp_at=OCSP, crl_at=places))
        chain.insert(0, authority)
    leaf = authority.leaf(NATIVE, extensions=asked_at(ocsp_at=OCSP, crl_at=[CRL]))
    made = check(leaf, *chain, outside=outside)
    assert (made.outcome, len(outside.asked)) == (Outcome.PASSED, MAX_REQUESTS)
    assert f"more than {MAX_REQUESTS} requests" in str(line(made, 5)["reason"])


def test_address_that_is_too_long_or_no_address_is_not_asked() -> None:
    leaf = CA.leaf(NATIVE, extensions=asked_at(ocsp_at=f"http://a.example/{'x' * 990}", crl_at=["http://[/"]))
    outside = Authorities()
    check(leaf, outside=outside)
    assert outside.asked == ["http://[/"]
