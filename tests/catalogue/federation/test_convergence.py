"""Whatever happens in whatever order on three nodes: once they have heard of it all, all show the same.

Hypothesis publishes, withdraws, erases, revokes, syncs, restarts and rebuilds at random. What must come of it
is worked out by itself, from what each node was told alone: no verdict, no state and no order of the nodes is
taken over.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from https_servers import Authority
from https_servers import Web as TlsServer
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from small_federation import Member, NodeSite, Web
from sqlalchemy import select
from web_provider import HOST, WebProvider
from world import Clock, Provider

from catalogue.errors import ContentErased, ContentWithdrawn, Gone, NotFound, UnknownContent
from catalogue.listers import HERE, listers_of
from catalogue.node import Node, prepare
from catalogue.rechecking import Rechecker
from catalogue.replay import rebuild
from catalogue.settings import Settings
from catalogue.store.tables import listings
from credentials.identity import digest_of
from credentials.verification import Refused

#: Examples and steps of `make test`, and those of `make soak`, which draws anew each time.
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
EXAMPLES, STEPS = (2_000, 60) if SOAK else (10, 30)

NAMES = ("fr", "de", "it")
SUBJECTS = ("https://p.example/o/1", "https://p.example/o/2")
#: After so many rounds in which each node asks each other one, nothing may be left to tell.
ROUNDS = 3
#: Longer than anything that was put off may wait, and than verdicts are left alone.
LATER = timedelta(hours=7)

which = st.integers(min_value=0, max_value=10**6)
node = st.integers(min_value=0, max_value=len(NAMES) - 1)


@dataclass(frozen=True)
class Statement:
    """One signed statement. `revoked_by` is its bit in its issuer's status list."""

    content_id: str
    issuer: str
    subject: str
    valid_from: datetime
    bit: int | None


@dataclass
class Told:
    """What the nodes were told: the only source of what must come of it."""

    #: By digest: the statements that the bytes carry.
    carried: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bytes: dict[str, bytes] = field(default_factory=dict)
    statements: dict[str, Statement] = field(default_factory=dict)
    #: By node: the bytes that its log lists now, and those that its operator has erased.
    listed: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in NAMES})
    erased: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in NAMES})
    withdrawn: set[str] = field(default_factory=set)
    revoked: set[int] = field(default_factory=set)

    def expected(self, at: str) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
        """What a node must show: by subject and statement its state and who lists it."""
        names: dict[str, set[str]] = {}
        for lister, digests in self.listed.items():
            for digest in digests - self.erased[at]:
                for content in self.carried[digest]:
                    names.setdefault(content, set()).add(lister)
        records: dict[tuple[str, str], list[Statement]] = {}
        for content in names:
            statement = self.statements[content]
            records.setdefault((statement.issuer, statement.subject), []).append(statement)
        return {
            (one.subject, one.content_id): (self._state(one, record), tuple(sorted(names[one.content_id])))
            for record in records.values()
            for one in record
        }

    def _state(self, one: Statement, record: list[Statement]) -> str:
        if one.content_id in self.withdrawn:
            return "withdrawn"
        if one != max(record, key=lambda other: (other.valid_from, other.content_id)):
            return "superseded"
        return "revoked" if one.bit in self.revoked else "listed"


class Federation(RuleBasedStateMachine):
    """Three nodes and three providers, of whom one keeps a status list on a server."""

    server: TlsServer
    #: An empty store: making one takes longer than all that is done with it.
    store: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="catalogue-convergence-"))
        (self.folder / "dids").mkdir()
        self.clock = Clock()
        self.web = Web(self.clock)
        self.members: dict[str, Member] = {}
        self.sites: dict[str, NodeSite] = {}
        self.told = Told()
        self.revocable = WebProvider(self.clock, self.server)
        self.revocable.serve_list()
        self.providers: list[Provider] = [Provider(self.clock), Provider(self.clock), self.revocable]

    @initialize()
    def start(self) -> None:
        """Start all nodes, each of which follows the others."""
        for name in NAMES:
            self._open(name)
            self.sites[name] = NodeSite(self.members[name].node, self.clock)
            self.web.add(self.sites[name])
        for name in NAMES:
            for other in NAMES:
                if other != name:
                    self.members[name].add(self.sites[other])

    # --- what providers do ----------------------------------------------------------------------------------

    @rule(at=node, by=st.integers(0, 2), subject=st.integers(0, 1), age=st.integers(0, 3))
    def publish(self, at: int, by: int, subject: int, age: int) -> None:
        """Publish a new statement; some are signed for the same moment."""
        self._publish(at, self._new(by, subject, age))

    @rule(at=node, by=st.integers(0, 2), age=st.integers(0, 3))
    def publish_presentation(self, at: int, by: int, age: int) -> None:
        """Publish two statements in one presentation."""
        provider = self.providers[by]
        inner = [self._new(by, subject, age) for subject in (0, 1)]
        data = provider.present(*inner)
        self.told.bytes[digest_of(data)] = data
        self.told.carried[digest_of(data)] = tuple(
            content for one in inner for content in self.told.carried[digest_of(one)]
        )
        self._publish(at, data)

    @precondition(lambda self: self.told.bytes)
    @rule(at=node, chosen=which)
    def publish_again(self, at: int, chosen: int) -> None:
        """Publish at some node what was published at some node."""
        self._publish(at, self._pick(list(self.told.bytes.values()), chosen))

    @precondition(lambda self: self.told.statements)
    @rule(at=node, chosen=which)
    def publish_rewritten(self, at: int, chosen: int) -> None:
        """Publish a statement in other bytes: the same content has another digest."""
        data = self._pick(list(self.told.bytes.values()), chosen)
        if not data.startswith(b"{"):
            return
        rewritten = json.dumps(json.loads(data), indent=1 + chosen % 3).encode()
        self.told.bytes[digest_of(rewritten)] = rewritten
        self.told.carried[digest_of(rewritten)] = self.told.carried[digest_of(data)]
        self._publish(at, rewritten)

    @precondition(lambda self: self.told.statements)
    @rule(at=node, chosen=which)
    def withdraw(self, at: int, chosen: int) -> None:
        """Withdraw a statement at some node, which may not know it."""
        statement = self._pick(list(self.told.statements.values()), chosen)
        (provider,) = (one for one in self.providers if one.did == statement.issuer)
        try:
            self._node(at).publisher.withdraw(provider.withdrawal(statement.content_id), address=None)
        except UnknownContent:
            return
        self.told.withdrawn.add(statement.content_id)

    @precondition(lambda self: any(one.bit is not None for one in self.told.statements.values()))
    @rule(chosen=which)
    def revoke(self, chosen: int) -> None:
        """Revoke a statement in its issuer's status list, for good."""
        bits = [one.bit for one in self.told.statements.values() if one.bit is not None]
        self.told.revoked.add(self._pick(bits, chosen))
        self.revocable.serve_list(*self.told.revoked)
        # Nobody asks for a list again that he has asked for within the hour.
        self.clock.advance(hours=2)

    # --- what operators do ----------------------------------------------------------------------------------

    @precondition(lambda self: self.told.bytes)
    @rule(at=node, chosen=which)
    def erase(self, at: int, chosen: int) -> None:
        """Erase bytes that the node holds, whether it lists them or has copied them."""
        digest = self._pick(list(self.told.bytes), chosen)
        try:
            self._node(at).operations.erase(digest, "asked for")
        except (NotFound, Gone):
            return
        self.told.listed[NAMES[at]].discard(digest)
        self.told.erased[NAMES[at]].add(digest)

    @rule(at=node)
    def restart(self, at: int) -> None:
        """End the process and start another."""
        self._close(NAMES[at])
        self._open(NAMES[at])

    @rule(at=node)
    def rebuild(self, at: int) -> None:
        """Derive everything again."""
        one = self._node(at)
        rebuild(one.database, self.clock, max_bytes=one.settings.max_bytes)

    @rule(at=node)
    def recheck(self, at: int) -> None:
        """Verify again what is listed, when it is due."""
        one = self._node(at)
        rechecker = Rechecker(one.database, one.verification, self.clock, timedelta(hours=6), {})
        while rechecker.step():
            pass

    @rule(hours=st.integers(1, 7))
    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.clock.advance(hours=hours)

    # --- what nodes do --------------------------------------------------------------------------------------

    @rule(at=node, other=node)
    def sync(self, at: int, other: int) -> None:
        """Copy what another node has."""
        if at != other:
            self.members[NAMES[at]].sync(self.sites[NAMES[other]])

    @rule(at=node, other=node)
    def poll(self, at: int, other: int) -> None:
        """Receive what another node has, and decide on it another time."""
        if at != other:
            self.members[NAMES[at]].poll(self.sites[NAMES[other]])

    def teardown(self) -> None:
        """Let everybody hear of everything, and look."""
        try:
            if self.members:
                self._settle()
                for name in NAMES:
                    assert self._shown(name) == self.told.expected(name), name
        finally:
            for name in tuple(self.members):
                self._close(name)
            shutil.rmtree(self.folder)

    def _settle(self) -> None:
        for _ in range(ROUNDS):
            self.clock.now += LATER
            for at in range(len(NAMES)):
                for other in range(len(NAMES)):
                    self.sync(at, other)
        for at in range(len(NAMES)):
            self.recheck(at)

    def _shown(self, name: str) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
        own = self.members[name].node
        with own.database.read() as connection:
            rows = connection.execute(select(listings)).all()
            listers = listers_of(connection, [row.content_id for row in rows])
        names = {HERE: name, **{self.sites[other].name: other for other in NAMES}}
        return {
            (row.subject, row.content_id): (
                row.state,
                tuple(sorted(names[lister] for lister in listers[row.content_id])),
            )
            for row in rows
        }

    # --- how ------------------------------------------------------------------------------------------------

    def _node(self, at: int) -> Node:
        return self.members[NAMES[at]].node

    def _open(self, name: str) -> None:
        own = Settings(
            data=self.folder / name,
            base_url=f"https://{name}.example",
            did_documents=str(self.folder / "dids"),
            fetch_allow_hosts=frozenset({f"{HOST}:{self.server.port}"}),
            fetch_ca_file=str(self.server.authority.file),
            rate_fetch_host="1000000/minute",
            rate_fetch_address="1000000/minute",
            rate_issuer="1000000/minute",
            self_issued_daily=1_000_000,
        )
        if not own.data.exists():
            own.data.mkdir()
            shutil.copy(self.store, own.data)
        prepare(own)
        self.members[name] = Member(Node(own, self.clock), self.web, self.clock)
        if name in self.sites:
            self.sites[name].node = self.members[name].node

    def _close(self, name: str) -> None:
        member = self.members.pop(name)
        member.close()
        member.node.close()

    @staticmethod
    def _pick(things: list[Any], chosen: int) -> Any:
        return things[chosen % len(things)]

    def _new(self, by: int, subject: int, age: int) -> bytes:
        """A new signed statement, remembered with what it says."""
        provider = self.providers[by]
        number = len(self.told.statements)
        bit = number if provider is self.revocable else None
        valid_from = self.clock.now - timedelta(seconds=age)
        extra: dict[str, Any] = {} if bit is None else {"credentialStatus": self.revocable.status(bit)}
        document = provider.offering(
            f"Nuage {number}", subject=SUBJECTS[subject], valid_from=valid_from, **extra
        )
        data = provider.sign(document, "vc-jwt" if number % 2 else "eddsa-rdfc-2022")
        verified = self._node(0).verification.verify(data, None).credentials[0]
        statement = Statement(verified.content_id, provider.did, SUBJECTS[subject], valid_from, bit)
        self.told.statements[statement.content_id] = statement
        self.told.bytes[digest_of(data)] = data
        self.told.carried[digest_of(data)] = (statement.content_id,)
        return data

    def _publish(self, at: int, data: bytes) -> None:
        """Publish, and note whether the node's own log lists these very bytes now."""
        name, digest = NAMES[at], digest_of(data)
        already = {content for one in self.told.listed[name] for content in self.told.carried[one]}
        try:
            self._node(at).publisher.publish(data, address=None)
        except (ContentErased, ContentWithdrawn, Refused):
            return
        if not already.issuperset(self.told.carried[digest]):
            self.told.listed[name].add(digest)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = TlsServer(Authority(tmp_path_factory.mktemp("authority")), HOST)
    yield server
    server.close()


@pytest.mark.timeout(0 if SOAK else 120)
def test_every_interleaving_ends_in_the_same_catalogue_everywhere(tls: TlsServer, tmp_path: Path) -> None:
    Federation.server = tls
    prepare(empty := Settings(data=tmp_path))
    Federation.store = tmp_path / Path(empty.store_url).name
    run_state_machine_as_test(Federation, settings=profile(max_examples=EXAMPLES, stateful_step_count=STEPS))
