"""From received to decided: entries of one peer's log, each by itself, in batches.

What entries name is fetched by digest from whoever has it, judged here, and entered in the order of the log.
An entry that can't be decided is looked at again later; none holds up the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection, bindparam, func, select

from catalogue.errors import LimitExceeded
from catalogue.federation.door import Lister, erased_here, kinds_held
from catalogue.federation.entering import GONE, Entering, Finding, Found, OpenEntry, erased_by
from catalogue.federation.judging import Judgement, NotAccepted, Task, Undecided
from catalogue.federation.limits import PeerLimits
from catalogue.federation.model import EntryState, Peer, PeerState
from catalogue.federation.peer_client import (
    MAX_DIGESTS,
    Blobs,
    PeerClient,
    PeerFault,
    PeerSaysTooMuch,
    PeerUnreachable,
)
from catalogue.federation.roster import every_peer
from catalogue.log import Op
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import received, stored_time
from credentials.times import Clock

#: Entries chosen at once, those for the first time and those again: one request for their bytes.
FRESH = 192
AGAIN = MAX_DIGESTS - FRESH
#: Entries in one transaction: some 50 ms, for which publications wait.
TOGETHER = 100
#: Peers asked for bytes besides the one that lists them.
OTHERS = 3

_COLUMNS = (received.c.leaf, received.c.op, received.c.digest, received.c.tries)
_FRESH = (
    select(*_COLUMNS)
    .where(
        received.c.peer == bindparam("of"),
        received.c.leaf >= bindparam("first"),
        received.c.state == EntryState.PENDING.value,
    )
    .order_by(received.c.leaf)
    .limit(FRESH)
)
_AGAIN = (
    select(*_COLUMNS)
    .where(
        received.c.peer == bindparam("of"),
        received.c.due_at <= bindparam("now"),
        received.c.state == EntryState.DEFERRED.value,
    )
    .order_by(received.c.due_at)
    .limit(AGAIN)
)
_ALSO_RECEIVED = (
    select(received.c.peer, func.count().label("number"))
    .where(
        received.c.digest.in_(bindparam("digests", expanding=True)),
        received.c.peer != bindparam("but"),
        received.c.op != Op.ERASE.value,
    )
    .group_by(received.c.peer)
    .order_by(func.count().desc(), received.c.peer)
)


class Judges(Protocol):
    """Whoever judges many: in this process or in others."""

    def judge_all(self, tasks: Sequence[Task]) -> list[Judgement]:
        """The verdicts in the order of the tasks."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step did: entries decided or put off, and whether there may be more to do at once.

    `unreachable` is why the bytes could not be had from the peer, None when they could. `fault`: what was
    wrong with those that it gave.
    """

    done: int
    more: bool
    unreachable: str | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries chosen, and their bytes as far as they could be had; `missing` says why others could not.

    `refused`: why those are not read that could be had.
    """

    entries: Sequence[OpenEntry]
    wanted: dict[str, Op]
    data: dict[str, bytes] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    missing: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unreachable: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The last leaf in it."""
        return self.entries[-1].leaf

    @property
    def full(self) -> bool:
        """Whether more is to be expected after it, and is worth fetching at once."""
        return len(self.entries) >= FRESH


class Inbox:
    """The open entries of all peers. One thread at a time works on one peer's."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        judges: Judges,
        limits: PeerLimits,
        client_of: Callable[[Peer], PeerClient],
        clock: Clock,
    ) -> None:
        self._allowlist = settings.admission == "allowlist"
        self._database = database
        self._judges = judges
        self._limits = limits
        self._client_of = client_of
        self._clock = clock
        # Below these leaves nothing is pending, by peer: so that old entries aren't searched again and again.
        self._first: dict[int, int] = {}

    def step(self, peer: Peer, *, away: bool = False) -> Step:
        """Decide a batch of a peer's open entries. PeerFault, LimitExceeded: then nothing was decided.

        `away`: the peer is known not to answer, so only others are asked.
        """
        batch = self.gather(peer, away=away)
        return self.decide(peer, batch) if batch is not None else Step(0, more=False)

    def gather(self, peer: Peer, after: int = -1, *, away: bool = False) -> Batch | None:
        """Choose entries beyond leaf `after` and get their bytes; None when none is open.

        With `after`, entries that were put off are left for another time. Raises PeerFault, LimitExceeded.
        """
        with self._database.read() as connection:
            entries = self._choose(connection, peer, after)
            if not entries:
                return None
            batch = Batch(entries, _wanted(connection, peer, entries))
        if batch.wanted:
            self._ask(peer, batch, away=away)
        return batch

    def decide(self, peer: Peer, batch: Batch) -> Step:
        """Judge what was gathered and enter it, in a few transactions."""
        tasks = [Task(batch.wanted[digest], digest, data, peer.name) for digest, data in batch.data.items()]
        findings: dict[str, Finding] = dict(
            zip((task.digest for task in tasks), self._judges.judge_all(tasks), strict=True)
        )
        findings |= dict.fromkeys(batch.erased - batch.data.keys(), GONE)
        findings |= {
            digest: Undecided(why) for digest, why in batch.missing.items() if digest not in findings
        }
        findings |= {digest: NotAccepted(why, None) for digest, why in batch.refused.items()}
        found = Found(batch.data, findings)
        lister = Lister(peer.id, peer.name, self._allowlist)
        done = 0
        for start in range(0, len(batch.entries), TOGETHER):
            with self._database.write() as connection:
                entering = Entering(
                    connection, lister, found, lambda: self._limits.keeps_report(peer.name), self._clock()
                )
                done += entering.enter(batch.entries[start : start + TOGETHER])
        return Step(done, done > 0, next(iter(batch.unreachable), None), next(iter(batch.faults), None))

    def _choose(self, connection: Connection, peer: Peer, after: int) -> list[OpenEntry]:
        first = max(self._first.get(peer.id, 0), after + 1)
        fresh = [OpenEntry(*row) for row in connection.execute(_FRESH, {"of": peer.id, "first": first})]
        if after >= 0:
            return fresh
        self._first[peer.id] = fresh[0].leaf if fresh else max(first, peer.size)
        # What was put off gets its share of every batch, or a long log would never let it come.
        due = connection.execute(_AGAIN, {"of": peer.id, "now": stored_time(self._clock())})
        return sorted([*fresh, *(OpenEntry(*row) for row in due)], key=lambda entry: entry.leaf)

    def _ask(self, peer: Peer, batch: Batch, *, away: bool) -> None:
        """Get bytes: from the peer, and what it doesn't have from others."""
        asked = list(batch.wanted)
        try:
            if away:
                raise PeerUnreachable(peer.name, "it doesn't answer")
            self._ask_lister(peer, batch, asked)
            rest = list(batch.missing)
        except PeerUnreachable as error:
            batch.unreachable.append(error.reason)
            rest = asked
        if not rest:
            return
        with self._database.read() as connection:
            others = _others(connection, peer, rest)
        for other in others:
            rest = [digest for digest in rest if digest not in batch.data]
            if not rest:
                return
            try:
                _sort_in(batch, other, self._client_of(other).blobs(rest), own=False)
            except (PeerUnreachable, PeerFault, LimitExceeded):
                # Its own poll finds out what is wrong with it.
                continue

    def _ask_lister(self, peer: Peer, batch: Batch, asked: list[str]) -> None:
        """Get bytes from the peer that lists them; of fewer at once while there are too many."""
        client = self._client_of(peer)
        while True:
            try:
                blobs = client.blobs(asked)
            except PeerSaysTooMuch as error:
                if len(asked) == 1:
                    batch.refused[asked[0]] = error.reason
                    return
                asked = asked[: len(asked) // 2]
            else:
                _sort_in(batch, peer, blobs, own=True)
                if not (blobs.found or blobs.erased or blobs.unknown or blobs.wrong):
                    # There is room for one at least.
                    batch.missing[asked[0]] = f"{peer.name} gives no answer for the bytes that it lists"
                return


def _wanted(connection: Connection, peer: Peer, entries: Sequence[OpenEntry]) -> dict[str, Op]:
    """The digests whose bytes are needed, and as what: not of those that are held, or over already."""
    named = {entry.digest: entry for entry in entries if entry.op in (Op.LIST.value, Op.WITHDRAW.value)}
    digests = list(named)
    without = kinds_held(connection, digests).keys() | erased_here(connection, digests)
    ended = erased_by(connection, peer.id, digests)
    return {
        digest: Op(entry.op)
        for digest, entry in named.items()
        if digest not in without and ended.get(digest, -1) < entry.leaf
    }


def _others(connection: Connection, peer: Peer, digests: Sequence[str]) -> list[Peer]:
    """Peers to ask besides: those whose logs name the bytes first, then any."""
    followed = {
        other.id: other for other in every_peer(connection, PeerState.FOLLOWED) if other.id != peer.id
    }
    rows = connection.execute(_ALSO_RECEIVED, {"digests": list(digests), "but": peer.id})
    order = dict.fromkeys([*(row.peer for row in rows), *followed])
    return [followed[number] for number in order if number in followed][:OTHERS]


def _sort_in(batch: Batch, peer: Peer, blobs: Blobs, *, own: bool) -> None:
    batch.data.update(blobs.found)
    for digest in blobs.found:
        batch.missing.pop(digest, None)
    if not own:
        # Of what a node doesn't list itself, it may say what it likes.
        return
    batch.erased.update(blobs.erased)
    batch.missing.update(dict.fromkeys(blobs.unknown, f"{peer.name} doesn't have the bytes that it lists"))
    if blobs.wrong:
        batch.faults.append(f"gave bytes that are not those of their digest, {min(blobs.wrong)}")
        batch.missing.update(dict.fromkeys(blobs.wrong, f"{peer.name} gave other bytes than it lists"))
