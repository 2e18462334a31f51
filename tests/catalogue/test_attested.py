"""What bodies and authorities attest reaches the records that it is about, and leaves them when it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from world import START, Clock, Provider

from catalogue.node import Node
from search.query import Query
from vocab.trust import TrustEntry, TrustList

ADDRESS = "192.0.2.1"
SERVICE = "https://nuee.example/o/1"
PARTICIPANT = "https://nuee.example/participant.json#it"
SECNUMCLOUD = ["secnumcloud", "secnumcloud:3.2"]
Index = Callable[[Node], None]


class World:
    """A provider, a certification body and a programme's authority on one node."""

    def __init__(self, make: Callable[..., Node], folder: Path, dids: Path, clock: Clock) -> None:
        self.provider = Provider(clock, host="nuee.example", folder=dids)
        self.body = Provider(clock, host="body.example", folder=dids)
        self.authority = Provider(clock, host="authority.example", folder=dids)
        self.quack = Provider(clock, host="quack.example", folder=dids)
        self.trust = folder / "trust.json"
        self.write_trust(
            TrustEntry(self.body.did, ("certification",), START - timedelta(days=1)),
            TrustEntry(self.authority.did, ("programme-participation",), START - timedelta(days=1)),
        )
        self.node = make(trust_list=str(self.trust))

    def write_trust(self, *entries: TrustEntry) -> None:
        self.trust.write_text(json.dumps(TrustList(entries).to_dict()), encoding="utf-8")

    def publish(self, data: bytes) -> Any:
        return self.node.publisher.publish(data, address=ADDRESS).records[0]

    def offering(self) -> str:
        offering = self.provider.offering(subject=SERVICE)
        return str(self.publish(self.provider.sign(offering)).id)

    def participant(self) -> None:
        about = {"id": PARTICIPANT, "type": "gx:LegalPerson", "participantKind": "start-up"}
        self.publish(self.provider.sign(self.provider.federation_credential(about)))

    def certify(self, covers: str, by: Provider | None = None, **claims: Any) -> Any:
        by = by or self.body
        return self.publish(by.sign(by.certificate(covers, **claims)))


@pytest.fixture
def world(make_node: Callable[..., Node], tmp_path: Path, did_folder: Path, clock: Clock) -> World:
    return World(make_node, tmp_path, did_folder, clock)


def found(node: Node, **filters: tuple[str, ...]) -> int:
    return int(node.discovery.search(Query(filters=filters), ("en",))["total"])


def certifications(node: Node) -> list[str]:
    (item,) = node.discovery.search(Query(), ("en",))["items"]
    return list(item["certifications"])


def test_certificate_that_comes_later_reaches_the_service_it_covers(
    world: World, index: Index, clock: Clock
) -> None:
    record = world.offering()
    index(world.node)
    assert certifications(world.node) == []
    clock.advance(seconds=1)
    world.certify(SERVICE)
    index(world.node)
    assert certifications(world.node) == SECNUMCLOUD
    assert found(world.node, certification=("secnumcloud",)) == 1
    assert found(world.node, certification=("hds",)) == 0
    reasons = world.node.discovery.offering(record, ("en",))["reasons"]
    (issuer,) = {line["issuer"] for line in reasons if line["basis"] == "certified" and line["path"]}
    assert issuer == world.body.did


def test_unknown_bodys_certificate_is_kept_and_counts_for_nothing(world: World, index: Index) -> None:
    world.offering()
    kept = world.certify(SERVICE, by=world.quack)
    index(world.node)
    assert certifications(world.node) == []
    assert world.node.records.self_description(kept.digest).data


def test_withdrawn_certificate_leaves_the_service(world: World, index: Index, clock: Clock) -> None:
    world.offering()
    certificate = world.certify(SERVICE)
    index(world.node)
    assert certifications(world.node) == SECNUMCLOUD
    clock.advance(seconds=1)
    world.node.publisher.withdraw(world.body.withdrawal(certificate.content_id), address=ADDRESS)
    index(world.node)
    assert certifications(world.node) == []


def test_certificate_leaves_the_service_when_its_credential_expires(
    world: World, index: Index, clock: Clock
) -> None:
    world.offering()
    certificate = world.body.certificate(SERVICE)
    certificate["validUntil"] = "2026-06-01T13:00:00Z"
    world.publish(world.body.sign(certificate))
    index(world.node)
    assert certifications(world.node) == SECNUMCLOUD
    clock.advance(hours=1)
    index(world.node)
    assert certifications(world.node) == []


def test_certificate_counts_from_its_first_to_its_last_day_though_nothing_is_published(
    world: World, index: Index, clock: Clock
) -> None:
    world.offering()
    world.certify(SERVICE, startDate="2026-06-03", endDate="2026-06-04")
    shown = []
    for _ in range(5):
        index(world.node)
        shown.append(bool(certifications(world.node)))
        clock.advance(days=1)
    # 1 to 5 June, at noon.
    assert shown == [False, False, True, True, False]


def test_certificate_that_a_service_claims_for_itself_is_claimed_on_its_days_alone(
    world: World, index: Index, clock: Clock
) -> None:
    claimed = {"scheme": "secnumcloud", "startDate": "2026-06-03", "endDate": "2026-06-04"}
    about = {"id": SERVICE, "type": "gx:ServiceOffering", "gx:name": "Nuage", "certification": claimed}
    record = str(world.publish(world.provider.sign(world.provider.federation_credential(about))).id)
    turned = []
    for _ in range(5):
        index(world.node)
        page = world.node.discovery.history(record, order="newest", size=10)
        turned.append(sum(one.kind == "turned" for one in page.items))
        clock.advance(days=1)
    # It begins on 3 June and has ended on the 5th; it is described anew on both.
    assert turned == [0, 0, 1, 1, 2]


def test_day_passed_while_no_indexer_ran_is_caught_up(world: World, index: Index, clock: Clock) -> None:
    world.offering()
    world.certify(SERVICE, startDate="2026-06-03", endDate="2026-06-04")
    index(world.node)
    clock.advance(days=30)
    index(world.node)
    assert certifications(world.node) == []
    assert world.node.operations.catch_up() == 0


def test_what_covers_the_participant_reaches_its_services_whichever_comes_first(
    world: World, index: Index, clock: Clock
) -> None:
    world.offering()
    world.certify(PARTICIPANT)
    index(world.node)
    assert certifications(world.node) == []
    clock.advance(seconds=1)
    world.participant()
    index(world.node)
    assert certifications(world.node) == SECNUMCLOUD
    assert found(world.node, participant_kind=("start-up",)) == 1
    clock.advance(seconds=1)
    world.certify(PARTICIPANT, scheme="hds", schemeVersion=[])
    index(world.node)
    assert certifications(world.node) == ["hds"]


def test_programme_comes_from_its_authority_alone(world: World, index: Index, clock: Clock) -> None:
    world.offering()
    about = {"type": "ProgrammeParticipation", "programme": "ipcei-cis", "participant": world.provider.did}
    for signer in (world.provider, world.quack, world.body):
        claim = {**about, "id": f"{signer.did}#participation"}
        world.publish(signer.sign(signer.federation_credential(claim)))
    index(world.node)
    assert found(world.node, programme=("ipcei-cis",)) == 0
    authority = world.authority
    claim = {**about, "id": f"{authority.did}#participation"}
    world.publish(authority.sign(authority.federation_credential(claim)))
    index(world.node)
    assert found(world.node, programme=("ipcei-cis",)) == 1
    (hit,) = world.node.discovery.search(Query(), ("en",))["items"]
    (part,) = world.node.discovery.offering(hit["id"], ("en",))["conclusions"]["programmes"]
    assert (part["programme"], part["source"]["issuer"]) == ("ipcei-cis", authority.did)
    assert "FR" in part["states"]


def test_facets_name_certifications_programmes_and_kinds(world: World, index: Index) -> None:
    world.offering()
    world.participant()
    world.certify(SERVICE)
    index(world.node)
    fields = ("certification", "programme", "participant_kind")
    facets = world.node.discovery.search(Query(facets=fields), ("de",))["facets"]
    assert [(value["value"], value["label"]) for value in facets["certification"]] == [
        ("secnumcloud", "SecNumCloud-Qualifizierung"),
        ("secnumcloud:3.2", "SecNumCloud 3.2"),
    ]
    assert facets["programme"] == []
    assert facets["participant_kind"] == [{"value": "start-up", "count": 1, "label": "Start-up"}]
