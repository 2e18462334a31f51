"""Status lists: what they say, what is wrong with them, and what hostile ones can't do."""

from __future__ import annotations

import base64
import gzip
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from credentials.contexts import ContextStore
from credentials.outside import Kept
from credentials.policies import policy_named
from credentials.report import Check, Outcome
from credentials.resolving import Fetched, FetchFailed, InlineResolver
from credentials.signing import did_key, generate_key, inline_method, sign_credential
from credentials.status_lists import MAX_LIST_BYTES, StatusProblem, unpack
from credentials.times import from_rfc3339, to_rfc3339
from credentials.verification import Refused, Verified, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
STATUS_2021 = "https://w3id.org/vc/status-list/2021/v1"
CONTEXTS = ContextStore()
KEY, OTHER = generate_key("Ed25519"), generate_key("Ed25519")
URL = "https://issuer.example/status/1"
SIZE = 16_384

Document = dict[str, Any]


def packed(*bits: int, size: int = SIZE, bomb: int = 0) -> str:
    data = bytearray(size)
    for bit in bits:
        data[bit // 8] |= 128 >> bit % 8
    raw = gzip.compress(bytes(data) + b"\x00" * bomb)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def entry(index: int | str = 3, purpose: str = "revocation", **members: Any) -> Document:
    return {
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": URL,
        **members,
    }


def credential(status: Any, key: Any = KEY) -> bytes:
    document = {
        "@context": [V2, "https://w3id.org/gaia-x/development#"],
        "type": ["VerifiableCredential", "gx:ServiceOffering"],
        "issuer": did_key(key.public()),
        "validFrom": to_rfc3339(NOW),
        "credentialStatus": status,
        "credentialSubject": {"id": "https://p.example/o", "type": "gx:ServiceOffering", "gx:name": "N"},
    }
    return sign(document, key)


def status_list(
    encoded: str,
    purpose: Any = "revocation",
    *,
    key: Any = KEY,
    subject: Document | None = None,
    **members: Any,
) -> bytes:
    document = {
        "@context": [V2],
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": did_key(key.public()),
        "validFrom": to_rfc3339(NOW - timedelta(days=1)),
        "credentialSubject": {
            "id": URL + "#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": "u" + encoded,
            **(subject or {}),
        },
        **members,
    }
    return sign(document, key)


def sign(document: Document, key: Any = KEY, form: str = "vc-jwt") -> bytes:
    method = inline_method(did_key(key.public()))
    return sign_credential(document, key, method, form=form, created=NOW)  # type: ignore[arg-type]


class Lists:
    """An outside with one list, of a given age until it is asked for a new one."""

    def __init__(self, *bodies: bytes, age: timedelta = timedelta(0)) -> None:
        self.bodies = list(bodies)
        self.age = age
        self.asked = 0

    def fetch(self, url: str, *, accept: str, max_bytes: int, not_before: datetime | None = None) -> Fetched:
        self.asked += 1
        if url != URL or not self.bodies:
            raise FetchFailed(url, "the host takes no connection", temporary=True)
        if not_before is not None and NOW - self.age < not_before:
            self.bodies, self.age = self.bodies[1:] or self.bodies, timedelta(0)
        return Fetched(self.bodies[0], "", url, NOW - self.age)


def verify(status: Any, lists: Any, *, policy: str = "default", data: bytes | None = None) -> Verified:
    verifier = Verifier(policy_named(policy), InlineResolver(), CONTEXTS, lambda: NOW)
    return verifier.verify(data or credential(status), outside=lists)


def checked(status: Any, lists: Any, **options: Any) -> Check:
    """The check, whether that refuses or not."""
    try:
        return verify(status, lists, **options).report.check("status")
    except Refused as refused:
        report = refused.report
    assert [check.name for check in report.failed()] == ["status"]
    return report.check("status")


def code(check: Check) -> str:
    error = check.evidence["entries"][0]["error"]
    assert isinstance(error, str)
    return error


# What a list says


def test_a_bit_that_is_not_set_passes_and_tells_the_age_of_the_list() -> None:
    check = checked(entry(), Lists(status_list(packed(2, 4)), age=timedelta(seconds=90)))
    line = check.evidence["entries"][0]
    assert (check.outcome, line["value"], line["age_seconds"]) == (Outcome.PASSED, 0, 90)


@pytest.mark.parametrize("index", [0, 7, 8, 3, 131_071])
def test_revoked_is_refused(index: int) -> None:
    with pytest.raises(Refused):
        verify(entry(index), Lists(status_list(packed(index))))
    check = checked(entry(index), Lists(status_list(packed(index))))
    assert (check.outcome, check.evidence["state"]) == (Outcome.FAILED, "revoked")


def test_suspended_is_accepted_and_said() -> None:
    verified = verify(entry(purpose="suspension"), Lists(status_list(packed(3), "suspension")))
    assert verified.report.check("status").evidence["state"] == "suspended"
    assert verified.credentials[0].suspended


def test_revocation_counts_more_than_suspension_and_than_a_list_out_of_reach() -> None:
    lists = Lists(status_list(packed(3), ["revocation", "suspension"]))
    both = [
        entry(purpose="suspension"),
        entry(statusListCredential="https://elsewhere.example/"),
        entry(purpose="revocation"),
    ]
    assert checked(both, lists).evidence["state"] == "revoked"


def test_message_is_told_and_refuses_nothing() -> None:
    meanings = [{"status": "0x0", "message": "fine"}, {"status": "0x2", "message": "under review"}]
    given = entry(1, "message", statusSize=2, statusMessage=meanings)
    check = checked(given, Lists(status_list(packed(2, size=2 * SIZE), "message")))
    assert (check.outcome, "under review" in check.detail) == (Outcome.PASSED, True)


def test_status_list_2021_is_read_too() -> None:
    did = did_key(KEY.public())
    subject = {
        "id": URL + "#list",
        "type": "StatusList2021",
        "statusPurpose": "revocation",
        "encodedList": base64.b64encode(gzip.compress(bytes([16]) + bytes(SIZE - 1))).decode(),
    }
    made: Document = {
        "@context": [V1, STATUS_2021],
        "type": ["VerifiableCredential", "StatusList2021Credential"],
        "issuer": did,
        "issuanceDate": to_rfc3339(NOW),
        "credentialSubject": subject,
    }
    lists = Lists(sign(made, form="jws-2020"))
    document = {
        "@context": [V1, STATUS_2021],
        "type": ["VerifiableCredential"],
        "issuer": did,
        "issuanceDate": to_rfc3339(NOW),
        "credentialStatus": {**entry(3), "id": URL + "#3", "type": "StatusList2021Entry"},
        "credentialSubject": {"id": "https://p.example/o"},
    }
    check = checked(None, lists, data=sign(document, form="jws-2020"))
    assert check.evidence.get("state") == "revoked"
    document["credentialStatus"] = {**entry(4), "id": URL + "#4", "type": "StatusList2021Entry"}
    assert checked(None, lists, data=sign(document, form="jws-2020")).outcome is Outcome.PASSED


def test_without_an_entry_or_without_a_network_it_is_not_checked() -> None:
    assert checked([], Lists()).outcome is Outcome.NOT_CHECKED
    assert "no network" in checked(entry(), None).detail


def test_a_list_out_of_reach_is_kept_apart_from_revoked() -> None:
    check = checked(entry(), Lists())
    assert (check.outcome, code(check)) == (Outcome.NOT_CHECKED, "STATUS_RETRIEVAL_ERROR")
    assert check.evidence["temporary"] is True


# How long a list is believed


def test_list_is_asked_for_again_once_it_is_older_than_its_ttl() -> None:
    fine, revoked = status_list(packed(), subject={"ttl": 600_000}), status_list(packed(3))
    lists = Lists(fine, revoked, age=timedelta(minutes=9))
    assert checked(entry(), lists).outcome is Outcome.PASSED
    lists = Lists(fine, revoked, age=timedelta(minutes=11))
    assert checked(entry(), lists).evidence["state"] == "revoked"


def test_ttl_is_bounded_on_both_sides() -> None:
    for ttl, age, again in ((10**12, 61, True), (10**9, 59, False), (0, 0.5, False), (-5, 6, True)):
        lists = Lists(status_list(packed(), subject={"ttl": ttl}), age=timedelta(minutes=age))
        checked(entry(), lists)
        assert (lists.asked == 2) is again, ttl


def test_one_list_is_fetched_once_for_a_whole_submission() -> None:
    lists = Lists(status_list(packed(), ["revocation", "suspension"]))
    verify([entry(), entry(purpose="suspension"), entry(9)], lists)
    assert lists.asked == 1


def test_kept_list_gives_the_same_verdict_again() -> None:
    verified = verify(entry(), Lists(status_list(packed())))
    kept = {source.name: source.data for source in verified.sources if source.kind == "status-list"}
    assert list(kept) == [f"status:{URL}"]
    replayed = verify(entry(), Kept({URL: Fetched(kept[f"status:{URL}"], "", URL, NOW)}))
    assert replayed.report == verified.report


# What is wrong with a list


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: status_list(packed(), key=OTHER), "STATUS_VERIFICATION_ERROR"),
        (lambda: status_list(packed(), "suspension"), "STATUS_VERIFICATION_ERROR"),
        (lambda: status_list(packed())[:-8] + b"AAAAAAAA", "STATUS_VERIFICATION_ERROR"),
        (lambda: status_list(packed(), validUntil=to_rfc3339(NOW)), "STATUS_VERIFICATION_ERROR"),
        (lambda: b"<html>", "STATUS_VERIFICATION_ERROR"),
        (lambda: b"{}", "STATUS_VERIFICATION_ERROR"),
        (lambda: status_list(packed(size=SIZE - 1)), "STATUS_LIST_LENGTH_ERROR"),
        (lambda: status_list("!!"), "MALFORMED_VALUE_ERROR"),
        (lambda: status_list(base64.urlsafe_b64encode(b"no gzip").decode()), "MALFORMED_VALUE_ERROR"),
        (lambda: status_list(packed()[:20]), "MALFORMED_VALUE_ERROR"),
        (lambda: credential([]), "MALFORMED_VALUE_ERROR"),
        (lambda: status_list(packed(), subject={"encodedList": packed()}), "MALFORMED_VALUE_ERROR"),
    ],
)
def test_a_list_that_does_not_hold_refuses_with_its_code(make: Callable[[], bytes], expected: str) -> None:
    check = checked(entry(), Lists(make()))
    assert (check.outcome, code(check)) == (Outcome.FAILED, expected)
    assert "state" not in check.evidence


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (entry(131_072), "RANGE_ERROR"),
        (entry("-1"), "MALFORMED_VALUE_ERROR"),
        (entry("1.0"), "MALFORMED_VALUE_ERROR"),
        (entry("1" * 13), "MALFORMED_VALUE_ERROR"),
        (entry("٣"), "MALFORMED_VALUE_ERROR"),
        (entry(statusSize=0), "MALFORMED_VALUE_ERROR"),
        (entry(statusSize=2), "STATUS_LIST_LENGTH_ERROR"),
        (entry(statusListCredential=URL + "x" * 1_000), "MALFORMED_VALUE_ERROR"),
        (entry(statusListCredential="not a url"), "MALFORMED_VALUE_ERROR"),
    ],
)
def test_an_entry_that_does_not_hold_refuses_with_its_code(given: Document, expected: str) -> None:
    try:
        check = checked(given, Lists(status_list(packed())))
    except AssertionError:
        # Refused before: an IRI that is none is a matter of `terms`.
        assert given["statusListCredential"] == "not a url"
        return
    assert (check.outcome, code(check)) == (Outcome.FAILED, expected)


def test_a_list_kept_by_somebody_whom_the_node_trusts_with_lists_counts() -> None:
    keeper = did_key(OTHER.public())
    for trusted, outcome in ((keeper, "revoked"), (did_key(KEY.public()), None)):
        verifier = Verifier(
            policy_named("lab"),
            InlineResolver(),
            CONTEXTS,
            lambda: NOW,
            outside=Lists(status_list(packed(3), key=OTHER)),
            list_issuers=lambda did, at, trusted=trusted: (did, at) == (trusted, NOW),  # type: ignore[misc]
        )
        with pytest.raises(Refused) as refusal:
            verifier.verify(credential(entry(3)))
        assert refusal.value.report.check("status").evidence.get("state") == outcome


def test_more_entries_than_are_looked_up_refuse() -> None:
    lists = Lists(status_list(packed()))
    assert checked([entry(n) for n in range(9)], lists).outcome is Outcome.FAILED
    assert lists.asked == 0


def test_nothing_is_fetched_for_a_signature_that_does_not_hold() -> None:
    lists = Lists(status_list(packed()))
    data = credential(entry())
    with pytest.raises(Refused):
        verify(None, lists, data=data[:-8] + b"AAAAAAAA")
    assert lists.asked == 0


def test_a_list_whose_own_status_loops_is_not_followed() -> None:
    for url in (URL, "https://issuer.example/status/2"):
        lists = Lists(status_list(packed(), credentialStatus=entry(statusListCredential=url)))
        assert checked(entry(), lists).outcome is Outcome.PASSED
        assert lists.asked == 1


# Bombs


def test_gzip_bomb_is_unpacked_up_to_the_bound_only() -> None:
    bomb = packed(bomb=2 * MAX_LIST_BYTES)
    began = time.process_time()
    check = checked(entry(), Lists(status_list(bomb)))
    assert time.process_time() - began < 0.3
    assert (code(check), "larger than" in check.detail) == ("MALFORMED_VALUE_ERROR", True)


def test_bomb_of_gigabytes_costs_no_memory() -> None:
    import tracemalloc
    import zlib

    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    chunk = bytes(1 << 20)
    raw = b"".join(packer.compress(chunk) for _ in range(200)) + packer.flush()
    text = base64.urlsafe_b64encode(raw).decode()
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(StatusProblem):
        unpack(text, multibase=False)
    spent, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MAX_LIST_BYTES
    assert spent < 0.1


def test_members_behind_the_end_of_the_list_are_not_read() -> None:
    twice = gzip.compress(bytes(SIZE)) * 2
    with pytest.raises(StatusProblem):
        unpack(base64.urlsafe_b64encode(twice).decode(), multibase=False)


def test_presentation_in_place_of_a_list_is_refused() -> None:
    from credentials.signing import sign_presentation

    did = did_key(KEY.public())
    data = sign_presentation(
        [status_list(packed())], KEY, inline_method(did), holder=did, form="vp-jwt", created=NOW
    )
    assert code(checked(entry(), Lists(data))) == "STATUS_VERIFICATION_ERROR"
