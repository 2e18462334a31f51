"""What is concluded of an offering changes by itself, and an event says why and since when."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from world import START, Clock, Provider

from catalogue.backup import backup, restore
from catalogue.conclusions import KINDS
from catalogue.describing import Describer
from catalogue.history import Happening
from catalogue.indexer import Indexer
from catalogue.node import Node
from catalogue.replay import rebuild
from catalogue.ruling import RuleChanges
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import concluded
from credentials.times import to_rfc3339
from search.embedded import EmbeddedEngine
from search.query import Query
from vocab.trust import TrustEntry, TrustList

ADDRESS = "192.0.2.1"
SERVICE = "https://nuee.example/o/1"
LABEL = "cloud-de-confiance"
Index = Callable[[Node], None]


class World:
    """A provider, a certification body and a clearing house on one node."""

    def __init__(self, make: Callable[..., Node], folder: Path, dids: Path, clock: Clock) -> None:
        names = ("nuee", "body", "clearing", "parent")
        self.provider, self.body, self.clearing, self.parent = (
            Provider(clock, host=f"{name}.example", folder=dids) for name in names
        )
        self.trust = folder / "trust.json"
        self.write_trust(self.body, self.clearing)
        self.node = make(trust_list=str(self.trust))

    def write_trust(self, *trusted: Provider) -> None:
        what = {self.body: "certification", self.clearing: "gaia-x-label"}
        entries = (TrustEntry(one.did, (what[one],), START - timedelta(days=1)) for one in trusted)
        self.trust.write_text(json.dumps(TrustList(tuple(entries)).to_dict()), encoding="utf-8")

    def publish(self, by: Provider, document: dict[str, Any]) -> Any:
        return self.node.publisher.publish(by.sign(document), address=ADDRESS).records[0]

    def offering(self, subject: str = SERVICE, **options: Any) -> str:
        return str(self.publish(self.provider, self.provider.offering(subject=subject, **options)).id)

    def certify(self, covers: str = SERVICE, *, valid_until: str = "", **claims: Any) -> Any:
        document = self.body.certificate(covers, **claims)
        if valid_until:
            document["validUntil"] = valid_until
        return self.publish(self.body, document)

    def label(self, level: str = "L1", **options: Any) -> Any:
        about = {
            "id": f"{self.clearing.did}#label",
            "type": "gx:LabelCredential",
            "gx:labelLevel": level,
            "gx:compliantCredentials": {"id": SERVICE, "gx:credentialType": "gx:ServiceOffering"},
        }
        return self.publish(self.clearing, self.clearing.credential(about, **options))

    def told(self, record: str) -> list[Happening]:
        """What was told of conclusions, oldest first."""
        page = self.node.discovery.history(record, order="oldest", size=100)
        return [one for one in page.items if one.kind in KINDS]

    def kept(self) -> set[str]:
        with self.node.database.read() as connection:
            return set(connection.execute(select(concluded.c.record_id)).scalars())


@pytest.fixture
def world(
    make_node: Callable[..., Node],
    tmp_path: Path,
    did_folder: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    monkeypatch.setattr("catalogue.trusting.LOOK_SECONDS", 0.0)
    return World(make_node, tmp_path, did_folder, clock)


def summary(told: list[Happening]) -> list[tuple[str, str | None]]:
    return [(one.kind, one.value) for one in told]


def found(world: World) -> int:
    return int(world.node.discovery.search(Query(filters={"label": (LABEL,)}), ("en",))["total"])


def test_certificate_that_arrives_and_expires_is_told_with_its_issuer_and_its_time(
    world: World, index: Index, clock: Clock
) -> None:
    record = world.offering()
    index(world.node)
    assert world.told(record) == []
    clock.advance(minutes=5)
    until = clock.now + timedelta(hours=1)
    certificate = world.certify(valid_until=to_rfc3339(until))
    index(world.node)
    gained = next(one for one in world.told(record) if one.value == LABEL)
    assert gained.kind == "label_gained"
    assert gained.content_id == certificate.content_id
    assert gained.since == clock.now
    assert f"{world.body.did}'s statement {certificate.content_id} arrived" in gained.reason
    assert found(world) == 1
    clock.advance(hours=2)
    index(world.node)
    lost = next(one for one in world.told(record)[1:] if one.value == LABEL)
    assert lost.kind == "label_lost"
    assert (lost.at, lost.since, lost.content_id) == (clock.now, until, certificate.content_id)
    assert f"{world.body.did}'s statement {certificate.content_id} has expired" in lost.reason
    assert found(world) == 0


def test_certificate_that_ends_on_a_day_is_told_as_of_that_day_however_late(
    world: World, index: Index, clock: Clock
) -> None:
    record = world.offering()
    certificate = world.certify(endDate="2026-06-03")
    index(world.node)
    assert summary(world.told(record)) == [("concluded", None)]
    clock.advance(days=10)
    index(world.node)
    lost = next(one for one in world.told(record) if one.kind == "label_lost")
    assert lost.value == LABEL
    assert (lost.content_id, to_rfc3339(lost.since or START)) == (
        certificate.content_id,
        "2026-06-04T00:00:00Z",
    )
    assert "begins or ends on 2026-06-04" in lost.reason


def test_withdrawn_certificate_is_told_with_the_time_of_its_withdrawal(
    world: World, index: Index, clock: Clock
) -> None:
    record = world.offering()
    certificate = world.certify()
    index(world.node)
    clock.advance(minutes=1)
    world.node.publisher.withdraw(world.body.withdrawal(certificate.content_id), address=ADDRESS)
    withdrawn_at = clock.now
    clock.advance(minutes=1)
    index(world.node)
    lost = next(one for one in world.told(record) if one.kind == "label_lost")
    assert (lost.content_id, lost.since) == (certificate.content_id, withdrawn_at)
    assert "was withdrawn" in lost.reason


def test_issuer_whom_nobody_trusts_any_more_is_told(world: World, index: Index, clock: Clock) -> None:
    record = world.offering()
    certificate = world.certify()
    index(world.node)
    clock.advance(minutes=1)
    world.write_trust(world.clearing)
    index(world.node)
    lost = next(one for one in world.told(record) if one.kind == "label_lost")
    assert (lost.content_id, lost.since) == (certificate.content_id, clock.now)
    assert f"trust list says something else of {world.body.did}" in lost.reason
    world.write_trust(world.clearing, world.body)
    clock.advance(minutes=1)
    index(world.node)
    gained = next(one for one in world.told(record) if one.kind == "label_gained")
    assert (gained.content_id, gained.since) == (certificate.content_id, clock.now)
    assert "trust list" in gained.reason


def test_erased_certificate_is_told_without_its_bytes(world: World, index: Index, clock: Clock) -> None:
    record = world.offering()
    certificate = world.certify()
    index(world.node)
    clock.advance(minutes=1)
    world.node.operations.erase(certificate.digest, "asked for")
    index(world.node)
    lost = next(one for one in world.told(record) if one.kind == "label_lost")
    assert lost.content_id == certificate.content_id
    assert "is held here no longer" in lost.reason


def test_clearing_houses_label_goes_up_and_down(world: World, index: Index, clock: Clock) -> None:
    record = world.offering()
    index(world.node)
    for level in ("L1", "L3", "SC"):
        clock.advance(minutes=1)
        world.label(level)
        index(world.node)
    labels = [one for one in world.told(record) if one.kind.startswith("label")]
    assert summary(labels) == [
        ("label_gained", "gaia-x:L1"),
        ("label_gained", "gaia-x:L3"),
        ("label_lost", "gaia-x:L3"),
    ]
    assert "and with it gaia-x:SC" in labels[0].reason
    assert "and with it gaia-x:L2, gaia-x:L1" in labels[2].reason
    assert "arrived" in labels[2].reason


def test_another_version_by_the_provider_is_the_reason(world: World, index: Index, clock: Clock) -> None:
    record = world.offering()
    world.label("L1")
    index(world.node)
    clock.advance(minutes=1)
    about = {"id": SERVICE, "type": "gx:ServiceOffering", "dataPlace": {"country": "US"}}
    newer = world.publish(world.provider, world.provider.federation_credential(about))
    index(world.node)
    (changed,) = (one for one in world.told(record) if one.kind == "exposure_changed")
    assert "now US" in changed.reason
    assert (changed.content_id, changed.since) == (newer.content_id, clock.now)
    assert f"its provider's statement {newer.content_id} took the place" in changed.reason


def test_parent_that_is_known_from_now_on_exposes_what_its_daughter_offers(
    world: World, index: Index, clock: Clock
) -> None:
    daughter = world.provider.participant("Nuée SAS")
    daughter["credentialSubject"]["gx:subOrganisationOf"] = {"id": world.parent.did}
    world.publish(world.provider, daughter)
    record = world.offering()
    index(world.node)
    clock.advance(minutes=1)
    parent = world.publish(world.parent, world.parent.participant("Parent Inc.", country="US"))
    index(world.node)
    (changed,) = (one for one in world.told(record) if one.kind == "exposure_changed")
    assert "now US" in changed.reason
    assert (changed.content_id, changed.since) == (parent.content_id, clock.now)
    assert f"{world.parent.did}'s statement {parent.content_id} arrived" in changed.reason


def test_nothing_is_told_twice_by_a_rebuild_a_new_index_or_a_restored_store(
    world: World, index: Index, clock: Clock, tmp_path: Path
) -> None:
    record = world.offering()
    world.label("L1")
    index(world.node)
    clock.advance(minutes=1)
    world.certify()
    index(world.node)
    before = world.told(record)
    assert "label_gained" in {one.kind for one in before}
    rebuild(world.node.database, clock, max_bytes=world.node.settings.max_bytes)
    index(world.node)
    assert world.told(record) == before
    engine = EmbeddedEngine(tmp_path / "another", writable=True)
    Indexer(world.node.database, engine, Describer(world.node.settings), clock).catch_up()
    engine.close()
    assert world.told(record) == before
    archive = tmp_path / "node.backup"
    backup(world.node.settings, archive, clock)
    settings = Settings(data=tmp_path / "other", trust_list=str(world.trust))
    restore(settings, archive)
    database = Database(settings.store_url)
    rebuild(database, clock, max_bytes=settings.max_bytes)
    database.close()
    restored = Node(settings, clock)
    engine = EmbeddedEngine(settings.index_folder, writable=True)
    Indexer(restored.database, engine, Describer(settings), clock).catch_up()
    engine.close()
    history = restored.discovery.history(record, order="oldest", size=100)
    assert [one for one in history.items if one.kind in KINDS] == before
    restored.close()


def test_killed_indexer_tells_each_once(
    world: World, index: Index, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = world.offering()
    index(world.node)
    clock.advance(minutes=1)
    world.certify()
    engine = EmbeddedEngine(world.node.settings.data / "another", writable=True)
    indexer = Indexer(world.node.database, engine, Describer(world.node.settings), clock)
    with monkeypatch.context() as killed:
        killed.setattr(EmbeddedEngine, "apply", _killed)
        with pytest.raises(KeyboardInterrupt):
            indexer.catch_up()
    told = world.told(record)
    assert ("label_gained", LABEL) in summary(told)
    indexer.catch_up()
    engine.close()
    index(world.node)
    assert world.told(record) == told


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_indexer_that_lags_behind_takes_nothing_back(
    world: World, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is about to tell of a certificate when the other has told of it, and of its withdrawal."""
    record = world.offering()
    engines = [EmbeddedEngine(tmp_path / name, writable=True) for name in ("slow", "quick")]
    slow, quick = (
        Indexer(world.node.database, engine, Describer(world.node.settings), clock) for engine in engines
    )
    quick.catch_up()
    slow.catch_up()
    clock.advance(minutes=1)
    certificate = world.certify()
    describe_all = Describer.describe_all

    def overtaken(self: Describer, connection: Any, records: Any, now: Any) -> Any:
        described = describe_all(self, connection, records, now)
        if record in records:
            monkeypatch.setattr(Describer, "describe_all", describe_all)
            quick.catch_up()
            clock.advance(minutes=1)
            world.node.publisher.withdraw(world.body.withdrawal(certificate.content_id), address=ADDRESS)
            quick.catch_up()
        return described

    monkeypatch.setattr(Describer, "describe_all", overtaken)
    slow.step()
    told = summary(world.told(record))
    assert [kind for kind, value in told if value == LABEL] == ["label_gained", "label_lost"]
    slow.catch_up()
    assert summary(world.told(record)) == told
    for engine in engines:
        engine.close()


def test_what_is_hidden_or_erased_keeps_no_conclusions(world: World, index: Index, clock: Clock) -> None:
    records = [world.offering(f"https://nuee.example/o/{number}") for number in range(3)]
    digests = {one.id: one for one in world.node.records.statements(issuer=world.provider.did).items}
    index(world.node)
    assert world.kept() == set(records)
    clock.advance(minutes=1)
    withdrawn = digests[records[0]].content_id
    world.node.publisher.withdraw(world.provider.withdrawal(withdrawn), address=ADDRESS)
    index(world.node)
    assert world.kept() == set(records[1:])
    world.node.operations.erase(digests[records[1]].digest, "asked for")
    # At once: nobody need wait for the indexer.
    assert world.kept() == {records[2]}
    world.node.operations.block(world.provider.did, "impersonation")
    index(world.node)
    assert world.kept() == set()
    world.node.operations.forget(world.provider.did)
    index(world.node)
    assert world.kept() == {records[2]}


def test_removed_issuer_has_only_what_it_attested_described_again(
    world: World, index: Index, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = [f"https://nuee.example/o/{number}" for number in range(6)]
    records = [world.offering(service) for service in services]
    world.certify(services[0])
    world.publish(world.body, world.body.certificate(services[3], id=f"{world.body.did}#other"))
    index(world.node)
    described: list[str] = []
    describe_all = Describer.describe_all

    def counting(self: Describer, connection: Any, chunk: Any, now: Any) -> Any:
        described.extend(chunk)
        return describe_all(self, connection, chunk, now)

    monkeypatch.setattr(Describer, "describe_all", counting)
    world.write_trust(world.clearing)
    index(world.node)
    assert set(described) & set(records) == {records[0], records[3]}
    assert described.count(records[0]) <= 2


def test_day_on_which_rules_change_has_everything_described_again(
    world: World, index: Index, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = (START + timedelta(days=2)).date()
    monkeypatch.setattr("vocab.rule_days.rule_days", lambda: (day,))
    record = world.offering()
    index(world.node)
    described: list[str] = []
    describe_all = Describer.describe_all

    def counting(self: Describer, connection: Any, chunk: Any, now: Any) -> Any:
        described.extend(chunk)
        return describe_all(self, connection, chunk, now)

    monkeypatch.setattr(Describer, "describe_all", counting)
    clock.advance(days=1)
    index(world.node)
    assert described == []
    clock.advance(days=1)
    index(world.node)
    assert described == [record]
    clock.advance(days=1)
    index(world.node)
    assert described == [record]


def test_damaged_note_of_the_rules_has_everything_described_again(node: Node, clock: Clock) -> None:
    def changes() -> RuleChanges:
        return RuleChanges(node.settings, node.database, clock)

    assert changes().catch_up() == 0
    assert changes().catch_up() == 0
    (node.settings.data / "rules.seen").write_bytes(b"\xff")
    damaged = changes()
    assert [damaged.catch_up(), damaged.catch_up(), changes().catch_up()] == [1, 0, 0]
