"""What is published is found, as the evidence of the day has it, and an interrupted indexer goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from world import START, Clock, Provider

from catalogue.describing import Describer, name_from
from catalogue.errors import Gone, IndexUnavailable, NotFound
from catalogue.indexer import (
    BUSY_SECONDS,
    IDLE_SECONDS,
    Indexer,
    IndexerRunning,
    exclusive_index,
    pause_after,
)
from catalogue.node import Node
from catalogue.position import Position
from catalogue.store.tables import heads
from search.document import Document
from search.embedded import EmbeddedEngine
from search.query import Query, Sort

ADDRESS = "192.0.2.1"
Index = Callable[[Node], None]


def found(node: Node, text: str = "", *, kind: str = "offering", **filters: tuple[str, ...]) -> list[str]:
    query = Query(kind=kind, text=text, filters=filters, sort=Sort.NAME)
    return [item["name"] for item in node.discovery.search(query, ("en",))["items"]]


def publish(node: Node, data: bytes) -> str:
    return node.publisher.publish(data, address=ADDRESS).records[0].id


@pytest.mark.parametrize("form", ["vc-jwt", "ed25519-2020"])
def test_published_offering_is_found_by_its_words(
    node: Node, provider: Provider, index: Index, form: str
) -> None:
    record = publish(node, provider.sign(provider.offering("Grande Nuée"), form))
    index(node)
    answer = node.discovery.search(Query(text="nuee"), ("en",))
    (item,) = answer["items"]
    assert item["id"] == record
    assert item["name"] == "Grande Nuée"
    assert item["description"] == "Grande Nuée: stockage souverain"
    assert item["provider"]["did"] == provider.did
    assert item["provider"]["identity"] == "self_asserted"
    assert item["state"] == "listed"
    assert found(node, "elsewhere") == []


def test_search_without_an_index_says_so(node: Node) -> None:
    with pytest.raises(IndexUnavailable):
        node.discovery.search(Query(), ("en",))


def test_participant_that_arrives_later_names_and_places_the_offering(
    node: Node, provider: Provider, index: Index, clock: Clock
) -> None:
    record = publish(node, provider.sign(provider.offering()))
    index(node)
    assert node.discovery.offering(record, ("en",))["jurisdiction"] == []
    clock.advance(seconds=1)
    participant = publish(node, provider.sign(provider.participant("Nuée SAS", country="FR")))
    index(node)
    (item,) = node.discovery.search(Query(filters={"jurisdiction": ("FR",)}), ("en",))["items"]
    assert item["provider"] == {
        "id": participant,
        "name": "Nuée SAS",
        "did": provider.did,
        "identity": "self_asserted",
    }
    assert found(node, kind="participant") == ["Nuée SAS"]
    assert found(node, jurisdiction=("EU",)) == ["Nuage"]
    assert node.discovery.participant(participant, ("en",))["name"] == "Nuée SAS"
    with pytest.raises(NotFound):
        node.discovery.offering(participant, ("en",))


def test_participant_credential_of_somebody_else_changes_nothing(
    node: Node, provider: Provider, index: Index, clock: Clock
) -> None:
    intruder = Provider(clock)
    forged = intruder.participant("Mock Sovereign", country="US")
    forged["credentialSubject"]["id"] = provider.did
    record = publish(node, provider.sign(provider.offering()))
    publish(node, intruder.sign(forged))
    index(node)
    offering = node.discovery.offering(record, ("en",))
    assert offering["jurisdiction"] == []
    assert offering["provider"]["name"] != "Mock Sovereign"


def test_withdrawn_superseded_and_erased_leave_the_listed_ones(
    node: Node, provider: Provider, index: Index, clock: Clock
) -> None:
    publications = {
        name: node.publisher.publish(
            provider.sign(provider.offering(name, subject=f"https://p.example/o/{name}")), address=ADDRESS
        )
        for name in ("stays", "withdrawn", "erased", "renewed")
    }
    index(node)
    assert found(node, state=("listed",)) == ["erased", "renewed", "stays", "withdrawn"]
    clock.advance(seconds=1)
    content_id = publications["withdrawn"].records[0].content_id
    node.publisher.withdraw(provider.withdrawal(content_id), address=ADDRESS)
    node.operations.erase(publications["erased"].digest, "asked for")
    publish(node, provider.sign(provider.offering("renewed again", subject="https://p.example/o/renewed")))
    index(node)
    assert found(node, state=("listed",)) == ["renewed again", "stays"]
    assert found(node) == ["renewed again", "stays"]
    # That it was there may be found, what it said may not.
    assert found(node, state=("withdrawn",)) == ["p.example/withdrawn"]
    assert found(node, "souverain", state=("withdrawn",)) == []
    with pytest.raises(Gone):
        node.discovery.offering(publications["withdrawn"].records[0].id, ("en",))


def test_expired_offering_leaves_the_listed_ones_by_itself(
    node: Node, provider: Provider, index: Index, clock: Clock
) -> None:
    until = START + timedelta(hours=1)
    record = publish(node, provider.sign(provider.offering(valid_until=until)))
    index(node)
    assert found(node, state=("listed",)) == ["Nuage"]
    clock.advance(hours=1)
    index(node)
    assert found(node, state=("listed",)) == []
    offering = node.discovery.offering(record, ("en",))
    assert offering["state"] == "expired"
    assert [event["kind"] for event in offering["events"]] == ["expired"]


def test_blocked_issuer_disappears_and_returns(node: Node, provider: Provider, index: Index) -> None:
    record = publish(node, provider.sign(provider.offering()))
    node.operations.block(provider.did, "impersonation")
    index(node)
    assert found(node) == []
    with pytest.raises(NotFound):
        node.discovery.offering(record, ("en",))
    node.operations.forget(provider.did)
    index(node)
    assert found(node, state=("listed",)) == ["Nuage"]


def test_only_a_trusted_notary_makes_a_provider_notarised(
    make_node: Callable[..., Node], tmp_path: Path, did_folder: Path, clock: Clock, index: Index
) -> None:
    provider = Provider(clock, host="nuee.example", folder=did_folder)
    notary = Provider(clock, host="notary.example", folder=did_folder)
    quack = Provider(clock, host="quack.example", folder=did_folder)
    trust = tmp_path / "trust.json"
    trust.write_text(json.dumps(trust_list(notary.did)), encoding="utf-8")
    node = make_node(trust_list=str(trust))
    record = publish(node, provider.sign(provider.offering()))

    def number(by: Provider) -> bytes:
        about = {"id": provider.did, "type": "gx:VatID", "gx:vatID": "FR00000000000", "gx:countryCode": "FR"}
        return by.sign(by.credential(about, types=("gx:VatID",)))

    publish(node, number(quack))
    index(node)
    assert node.discovery.offering(record, ("en",))["provider"]["identity"] == "self_asserted"
    publish(node, number(notary))
    index(node)
    assert found(node, identity=("notarised",)) == ["Nuage"]
    reasons = node.discovery.offering(record, ("en",))["reasons"]
    assert notary.did in next(line["detail"] for line in reasons if line["field"] == "identity")


def trust_list(did: str) -> dict[str, object]:
    return {
        "version": 1,
        "entries": [
            {
                "did": did,
                "name": "Notary",
                "attests": ["registration-number"],
                "valid_from": "2020-01-01T00:00:00Z",
                "valid_until": None,
            }
        ],
    }


def test_facets_carry_names_in_the_readers_language(node: Node, provider: Provider, index: Index) -> None:
    publish(node, provider.sign(provider.participant("Nuée SAS", country="DE")))
    publish(node, provider.sign(provider.offering()))
    index(node)
    query = Query(facets=("jurisdiction", "identity", "provider"))
    facets = node.discovery.search(query, ("fr",))["facets"]
    assert {"value": "DE", "count": 1, "label": "Allemagne"} in facets["jurisdiction"]
    assert facets["identity"] == [{"value": "self_asserted", "count": 1, "label": "auto-déclarée"}]
    assert facets["provider"][0]["label"] == "Nuée SAS"


def test_indexer_goes_on_where_a_killed_one_stopped(node: Node, provider: Provider, clock: Clock) -> None:
    for number in range(5):
        publish(node, provider.sign(provider.offering(f"s{number}", subject=f"https://p.example/{number}")))
    engine = EmbeddedEngine(node.settings.index_folder, writable=True)
    indexer = Indexer(node.database, engine, Describer(node.settings), clock)
    while indexer.step():
        pass
    position = engine.position()
    engine.close()
    publish(node, provider.sign(provider.offering("s5", subject="https://p.example/5")))
    engine = EmbeddedEngine(node.settings.index_folder, writable=True)
    assert engine.position() == position
    Indexer(node.database, engine, Describer(node.settings), clock).catch_up()
    engine.close()
    assert found(node) == [f"s{number}" for number in range(6)]


def test_damaged_index_is_made_anew(node: Node, provider: Provider, clock: Clock) -> None:
    publish(node, provider.sign(provider.offering()))
    engine = EmbeddedEngine(node.settings.index_folder, writable=True)
    Indexer(node.database, engine, Describer(node.settings), clock).catch_up()
    engine.close()
    for file in node.settings.index_folder.rglob("*"):
        if file.is_file():
            file.write_bytes(b"damage")
    engine = EmbeddedEngine(node.settings.index_folder, writable=True)
    Indexer(node.database, engine, Describer(node.settings), clock).catch_up()
    engine.close()
    assert found(node) == ["Nuage"]


def test_second_indexer_is_refused(node: Node) -> None:
    with exclusive_index(node.settings), pytest.raises(IndexerRunning), exclusive_index(node.settings):
        pass
    with exclusive_index(node.settings):
        pass


def test_lag_without_an_index_is_a_refusal_of_its_own(node: Node) -> None:
    with pytest.raises(IndexUnavailable):
        node.discovery.lag()


def test_lag_tells_how_far_the_index_is_behind(node: Node, provider: Provider, index: Index) -> None:
    publish(node, provider.sign(provider.offering()))
    index(node)
    assert (node.discovery.lag().entries, node.discovery.lag().indexed) == (1, 1)
    publish(node, provider.sign(provider.offering("more", subject="https://p.example/more")))
    assert (node.discovery.lag().entries, node.discovery.lag().indexed) == (2, 1)


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("https://p.example/offers/nuage.json", "p.example/nuage.json"),
        ("https://p.example/offers/x#42", "p.example/x#42"),
        ("urn:uuid:1", "urn:uuid:1"),
        ("https://p.example/" + "a" * 500, "p.example/…" + "a" * 60),
        ("https://[", "https://["),
        ("urn:x:" + "b" * 500, "…" + "b" * 60),
    ],
)
def test_subject_without_a_name_is_shown_by_its_iri(subject: str, name: str) -> None:
    assert name_from(subject) == name


def test_nameless_offering_is_found_by_its_iri(node: Node, provider: Provider, index: Index) -> None:
    document = provider.offering(subject="https://p.example/offers/cumulus.json")
    for key in ("gx:name", "gx:description"):
        del document["credentialSubject"][key]
    publish(node, provider.sign(document))
    index(node)
    assert found(node, "cumulus") == ["p.example/cumulus.json"]


def generations(node: Node) -> list[str]:
    return sorted(folder.name for folder in node.settings.index_folder.iterdir() if folder.is_dir())


def to_be_made_anew(node: Node, provider: Provider, clock: Clock) -> tuple[EmbeddedEngine, Indexer]:
    """An index of seven offerings, of a store that asks for it to be made anew."""
    for number in range(7):
        publish(node, provider.sign(provider.offering(f"s{number}", subject=f"https://p.example/{number}")))
    engine = EmbeddedEngine(node.settings.index_folder, writable=True)
    indexer = Indexer(node.database, engine, Describer(node.settings), clock)
    indexer.catch_up()
    with node.database.write() as connection:
        connection.execute(update(heads).values(generation=heads.c.generation + 1))
    return engine, indexer


def test_index_made_anew_is_filled_beside_the_one_that_answers(
    node: Node, provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.indexer.BATCH", 2)
    engine, indexer = to_be_made_anew(node, provider, clock)
    publish(node, provider.sign(provider.offering("s7", subject="https://p.example/7")))
    steps, totals = 0, []
    while indexer.step():
        steps += 1
        totals.append(len(found(node)))
        node.discovery.refresh()
    # What was published meanwhile is found before the new index is full, and nothing is ever missing.
    assert steps >= 4
    assert set(totals[1:]) == {8}
    assert len(generations(node)) == 1
    assert Position.parse(engine.position()) == Position(1, 8, 0)
    engine.close()


def test_index_half_made_anew_leaves_the_old_one_answering_and_no_litter(
    node: Node, provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.indexer.BATCH", 2)
    engine, indexer = to_be_made_anew(node, provider, clock)
    assert indexer.step()
    indexer.close()
    engine.close()
    assert len(generations(node)) == 2
    assert len(found(node)) == 7
    engine = EmbeddedEngine(node.settings.index_folder, writable=True)
    Indexer(node.database, engine, Describer(node.settings), clock).catch_up()
    engine.close()
    assert len(generations(node)) == 1
    assert len(found(node)) == 7


def test_index_filled_from_the_start_describes_again_only_what_evidence_came_after(
    node: Node, provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.indexer.BATCH", 2)
    early, late = (
        [provider.sign(provider.offering(name, subject=f"https://p.example/{name}")) for name in names]
        for names in (("a", "b"), ("c", "d", "e"))
    )
    early_records = [publish(node, data) for data in early]
    clock.advance(seconds=1)
    publish(node, provider.sign(provider.participant("Nuée SAS")))
    late_records = [publish(node, data) for data in late]
    put: list[str] = []
    apply = EmbeddedEngine.apply

    def counting(
        self: EmbeddedEngine, upserts: Sequence[Document], deletes: Sequence[str], position: str
    ) -> None:
        put.extend(document.id for document in upserts)
        apply(self, upserts, deletes, position)

    monkeypatch.setattr(EmbeddedEngine, "apply", counting)
    engine = EmbeddedEngine(node.settings.index_folder, writable=True)
    Indexer(node.database, engine, Describer(node.settings), clock).catch_up()
    engine.close()
    assert [put.count(record) for record in early_records] == [2, 2]
    assert [put.count(record) for record in late_records] == [1, 1, 1]
    answer = node.discovery.search(Query(filters={"provider": ("Nuée SAS",)}), ("en",))
    assert answer["total"] == 5


def test_index_of_many_entries_answers_nothing_before_it_is_whole(
    node: Node, provider: Provider, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.indexer.BATCH", 2)
    for number in range(5):
        publish(node, provider.sign(provider.offering(f"s{number}", subject=f"https://p.example/{number}")))
    engine = EmbeddedEngine(node.settings.index_folder, writable=True)
    indexer = Indexer(node.database, engine, Describer(node.settings), clock)
    totals = []
    while indexer.step():
        node.discovery.refresh()
        totals.append(len(found(node)))
    engine.close()
    assert set(totals) == {0, 5}


def test_a_long_step_is_followed_by_a_longer_rest_and_never_by_a_long_one() -> None:
    assert pause_after(0.001) == IDLE_SECONDS
    assert 0.3 < pause_after(0.2) < BUSY_SECONDS
    assert pause_after(60.0) == BUSY_SECONDS
