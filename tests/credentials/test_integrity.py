"""Digests of other documents in every form in which they are written."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence

import base58
import pytest
import rfc8785

from credentials.integrity import (
    MAX_NAMED,
    MAX_READ,
    MAX_VERSIONS,
    HeldDocument,
    check_integrity,
    is_digest_of,
    named_digests,
)
from credentials.nquads import parse_nquads
from credentials.report import Outcome
from vocab.namespaces import CREDENTIALS, DEVELOPMENT, SECURITY, TAGUS

DID = "did:web:provider.example"
NAME = "https://provider.example/credential.json"
DOCUMENT = {"id": NAME, "b": [1, "ü"], "a": {"x": True}}
JCS = rfc8785.dumps(DOCUMENT)
RAW = b"exactly.these.bytes"
VERSION = HeldDocument(DID, DOCUMENT, RAW)
HEX = "sha256-" + hashlib.sha256(JCS).hexdigest()
MULTIHASH = b"\x12\x20" + hashlib.sha256(JCS).digest()


def sri(algorithm: str, data: bytes) -> str:
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


@pytest.mark.parametrize(
    "stated",
    [
        HEX,
        HEX.upper().replace("SHA256", "sha256"),
        *(sri(algorithm, data) for algorithm in ("sha256", "sha384", "sha512") for data in (JCS, RAW)),
        sri("sha256", JCS) + "?ct=application/vc",
        sri("sha256", b"another") + " " + sri("sha384", JCS),
        "z" + base58.b58encode(MULTIHASH).decode(),
        "u" + base64.urlsafe_b64encode(MULTIHASH).decode().rstrip("="),
    ],
)
def test_a_digest_is_recognised_in_each_form(stated: str) -> None:
    assert is_digest_of(stated, VERSION)
    assert not is_digest_of(stated, HeldDocument(DID, {**DOCUMENT, "b": []}, b"others"))


@pytest.mark.parametrize(
    "stated", ["", "sha256-", "md5-" + "0" * 32, HEX[:-1], "sha256-é", "z0", "u!", "z", "sha256-" + "0" * 64]
)
def test_what_is_no_digest_of_it_matches_nothing(stated: str) -> None:
    assert not is_digest_of(stated, VERSION)


def test_digests_are_found_under_each_name_and_only_outside_of_proofs() -> None:
    predicates = (
        CREDENTIALS + "digestSRI",
        SECURITY + "digestMultibase",
        DEVELOPMENT + "digestSRI",
        TAGUS + "integrity",
    )
    lines = [f'<urn:{number}> <{name}> "{number}" .' for number, name in enumerate(predicates)]
    lines += [f'_:b <{predicates[0]}> "5" .', f'<urn:6> <{predicates[0]}> "6" <urn:g> .']
    found = named_digests(parse_nquads("\n".join(lines)))
    assert found == tuple((f"urn:{number}", str(number)) for number in range(4))


def outcome(named: Sequence[tuple[str, str]], *versions: HeldDocument) -> Outcome:
    return check_integrity(named, lambda name: versions if name == NAME else ()).outcome


def test_a_digest_that_fits_any_version_passes() -> None:
    older = HeldDocument(DID, {"id": NAME}, None)
    assert outcome([(NAME, HEX)], older, VERSION) is Outcome.PASSED


def test_a_digest_that_fits_no_version_fails_and_is_shown() -> None:
    check = check_integrity([(NAME, HEX)], lambda _: [HeldDocument(DID, {"id": NAME}, None)])
    assert check.outcome is Outcome.FAILED
    assert check.evidence["different"] == [{"id": NAME, "stated": HEX}]


def test_what_others_say_under_a_name_that_is_not_theirs_makes_nothing_differ() -> None:
    stranger = HeldDocument("did:web:stranger.example", {"id": NAME}, None)
    assert outcome([(NAME, HEX)], stranger) is Outcome.NOT_CHECKED


def test_nothing_is_said_of_what_is_not_here() -> None:
    check = check_integrity([(NAME, HEX)], lambda _: ())
    assert check.outcome is Outcome.NOT_CHECKED
    assert check.evidence["not_here"] == [NAME]
    assert check_integrity((), None).outcome is Outcome.NOT_CHECKED


def test_no_more_is_read_than_one_verification_may_cost() -> None:
    read: list[str] = []

    def held(name: str) -> Iterator[HeldDocument]:
        for _ in range(MAX_VERSIONS):
            read.append(name)
            yield HeldDocument(DID, {"id": name}, None, size=MAX_READ // 4)

    named = [(f"{NAME}#{number}", HEX) for number in range(10)]
    check = check_integrity(named, held)
    assert len(read) == 4
    assert check.outcome is Outcome.NOT_CHECKED
    assert check.evidence["not_compared"] == 10
    many = check_integrity([(f"{NAME}#{number}", HEX) for number in range(MAX_NAMED + 1)], lambda _: ())
    assert many.evidence["not_compared"] == 1


def test_one_difference_outweighs_what_is_equal() -> None:
    assert outcome([(NAME, HEX), (NAME, "sha256-" + "0" * 64)], VERSION) is Outcome.FAILED
