"""What other participants say of themselves reaches the offerings that rest on it, and no others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from world import START, Clock, Provider

from catalogue import others
from catalogue.describing import Describer
from catalogue.node import Node
from catalogue.others import Start, TooManyAtOnce, followed, others_of
from search.document import Document
from search.embedded import EmbeddedEngine
from vocab.evidence import Statement
from vocab.graph import Graph, Ref
from vocab.graph import Node as Subject
from vocab.namespaces import PARENTS
from vocab.service_facts import Party

ADDRESS = "192.0.2.1"
Index = Callable[[Node], None]


class Group:
    """A provider with a parent and a parent's holder, and a stranger; each with a did:web of its own."""

    def __init__(self, make: Callable[..., Node], dids: Path, clock: Clock) -> None:
        names = ("nuee", "parent", "holder", "stranger")
        self.provider, self.parent, self.holder, self.stranger = (
            Provider(clock, host=f"{name}.example", folder=dids) for name in names
        )
        self.node = make()

    def publish(self, by: Provider, document: dict[str, Any]) -> Any:
        return self.node.publisher.publish(by.sign(document), address=ADDRESS).records[0]

    def participant(self, by: Provider, *, below: str = "", held_by: str = "", **options: Any) -> Any:
        document = by.federation_credential(
            {
                "id": by.did,
                "type": "gx:LegalPerson",
                "gx:name": by.did.rpartition(":")[2],
                **({"gx:subOrganisationOf": {"id": below}} if below else {}),
                **({"ownership": {"holder": held_by, "capitalPercent": 60}} if held_by else {}),
            },
            **options,
        )
        return self.publish(by, document)

    def offering(self, by: Provider, name: str = "Nuage", **claims: Any) -> str:
        host = by.did.rpartition(":")[2]
        about = {"id": f"https://{host}/{name}", "type": "gx:ServiceOffering", "gx:name": name, **claims}
        return str(self.publish(by, by.federation_credential(about)).id)

    def parties(self, record: str) -> dict[str, Party]:
        """By identifier, who is known by its own word beside the provider."""
        with self.node.database.read() as connection:
            found = Describer(self.node.settings).describe(connection, record, self.node.clock())
        assert found is not None
        facts = found.description.facts
        assert facts is not None
        return {name: party for name, party in facts.parties.items() if party.did != facts.provider.did}


@pytest.fixture
def group(make_node: Callable[..., Node], did_folder: Path, clock: Clock) -> Group:
    return Group(make_node, did_folder, clock)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the records that were described and put into the index, in order."""
    records: list[str] = []
    apply = EmbeddedEngine.apply

    def counting(
        self: EmbeddedEngine, upserts: Sequence[Document], deletes: Sequence[str], position: str
    ) -> None:
        records.extend(document.id for document in upserts)
        apply(self, upserts, deletes, position)

    monkeypatch.setattr(EmbeddedEngine, "apply", counting)
    return records


def test_parents_and_their_holders_speak_for_themselves(group: Group, index: Index) -> None:
    group.participant(group.provider, below=group.parent.did)
    record = group.offering(group.provider)
    index(group.node)
    assert group.parties(record) == {}
    group.participant(group.parent, held_by=group.holder.did)
    group.participant(group.holder)
    group.participant(group.stranger)
    index(group.node)
    found = group.parties(record)
    assert set(found) == {group.parent.did, group.holder.did}
    assert found[group.holder.did].name == "holder.example"
    (owner,) = found[group.parent.did].owners
    assert owner.value.holder == group.holder.did
    assert len(owner.source.digest) == 64


def test_participant_is_found_by_the_iri_under_which_it_describes_itself(group: Group, index: Index) -> None:
    subject = "https://parent.example/us.json#we"
    group.participant(group.provider, below=subject)
    record = group.offering(group.provider)
    about = {"id": subject, "type": "gx:LegalPerson"}
    group.publish(group.stranger, group.stranger.credential(about))
    index(group.node)
    assert group.parties(record) == {}
    group.publish(group.parent, group.parent.credential(about))
    index(group.node)
    assert group.parties(record)[subject].did == group.parent.did


def test_those_who_hold_each_other_are_found_once(group: Group, index: Index) -> None:
    group.participant(group.provider, below=group.parent.did)
    group.participant(group.parent, held_by=group.holder.did)
    group.participant(group.holder, held_by=group.parent.did, below=group.provider.did)
    record = group.offering(group.provider)
    index(group.node)
    assert set(group.parties(record)) == {group.parent.did, group.holder.did}


@pytest.mark.parametrize("naming", ["operator", "subcontractor", "consortium", "licensor"])
def test_offering_draws_on_whom_it_names_itself(group: Group, index: Index, naming: str) -> None:
    named = group.parent.did
    claims: dict[str, Any] = {
        "operator": {"operator": {"participant": named}},
        "subcontractor": {"gx:subContractors": {"id": named}},
        "consortium": {"consortium": named},
        "licensor": {"technologyLicence": {"technology": "Vendor cloud", "licensor": named}},
    }
    record = group.offering(group.provider, **claims[naming])
    index(group.node)
    group.participant(group.parent)
    index(group.node)
    assert set(group.parties(record)) == {named}


def test_changed_parent_reaches_only_what_rests_on_it(group: Group, index: Index, put: list[str]) -> None:
    group.participant(group.provider, below=group.parent.did)
    group.participant(group.parent, held_by=group.holder.did)
    own = [group.offering(group.provider, name) for name in ("a", "b")]
    operated = group.offering(group.stranger, "c", operator={"participant": group.parent.did})
    unconcerned = group.offering(group.stranger, "d")
    index(group.node)
    put.clear()
    # Twice removed, and the first that is heard of it.
    holder = group.participant(group.holder)
    index(group.node)
    assert [put.count(record) for record in (*own, operated)] == [1, 1, 1]
    assert unconcerned not in put
    put.clear()
    group.node.operations.erase(holder.digest, "asked for")
    index(group.node)
    assert {*own, operated} <= set(put)
    assert unconcerned not in put
    assert set(group.parties(own[0])) == {group.parent.did}


def test_others_count_no_longer_once_their_word_has_expired_or_is_withdrawn(
    group: Group, index: Index, clock: Clock, put: list[str]
) -> None:
    group.participant(group.provider, below=group.parent.did)
    parent = group.participant(group.parent, held_by=group.holder.did, valid_until=START + timedelta(hours=1))
    holder = group.participant(group.holder)
    record = group.offering(group.provider)
    index(group.node)
    assert set(group.parties(record)) == {group.parent.did, group.holder.did}
    clock.advance(minutes=10)
    group.node.publisher.withdraw(group.holder.withdrawal(holder.content_id), address=ADDRESS)
    put.clear()
    index(group.node)
    assert record in put
    assert set(group.parties(record)) == {group.parent.did}
    clock.advance(hours=1)
    put.clear()
    index(group.node)
    assert record in put
    assert group.parties(record) == {}
    clock.advance(hours=1)
    group.participant(group.parent)
    index(group.node)
    assert group.parties(record)[group.parent.did].owners == ()
    assert parent.id != record


def test_blocked_participant_speaks_for_nobody(group: Group, index: Index) -> None:
    group.participant(group.provider, below=group.parent.did)
    group.participant(group.parent)
    record = group.offering(group.provider)
    index(group.node)
    group.node.operations.block(group.parent.did, "impersonation")
    assert group.parties(record) == {}


def test_offering_that_names_somebody_else_from_now_on_is_reached_by_them(
    group: Group, index: Index, clock: Clock, put: list[str]
) -> None:
    record = group.offering(group.provider, operator={"participant": group.parent.did})
    index(group.node)
    clock.advance(seconds=1)
    assert group.offering(group.provider, operator={"participant": group.holder.did}) == record
    index(group.node)
    put.clear()
    group.participant(group.parent)
    index(group.node)
    assert record not in put
    group.participant(group.holder)
    index(group.node)
    assert record in put


def test_many_records_are_read_with_as_many_questions_as_few(group: Group, index: Index) -> None:
    group.participant(group.provider, below=group.parent.did)
    group.participant(group.parent, held_by=group.holder.did)
    group.participant(group.holder)
    records = [group.offering(group.provider, f"o{number}") for number in range(12)]
    index(group.node)
    asked: list[str] = []
    engine = group.node.database.engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    counts = []
    for some in (records[:1], records):
        describer = Describer(group.node.settings)
        asked.clear()
        with group.node.database.read() as connection:
            assert len(describer.describe_all(connection, some, group.node.clock())) == len(some)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_records_read_together_and_one_by_one_are_read_alike(
    group: Group, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    group.participant(group.provider, below=group.parent.did)
    group.participant(group.parent, held_by=group.holder.did)
    group.participant(group.holder)
    records = [
        group.offering(group.provider, "a"),
        group.offering(group.stranger, "b", operator={"participant": group.parent.did}),
    ]
    index(group.node)
    describer = Describer(group.node.settings)
    with group.node.database.read() as connection:
        together = describer.describe_all(connection, records, group.node.clock())
        monkeypatch.setattr("catalogue.others.MAX_AT_ONCE", 1)
        assert describer.describe_all(connection, records, group.node.clock()) == together


def statement(did: str, *below: str) -> Statement:
    parents = tuple(Ref(name) for name in below)
    subject = Subject(did, properties={PARENTS[0]: parents})
    return Statement(did, did, f"content of {did}", Graph("_:c", {did: subject}), START, None)


def test_walk_ends_after_so_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.others.MAX_HOPS", 3)
    found = others_of(
        {"r": Start("did:x:me", ("did:x:1",))},
        lambda names: {
            name: [statement(name, f"did:x:{int(name.rpartition(':')[2]) + 1}")] for name in names
        },
    )
    assert [one.issuer for one in found["r"]] == ["did:x:1", "did:x:2", "did:x:3"]


def test_walk_follows_so_many_names_and_finds_so_many_participants(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: set[str] = set()

    def crowd(names: set[str]) -> dict[str, list[Statement]]:
        looked_up.update(names)
        return {name: [statement(name, *(f"{name}.{n}" for n in range(10)))] for name in names}

    monkeypatch.setattr("catalogue.others.MAX_FOLLOWED", 30)
    monkeypatch.setattr("catalogue.others.MAX_OTHERS", 20)
    found = others_of({"r": Start("did:x:me", ("did:x:1",))}, crowd)
    assert len(looked_up) == 30
    assert len(found["r"]) == 20


def test_too_many_for_several_records_is_refused_and_for_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.others.MAX_AT_ONCE", 1)

    def load(names: set[str]) -> dict[str, list[Statement]]:
        return {name: [statement(name)] for name in names}

    starts = {"r": Start("did:x:me", ("did:x:1", "did:x:2"))}
    assert len(others_of(starts, load)["r"]) == 2
    with pytest.raises(TooManyAtOnce):
        others_of({**starts, "s": Start("did:x:me", ("did:x:3",))}, load)


def test_name_that_no_database_can_look_up_is_not_followed() -> None:
    long = "did:x:" + "é" * (others.MAX_NAME_BYTES // 2)
    graph = statement("did:x:1", long, "did:x:2").graph
    assert followed(graph, "did:x:1") == ("did:x:2",)
