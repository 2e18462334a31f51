"""A node that was put back to an earlier state signs nothing until it has what it had signed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from served_nodes import Served, ServedWeb
from sqlalchemy import select, update
from world import Clock, Provider

from catalogue.backup import backup, restore
from catalogue.errors import ContentErased
from catalogue.federation.heads import hold, newest_head, release
from catalogue.federation.key_rotation import rotate
from catalogue.federation.reconciling import WAITING
from catalogue.federation.renewing import renew
from catalogue.federation.roster import peer_named
from catalogue.log import Op, append, is_logged
from catalogue.node import prepare
from catalogue.node_key import ensure_key
from catalogue.replay import rebuild
from catalogue.settings import Settings
from catalogue.store.database import LogHeld
from catalogue.store.tables import blobs, intake, listings, received
from credentials.identity import digest_of
from credentials.transparency.checkpoints import verify_checkpoint
from credentials.transparency.refusals import BadSignature
from search.query import Query

ADDRESS = "192.0.2.1"


@pytest.fixture
def web(clock: Clock) -> ServedWeb:
    return ServedWeb(clock)


@pytest.fixture
def make(tmp_path: Path, clock: Clock, did_folder: Path, web: ServedWeb) -> Iterator[Callable[..., Served]]:
    """Make a node of a name in a folder of another; it answers for the name from then on."""
    made: list[Served] = []

    def serve(name: str, folder: str = "", **overrides: Any) -> Served:
        values = {
            "data": tmp_path / (folder or name),
            "base_url": f"https://{name}.example",
            "did_documents": str(did_folder),
        } | overrides
        settings = Settings(**values)
        prepare(settings)
        made.append(Served(settings, web, clock))
        return made[-1]

    yield serve
    for node in made:
        node.close()


class Story:
    """A node that was backed up, went on, and was copied by a peer; then put back from the backup."""

    def __init__(self, make: Callable[..., Served], clock: Clock, tmp_path: Path) -> None:
        self.make = make
        self.clock = clock
        self.provider = Provider(clock)
        self.here = make("here")
        self.peer = make("peer")
        self.here.sign()
        self.peer.sign()
        self.here.follow(self.peer)
        self.peer.follow(self.here)
        self.archive = tmp_path / "yesterday.gz"
        self.restored: Served | None = None

    def publish(self, name: str) -> tuple[str, str]:
        """Digest and content_id of a new offering."""
        self.clock.advance(seconds=1)
        offering = self.provider.offering(
            name, subject=f"https://p.example/o/{name.replace(' ', '-').replace(',', '')}"
        )
        done = (self.restored or self.here).node.publisher.publish(
            self.provider.sign(offering), address=ADDRESS
        )
        return done.digest, done.records[0].content_id

    def sync(self) -> None:
        """Sign, and let the peer copy."""
        self.clock.advance(seconds=1)
        self.here.sign()
        self.peer.copy(self.here)

    def back_up(self) -> None:
        backup(self.here.settings, self.archive, self.clock)

    def put_back(self, **settings: Any) -> Served:
        """The node from the backup, in another folder, under its name."""
        folder = self.here.settings.data.parent / "restored"
        restored = Settings(
            data=folder,
            base_url=self.here.settings.base_url,
            did_documents=self.here.settings.did_documents,
            **settings,
        )
        restore(restored, self.archive)
        self.restored = self.make("here", "restored", **settings)
        rebuild(self.restored.node.database, self.clock, max_bytes=1_000_000)
        return self.restored


@pytest.fixture
def story(make: Callable[..., Served], clock: Clock, tmp_path: Path) -> Story:
    return Story(make, clock, tmp_path)


def entries(node: Served) -> list[str]:
    with node.node.database.read() as connection:
        rows = connection.execute(
            select(intake.c.entry).where(intake.c.leaf.is_not(None)).order_by(intake.c.leaf)
        )
        return list(rows.scalars())


def states(node: Served) -> dict[str, str]:
    with node.node.database.read() as connection:
        rows = connection.execute(select(listings.c.content_id, listings.c.state))
        return {row.content_id: row.state for row in rows}


def kept(node: Served, digest: str) -> bool:
    with node.node.database.read() as connection:
        return connection.execute(select(blobs.c.digest).where(blobs.c.digest == digest)).first() is not None


def test_restored_node_takes_back_what_it_had_signed_and_goes_on(story: Story) -> None:
    _, content = story.publish("withdrawn")
    erased, _ = story.publish("erased")
    story.sync()
    story.back_up()
    for name in ("one", "two"):
        story.publish(name)
    story.here.node.publisher.withdraw(story.provider.withdrawal(content), address=ADDRESS)
    story.here.node.operations.erase(erased, "a test")
    story.sync()
    signed = story.here.node.log.checkpoint()

    restored = story.put_back()
    assert "put back from a backup" in (restored.held or "")
    with pytest.raises(LogHeld):
        story.publish("too early")
    restored.sign()
    outcome = restored.reconciler().attempt()
    assert (outcome.released, outcome.taken_back, outcome.missing) == (True, 4, ())
    assert outcome.asked == ("peer.example",)
    assert restored.held is None
    assert entries(restored) == entries(story.here)
    assert states(restored) == states(story.here)
    assert states(restored)[content] == "withdrawn"
    assert not kept(restored, erased)
    assert restored.node.log.checkpoint() == signed
    assert rebuild(restored.node.database, story.clock, max_bytes=1_000_000).refused == ()
    assert states(restored) == states(story.here)

    story.publish("after")
    story.clock.advance(seconds=60)
    restored.sign()
    story.peer.copy(restored)
    assert states(story.peer) == states(restored)
    assert len(entries(restored)) == 7


def test_index_is_told_of_what_was_taken_back(story: Story, index: Callable[..., None]) -> None:
    story.publish("one")
    story.sync()
    story.back_up()
    story.publish("two")
    story.sync()
    restored = story.put_back()
    index(restored.node)
    assert restored.reconciler().attempt().released
    index(restored.node)
    found = restored.node.discovery.search(Query(), ("en",))
    assert sorted(item["name"] for item in found["items"]) == ["one", "two"]


def test_peer_that_does_not_answer_is_waited_for(story: Story, web: ServedWeb) -> None:
    story.publish("one")
    story.sync()
    story.back_up()
    story.publish("two")
    story.sync()
    restored = story.put_back()
    web.away.add("peer.example")
    for _ in range(2):
        outcome = restored.reconciler().attempt()
        assert (outcome.released, outcome.waiting) == (False, ("peer.example",))
        assert (restored.held or "").endswith(f"{WAITING}peer.example")
    assert (restored.held or "").count(WAITING) == 1
    web.away.clear()
    assert restored.reconciler().attempt().released
    assert entries(restored) == entries(story.here)


def test_operator_may_go_on_without_peers(story: Story, web: ServedWeb) -> None:
    story.publish("one")
    story.sync()
    story.back_up()
    restored = story.put_back()
    web.away.add("peer.example")
    outcome = restored.reconciler().attempt(without_peers=True)
    assert (outcome.released, outcome.waiting) == (True, ("peer.example",))
    story.publish("two")


def test_node_without_peers_is_not_held(make: Callable[..., Served], clock: Clock, tmp_path: Path) -> None:
    alone = make("alone")
    alone.sign()
    backup(alone.settings, tmp_path / "b.gz", clock)
    settings = Settings(data=tmp_path / "again", base_url=alone.settings.base_url)
    assert not restore(settings, tmp_path / "b.gz").held
    assert make("alone", "again").held is None


def test_peer_that_copies_nothing_has_nothing_to_say(story: Story) -> None:
    story.publish("one")
    story.here.sign()
    story.back_up()
    outcome = story.put_back().reconciler().attempt()
    # The peer has polled the log never: it knows of no head.
    assert (outcome.released, outcome.asked, outcome.taken_back) == (True, ("peer.example",), 0)


def test_what_was_not_signed_yet_comes_after_what_was(story: Story) -> None:
    story.publish("one")
    story.sync()
    late, _ = story.publish("taken, and signed after the backup")
    story.back_up()
    story.sync()
    story.publish("two")
    story.sync()
    restored = story.put_back()
    # Somebody published in the moment before the hold.
    with restored.node.database.write() as connection:
        release(connection)
    lost, _ = story.publish("in between")
    with restored.node.database.write() as connection:
        hold(connection, "put back")
    outcome = restored.reconciler().attempt()
    assert (outcome.released, outcome.taken_back) == (True, 1)
    assert entries(restored)[:3] == entries(story.here)
    assert len(entries(restored)) == 4
    assert late in entries(restored)[1]
    assert lost in entries(restored)[3]
    restored.sign()
    story.peer.copy(restored)
    assert states(story.peer) == states(restored)


def test_node_that_signed_another_history_stays_on_hold(story: Story) -> None:
    story.publish("one")
    story.sync()
    story.back_up()
    story.publish("two")
    story.sync()
    restored = story.put_back()
    # What must not happen: it went on without asking anybody.
    with restored.node.database.write() as connection:
        release(connection)
    story.publish("another")
    restored.sign()
    with restored.node.database.write() as connection:
        hold(connection, "put back")
    for without in (False, True):
        outcome = restored.reconciler().attempt(without_peers=without)
        assert not outcome.released
        assert "another root for 2 entries" in outcome.problem
        assert restored.held == outcome.problem


def test_entries_that_are_not_what_was_signed_are_not_taken(story: Story) -> None:
    story.publish("one")
    story.sync()
    story.back_up()
    story.publish("two")
    story.sync()
    # The peer has the right note, and says something else of an entry.
    with story.peer.node.database.write() as connection:
        connection.execute(update(received).where(received.c.leaf == 1).values(digest="0" * 64))
    restored = story.put_back()
    outcome = restored.reconciler().attempt()
    assert not outcome.released
    assert "don't make what this node has signed for 2 entries" in outcome.problem
    assert len(entries(restored)) == 1
    # Another one tells it as it was.
    other = story.make("other")
    other.sign()
    other.follow(story.here)
    story.here.web.apps["here.example"] = story.here.app
    other.copy(story.here)
    restored.follow(other)
    assert restored.reconciler().attempt().released
    assert entries(restored) == entries(story.here)


def test_entry_that_was_altered_beyond_the_signed_head_is_put_back(story: Story) -> None:
    story.publish("one")
    story.back_up()
    story.sync()
    restored = story.put_back()
    with restored.node.database.write() as connection:
        entry = connection.execute(select(intake.c.entry).where(intake.c.leaf == 0)).scalar_one()
        changed = entry.replace("12:00", "13:00")
        assert changed != entry
        connection.execute(update(intake).where(intake.c.leaf == 0).values(entry=changed))
    assert restored.reconciler().attempt().released
    assert entries(restored) == entries(story.here)


def test_what_this_node_signed_and_nobody_has_cannot_be_resumed(story: Story, web: ServedWeb) -> None:
    story.publish("one")
    story.sync()
    story.back_up()
    story.publish("two")
    story.here.sign()
    restored = story.put_back()
    (restored.settings.data / "node-log.json").write_bytes(
        (story.here.settings.data / "node-log.json").read_bytes()
    )
    for without in (False, True):
        outcome = restored.reconciler().attempt(without_peers=without)
        assert not outcome.released
        assert "no peer that answered has the others" in outcome.problem


def test_signature_by_another_key_counts_for_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.publish("one")
    story.sync()
    story.back_up()
    story.publish("two")
    story.sync()
    restored = story.put_back()
    folder = restored.settings.data
    (folder / "node-key.json").unlink()
    ensure_key(folder)
    outcome = restored.reconciler().attempt()
    assert (outcome.released, outcome.taken_back) == (True, 0)


# Another key


def test_new_key_is_followed_by_itself_and_the_old_one_signs_once_more(story: Story, clock: Clock) -> None:
    story.publish("one")
    story.sync()
    here = story.here
    done = rotate(here.settings, here.node.database, clock)
    assert done.new.key == ensure_key(here.settings.data).public()
    story.sync()
    with here.node.database.read() as connection:
        head = newest_head(connection)
        assert is_logged(connection, done.digest)
    assert head is not None
    for key in (done.old, done.new):
        assert verify_checkpoint(head.note, done.old.name, (key,)).size == 2
    story.publish("two")
    story.sync()
    with here.node.database.read() as connection:
        head = newest_head(connection)
    assert head is not None
    assert verify_checkpoint(head.note, done.old.name, (done.new,)).size == 3
    with pytest.raises(BadSignature):
        verify_checkpoint(head.note, done.old.name, (done.old,))
    assert states(story.peer) == states(here)
    with story.peer.node.database.read() as connection:
        assert peer_named(connection, here.name).keys == (done.old.text(), done.new.text())


def test_did_document_names_the_old_key_for_a_week(story: Story, clock: Clock) -> None:
    here = story.here
    old = ensure_key(here.settings.data).public().jwk()
    rotate(here.settings, here.node.database, clock)
    new = ensure_key(here.settings.data).public().jwk()
    assert [key["publicKeyJwk"]["x"] for key in here.node.did_document()["verificationMethod"]] == [
        new["x"],
        old["x"],
    ]
    aside = here.settings.data / "node-key.previous.json"
    past = clock.now.timestamp() - 8 * 86_400
    os.utime(aside, (past, past))
    (method,) = here.node.did_document()["verificationMethod"]
    assert method["publicKeyJwk"]["x"] == new["x"]


def test_rebuild_and_index_pass_over_a_change_of_key(
    story: Story, clock: Clock, index: Callable[..., None]
) -> None:
    story.publish("one")
    story.here.sign()
    rotate(story.here.settings, story.here.node.database, clock)
    story.publish("two")
    before = states(story.here)
    assert rebuild(story.here.node.database, clock, max_bytes=1_000_000).refused == ()
    assert states(story.here) == before
    index(story.here.node)
    assert story.here.node.discovery.search(Query(), ("en",))["total"] == 2


def test_follower_that_was_away_reads_the_statement(story: Story, clock: Clock) -> None:
    story.publish("one")
    story.sync()
    here = story.here
    for name in ("two", "three"):
        rotate(here.settings, here.node.database, clock)
        here.sign()
        story.publish(name)
        here.sign()
    story.sync()
    assert states(story.peer) == states(here)


def test_rotation_that_was_interrupted_is_completed_by_the_signer(
    story: Story, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.publish("one")
    story.sync()
    here = story.here
    folder = here.settings.data
    old = ensure_key(folder).public()

    class Killed(BaseException):
        """Nothing catches it."""

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("catalogue.federation.key_rotation.promote_key", killed)
        with pytest.raises(Killed):
            rotate(here.settings, here.node.database, clock)
    assert ensure_key(folder).public() == old
    story.sync()
    assert ensure_key(folder).public() != old
    assert states(story.peer) == states(here)


def test_rotated_key_comes_back_with_the_entries_after_a_restore(story: Story, clock: Clock) -> None:
    story.publish("one")
    story.sync()
    story.back_up()
    here = story.here
    rotate(here.settings, here.node.database, clock)
    story.publish("two")
    story.sync()
    restored = story.put_back()
    for name in ("node-key.json", "node-key.previous.json"):
        (restored.settings.data / name).write_bytes((here.settings.data / name).read_bytes())
    outcome = restored.reconciler().attempt()
    assert (outcome.released, outcome.missing) == (True, ())
    story.publish("three")
    story.clock.advance(seconds=1)
    restored.sign()
    story.peer.copy(restored)
    assert states(story.peer) == states(restored)


# Another log


def test_another_log_holds_what_is_still_listed_under_another_name(story: Story, clock: Clock) -> None:
    bytes_erased = story.provider.sign(story.provider.offering("erased"))
    erased = story.here.node.publisher.publish(bytes_erased, address=ADDRESS).digest
    story.publish("one")
    _, content = story.publish("two")
    story.here.node.publisher.withdraw(story.provider.withdrawal(content), address=ADDRESS)
    story.here.node.operations.erase(erased, "a test")
    story.sync()
    rotate(story.here.settings, story.here.node.database, clock)
    before = states(story.here)
    with story.here.node.database.write() as connection:
        hold(connection, "its history was altered")
    done = renew(story.here.settings, story.here.node.database, clock)
    assert done.before != done.origin
    # Without the erased bytes' entry and that of the key.
    assert (done.entries, done.left_out) == (4, 2)
    assert story.here.held is None
    assert states(story.here) == before
    story.here.sign()
    keys = story.here.node.log.keys()
    assert (keys.origin, keys.rotations) == (done.origin, ())
    with pytest.raises(ContentErased):
        story.here.node.publisher.publish(bytes_erased, address=ADDRESS)
    newcomer = story.make("newcomer")
    newcomer.follow(story.here)
    newcomer.copy(story.here)
    assert states(newcomer) == before


def test_another_log_says_again_what_was_altered_by_hand(story: Story, clock: Clock) -> None:
    story.publish("one")
    story.here.sign()
    with story.here.node.database.write() as connection:
        connection.execute(update(intake).where(intake.c.leaf == 0).values(entry="{}"))
    assert not story.here.signer.check()
    renew(story.here.settings, story.here.node.database, clock)
    story.here.sign()
    newcomer = story.make("newcomer")
    newcomer.follow(story.here)
    newcomer.copy(story.here)
    assert states(newcomer) == states(story.here)


def test_node_under_another_address_goes_on_with_a_log_of_another_name(
    story: Story, make: Callable[..., Served], clock: Clock
) -> None:
    story.publish("one")
    story.sync()
    moved = make("moved", "here")
    clock.advance(seconds=1)
    moved.sign()
    assert moved.held is None
    checkpoint = moved.node.log.checkpoint().decode()
    assert checkpoint.startswith("moved.example/log/")
    with moved.node.database.write() as connection:
        append(connection, Op.LIST, digest_of(b"x"), clock.now)
    moved.sign()
    assert moved.held is None
