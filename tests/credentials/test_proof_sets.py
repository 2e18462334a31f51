"""Several proofs on one credential: all must hold, one must be the issuer's, links can't be taken away."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from credentials.contexts import ContextStore
from credentials.policies import policy_named
from credentials.proof_sets import MAX_PROOFS
from credentials.report import Outcome, Report
from credentials.resolving import InlineResolver
from credentials.signing import (
    PrivateKey,
    SigningRefused,
    did_key,
    generate_key,
    inline_method,
    sign_credential,
)
from credentials.times import from_rfc3339
from credentials.verification import Refused, Verified, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
CONTEXTS = ContextStore()
ALICE, NOTARY, MALLORY = generate_key("Ed25519"), generate_key("P-256"), generate_key("Ed25519")
WITNESS = generate_key("P-256")

Document = dict[str, Any]


class Counting:
    """A resolver that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def resolve(self, did: str) -> Any:
        self.asked.append(did)
        return InlineResolver().resolve(did)


def did_of(key: PrivateKey) -> str:
    return did_key(key.public())


def statement(first: str = V2) -> Document:
    return {
        "@context": [first],
        "type": ["VerifiableCredential"],
        "id": "https://alice.example/credential",
        "issuer": did_of(ALICE),
        "validFrom" if first == V2 else "issuanceDate": "2026-05-01T00:00:00Z",
        "credentialSubject": {"id": "https://alice.example/service", "type": "https://alice.example/Service"},
    }


def add(
    document: Document,
    key: PrivateKey,
    form: str,
    earlier: Literal["replace", "set", "chain", "chain-all"] = "set",
    proof_id: str | None = None,
) -> Document:
    data = sign_credential(
        document,
        key,
        inline_method(did_of(key)),
        form=form,  # type: ignore[arg-type]
        created=NOW,
        earlier=earlier,
        proof_id=proof_id,
    )
    return dict(json.loads(data))


def two(first_form: str = "eddsa-rdfc-2022", second_form: str = "ecdsa-rdfc-2019") -> Document:
    return add(add(statement(), ALICE, first_form), NOTARY, second_form)


def chain() -> Document:
    first = add(statement(), ALICE, "eddsa-rdfc-2022", proof_id="urn:uuid:1")
    return add(first, NOTARY, "ecdsa-rdfc-2019", "chain", "urn:uuid:2")


def verify(document: Document, resolver: Any = None) -> Verified:
    verifier = Verifier(policy_named("default"), resolver or InlineResolver(), CONTEXTS, lambda: NOW)
    return verifier.verify(json.dumps(document).encode())


def refused(document: Document, resolver: Any = None) -> Report:
    with pytest.raises(Refused) as refusal:
        verify(document, resolver)
    return refusal.value.report


def failures(report: Report) -> list[str]:
    return [check.name for check in report.checks if check.outcome is Outcome.FAILED]


RDFC = ("eddsa-rdfc-2022", "ecdsa-rdfc-2019")
JCS = ("eddsa-jcs-2022", "ecdsa-jcs-2019")


@pytest.mark.parametrize("forms", [RDFC, JCS, (RDFC[0], JCS[1]), (JCS[0], RDFC[1])])
@pytest.mark.parametrize("turned", [False, True])
def test_a_set_of_proofs_that_all_hold_is_accepted_and_each_is_reported(
    forms: tuple[str, str], turned: bool
) -> None:
    document = two(*forms)
    if turned:
        document["proof"].reverse()
    report = verify(document).report
    assert report.proof is not None
    assert report.proof.variant == forms[0]
    assert [proof.decisive for proof in report.proofs] == ([False, True] if turned else [True, False])
    assert {proof.summary.variant for proof in report.proofs} == set(forms)
    for proof in report.proofs:
        names = [check.name for check in proof.checks if check.outcome is Outcome.PASSED]
        assert names == (["key", "issuer_binding"] if proof.decisive else ["key"]) + ["purpose", "signature"]
        assert proof.signer == did_of(ALICE if proof.decisive else NOTARY)
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def test_a_single_proof_has_no_list_of_proofs() -> None:
    assert "proofs" not in verify(add(statement(), ALICE, RDFC[0])).report.to_dict()


@pytest.mark.parametrize("broken", [0, 1])
def test_two_proofs_one_of_which_holds_are_refused(broken: int) -> None:
    document = two()
    document["proof"][broken]["created"] = "2026-05-01T00:00:00Z"
    report = refused(document)
    assert failures(report) == ["signature"]
    assert ("Proof 2 of 2" in report.check("signature").detail) == (broken == 1)


def test_a_proof_of_an_unknown_kind_beside_one_that_holds_is_refused() -> None:
    for changes in ({"cryptosuite": "bbs-2023"}, {"type": "BbsBlsSignature2020"}):
        document = two()
        document["proof"][1].update(changes)
        assert "signature" in failures(refused(document))


def test_a_cosigner_whose_key_is_not_to_be_found_refuses_the_whole() -> None:
    document = two()
    document["proof"][1]["verificationMethod"] = "did:web:nowhere.example#key"
    report = refused(document)
    assert failures(report) == ["key"]
    assert report.check("key").evidence["proof"] == 2


def test_a_cosigner_is_held_to_the_purpose_that_its_proof_names() -> None:
    document = two()
    document["proof"][1]["proofPurpose"] = "authentication"
    assert "purpose" in failures(refused(document))


def test_proofs_of_others_alone_bind_nobody() -> None:
    document = add(add(statement(), MALLORY, RDFC[0]), NOTARY, RDFC[1])
    report = refused(document)
    assert failures(report) == ["issuer_binding"]
    assert [proof.checks == () for proof in report.proofs] == [False, True]


def test_dids_of_others_are_left_alone_when_the_issuers_own_proof_fails() -> None:
    document = two()
    document["credentialSubject"]["id"] = "https://mallory.example/service"
    asking = Counting()
    assert failures(refused(document, asking)) == ["signature"]
    assert asking.asked == [did_of(ALICE)]


def test_every_proof_must_be_valid_in_time() -> None:
    document = two()
    document["proof"][1]["expires"] = "2026-06-01T11:00:00Z"
    report = refused(document)
    assert "proof[1].expires" in report.check("validity").detail


def test_an_expired_own_second_proof_is_no_cosigners() -> None:
    document = add(add(statement(), ALICE, RDFC[0]), ALICE, JCS[0])
    report = verify(document).report
    assert [check.name for check in report.proofs[1].checks] == [
        "key",
        "issuer_binding",
        "purpose",
        "signature",
        "chain",
        "host_binding",
    ]


def test_too_many_proofs_are_refused_unread() -> None:
    document = add(statement(), ALICE, RDFC[0])
    asking = Counting()
    assert failures(refused({**document, "proof": [document["proof"]] * (MAX_PROOFS + 1)}, asking)) == [
        "structure"
    ]
    assert asking.asked == []


def test_older_suites_join_a_set() -> None:
    document = add(add(statement(V1), ALICE, "ed25519-2020"), ALICE, "ed25519-2020")
    assert len(verify(document).report.proofs) == 2


def test_json_proofs_over_different_contexts_are_refused() -> None:
    document = add(add(statement(), ALICE, JCS[0]), NOTARY, JCS[1])
    assert verify(document)
    document["@context"].append("https://w3id.org/security/data-integrity/v2")
    assert verify(document)
    other = add({name: value for name, value in document.items() if name != "proof"}, NOTARY, JCS[1])
    report = refused({**document, "proof": [document["proof"][0], other["proof"]]})
    assert "different parts" in report.check("context").detail


# Chains


def test_a_chain_is_accepted_and_its_link_signs_the_proof_before_it() -> None:
    document = chain()
    report = verify(document).report
    assert [proof.summary.variant for proof in report.proofs] == [*RDFC]
    first, second = document["proof"]
    again = add(statement(), ALICE, "eddsa-rdfc-2022", proof_id="urn:uuid:1")["proof"]
    assert again == first
    later = {**first, "created": "2026-05-01T00:00:00Z"}
    assert failures(refused({**document, "proof": [later, second]})) == ["signature"]


@pytest.mark.parametrize("forms", [JCS, (RDFC[0], JCS[1]), (JCS[0], RDFC[1])])
def test_chains_may_mix_suites(forms: tuple[str, str]) -> None:
    first = add(statement(), ALICE, forms[0], proof_id="urn:uuid:1")
    assert verify(add(first, NOTARY, forms[1], "chain"))


def test_the_proof_before_a_link_can_be_neither_taken_away_nor_exchanged() -> None:
    first, second = chain()["proof"]
    assert failures(refused({**statement(), "proof": second})) == ["structure"]
    other = add({**statement(), "id": "https://alice.example/other"}, ALICE, RDFC[0], proof_id="urn:uuid:1")
    exchanged = refused({**statement(), "proof": [other["proof"], second]})
    assert failures(exchanged) == ["signature"]
    # The issuer alone signed the first one: it still says what it said.
    assert verify({**statement(), "proof": first})


@pytest.mark.parametrize(
    "change",
    [
        lambda first, second: [first, {**second, "previousProof": "urn:uuid:3"}],
        lambda first, second: [first, {**second, "previousProof": ["urn:uuid:1", "urn:uuid:3"]}],
        lambda first, second: [first, {**second, "previousProof": "urn:uuid:2"}],
        lambda first, second: [first, {**second, "previousProof": ["urn:uuid:1", "urn:uuid:1"]}],
        lambda first, second: [first, {**second, "previousProof": 7}],
        lambda first, second: [first, {**second, "previousProof": {"id": "urn:uuid:1"}}],
        lambda first, second: [first, {**first}, second],
        lambda first, second: [{**first, "id": ["urn:uuid:1"]}, second],
    ],
)
def test_a_link_that_does_not_join_is_refused(change: Any) -> None:
    first, second = chain()["proof"]
    assert failures(refused({**statement(), "proof": change(first, second)})) == ["structure"]


def test_links_that_name_each_other_in_a_circle_are_refused_before_anybody_is_asked() -> None:
    first, second = chain()["proof"]
    third = {**second, "id": "urn:uuid:3", "previousProof": ["urn:uuid:1", "urn:uuid:2"]}
    for knot in (
        [{**first, "previousProof": "urn:uuid:2"}, second],
        [{**first, "previousProof": "urn:uuid:3"}, second, third],
    ):
        asking = Counting()
        report = refused({**statement(), "proof": knot}, asking)
        assert (failures(report), asking.asked) == (["structure"], [])
        assert "circle" in report.check("structure").detail


@pytest.mark.parametrize("forms", [RDFC, JCS, (RDFC[0], JCS[1]), (JCS[0], RDFC[1])])
def test_a_link_may_sign_several_proofs_of_different_signers(forms: tuple[str, str]) -> None:
    """Data Integrity 1.0, example 8: who witnesses a set of proofs signs each of them."""
    first = add(statement(), ALICE, forms[0], proof_id="urn:uuid:1")
    both = add(first, NOTARY, forms[1], proof_id="urn:uuid:2")
    document = add(both, WITNESS, forms[1], "chain-all", "urn:uuid:3")
    assert document["proof"][2]["previousProof"] == ["urn:uuid:1", "urn:uuid:2"]
    report = verify(document).report
    assert [proof.signer for proof in report.proofs] == [did_of(key) for key in (ALICE, NOTARY, WITNESS)]
    one, two_, three = document["proof"]
    for proofs in (
        [one, two_, {**three, "previousProof": "urn:uuid:1"}],
        [one, {**two_, "created": "2026-05-01T00:00:00Z"}, three],
        [one, add(first, MALLORY, RDFC[0], proof_id="urn:uuid:2")["proof"][1], three],
    ):
        assert failures(refused({**statement(), "proof": proofs})) == ["signature"]
    assert failures(refused({**statement(), "proof": [one, three]})) == ["structure"]


def test_the_issuers_own_proof_may_come_last_in_a_chain() -> None:
    first = add(statement(), NOTARY, RDFC[1], proof_id="urn:uuid:1")
    report = verify(add(first, ALICE, RDFC[0], "chain")).report
    assert [(proof.signer == did_of(ALICE), proof.decisive) for proof in report.proofs] == [
        (False, False),
        (True, True),
    ]


def test_a_chain_of_others_around_the_issuers_broken_proof_doesnt_stand_for_it() -> None:
    first, second = chain()["proof"]
    forged = {**first, "proofValue": add(statement(), MALLORY, RDFC[0])["proof"]["proofValue"]}
    around = add({**statement(), "proof": forged}, NOTARY, RDFC[1], "chain")
    assert failures(refused(around)) == ["signature"]
    # Nor does the issuer's name in another's key.
    named = {**second, "verificationMethod": f"{did_of(ALICE)}#{did_of(NOTARY).removeprefix('did:key:')}"}
    assert failures(refused({**statement(), "proof": [first, named]})) == ["key"]


# Signing


def test_signing_refuses_to_chain_to_a_proof_without_id_or_to_none() -> None:
    with pytest.raises(SigningRefused, match="chain"):
        add(add(statement(), ALICE, RDFC[0]), NOTARY, RDFC[1], "chain")
    with pytest.raises(SigningRefused, match="chain"):
        add(statement(), NOTARY, RDFC[1], "chain")


def test_signing_refuses_to_change_the_context_that_others_signed() -> None:
    with pytest.raises(SigningRefused, match="change what others signed"):
        add(add(statement(V1), ALICE, "ed25519-2020"), NOTARY, "jws2020")
