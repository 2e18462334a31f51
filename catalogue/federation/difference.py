"""What differs between this node and a peer, and why: verdicts may differ, the set of entries must not.

From the store alone: which of the peer's entries aren't in force here, and which statements are listed here
that the peer's own log doesn't list. Asked for live: how far the peer has come with every log that either of
the two follows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, bindparam, func, select, tuple_

from catalogue.federation.introduction import CHECKPOINT
from catalogue.federation.model import EntryState, Peer, PeerState
from catalogue.federation.overview import own_head, report_in
from catalogue.federation.roster import every_peer, peer_named
from catalogue.fetching import WebFetcher
from catalogue.lifecycle import State
from catalogue.listers import HERE, listers_of
from catalogue.log import Op
from catalogue.node_key import node_name
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import (
    NOT_IN_FORCE,
    intake,
    issuer_rules,
    listings,
    peers,
    read_time,
    received,
    standings,
)
from credentials.resolving import FetchFailed
from credentials.transparency.checkpoints import SignedCheckpoint, verify_checkpoint
from credentials.transparency.notes import MAX_NAME, MAX_NOTE, NoteKey
from credentials.transparency.refusals import LogRefused
from credentials.transparency.trusted_log import TrustedLog

#: Seconds for each of the two questions to a peer: somebody waits for the answer.
LIVE_SECONDS = 3.0
#: Bytes of a peer's `GET /federation` that are read: 200 peers with some 1,500 bytes each, and room.
MAX_FEDERATION = 1_000_000
#: Statements looked at for one page of what the peer doesn't list: 30 ms of work.
MAX_LOOKED_AT = 2_000
#: Logs that are compared: all that a node follows, and its own.
MAX_LOGS = 500
FEDERATION = "/federation"

#: Of an entry that isn't decided, or decided against.
_OPEN_STATES = (EntryState.PENDING, EntryState.DEFERRED, EntryState.REFUSED, EntryState.GONE)
#: Of a statement that was taken, and is not in force by what this node alone found or ruled.
_HIDDEN_STATES = (State.BLOCKED, State.REVOKED, State.SUSPENDED, State.UNVERIFIABLE)
#: Every outcome that an entry may have which isn't in force here.
OUTCOMES = tuple(state.value for state in (*_OPEN_STATES, *_HIDDEN_STATES))

#: Where a page of statements begins: after this position and record.
Place = tuple[int, str]
LogOutcome = Literal["same", "behind", "different", "unknown"]
LiveOutcome = Literal["answered", "unreachable", "refused", "not_asked"]
LIVE_OUTCOMES: tuple[LiveOutcome, ...] = ("answered", "unreachable", "refused", "not_asked")

_STATED = {
    "same": "every entry that the peer has signed is here",
    "behind": "entries that the peer has signed are still to come",
    "different": "what the peer signs now doesn't go on with what was received from it",
    "unknown": "nothing of the peer's log was received yet",
}


@dataclass(frozen=True, slots=True)
class LogComparison:
    """The entries received of the peer's log, beside its checkpoint: the last one known, or the present one.

    Roots are in hex, None where nothing is known.
    """

    received: int
    received_root: str | None
    signed: int | None
    signed_root: str | None
    signed_at: datetime | None
    outcome: LogOutcome

    @property
    def detail(self) -> str:
        """The outcome in a sentence."""
        return _STATED[self.outcome]


@dataclass(frozen=True, slots=True)
class OthersEntry:
    """An entry of the peer's log that isn't in force here. `outcome` is one of `OUTCOMES`."""

    leaf: int
    op: str
    digest: str
    at: datetime
    outcome: str
    check: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class OwnStatement:
    """A statement that is listed here and not in the peer's own log. `listed_by`: nodes that do list it."""

    record_id: str
    content_id: str
    digest: str
    issuer: str
    subject: str
    listed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogSizes:
    """How many entries of a log are here and at the peer, as it says itself; None where it isn't followed."""

    name: str
    origin: str
    here: int | None
    there: int | None


@dataclass(frozen=True, slots=True)
class Live:
    """What the peer answered just now. `logs` is empty unless it did."""

    outcome: LiveOutcome
    detail: str | None
    logs: tuple[LogSizes, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """A page of what differs: one of `there` and `here`, as asked. `next` is where the next page begins."""

    peer: Peer
    log: LogComparison
    there: tuple[OthersEntry, ...] | None
    here: tuple[OwnStatement, ...] | None
    next: str | None
    live: Live | None


class Differences:
    """Compares. Live questions go to the peer's own address and to nobody else."""

    def __init__(self, settings: Settings, database: Database, fetcher: WebFetcher) -> None:
        self._settings = settings
        self._database = database
        self._fetcher = fetcher

    def peer(self, name: str) -> Peer:
        """The peer to compare with. NotFound."""
        with self._database.read() as connection:
            return peer_named(connection, name)

    def there(self, peer: Peer, after: int, size: int, live: Live | None, log: LogComparison) -> Difference:
        """The peer's entries from leaf `after` on that aren't in force here."""
        with self._database.read() as connection:
            items, following = _not_in_force(connection, peer, after, size)
        return Difference(peer, log, items, None, following, live)

    def here(
        self, peer: Peer, after: Place | None, size: int, live: Live | None, log: LogComparison
    ) -> Difference:
        """The statements listed here that the peer's log doesn't list, from a place on."""
        with self._database.read() as connection:
            items, following = _not_there(connection, peer, after, size, node_name(self._settings.url))
        return Difference(peer, log, None, items, following, live)

    def known(self, peer: Peer) -> LogComparison:
        """The entries received, beside the newest checkpoint known."""
        trusted = self._trusted(peer)
        return _compared(trusted, trusted.newest if trusted else None)

    def ask(self, peer: Peer) -> tuple[LogComparison, Live]:
        """The entries received, beside the checkpoint served now; and how far the peer has come itself."""
        trusted = self._trusted(peer)
        last = trusted.newest if trusted else None
        if peer.state in (PeerState.PAUSED, PeerState.REMOVED):
            return _compared(trusted, last), Live("not_asked", f"it is {peer.state.value} here")
        try:
            note = self._fetch(peer, CHECKPOINT, "text/plain", MAX_NOTE)
            last = verify_checkpoint(note, peer.origin, [NoteKey.parse(key) for key in peer.keys])
            theirs = _sizes_in(self._fetch(peer, FEDERATION, "application/json", MAX_FEDERATION))
        except FetchFailed as error:
            return _compared(trusted, last), Live("unreachable", error.reason)
        except LogRefused as error:
            return _compared(trusted, last), Live("refused", error.problem)
        except ValueError:
            return _compared(trusted, last), Live("refused", "what it says of the federation can't be read")
        with self._database.read() as connection:
            ours = _own_sizes(connection, self._settings)
        return _compared(trusted, last), Live("answered", None, _side_by_side(ours, theirs))

    def _trusted(self, peer: Peer) -> TrustedLog | None:
        with self._database.read() as connection:
            data = connection.execute(select(peers.c.trusted).where(peers.c.id == peer.id)).scalar()
        return TrustedLog.from_bytes(bytes(data)) if data is not None else None

    def _fetch(self, peer: Peer, path: str, accept: str, max_bytes: int) -> bytes:
        # What it says of itself is shown as its word, so plain http is no worse.
        return self._fetcher.fetch(
            peer.url + path, accept=accept, max_bytes=max_bytes, self_proving=True
        ).body


def _compared(trusted: TrustedLog | None, signed: SignedCheckpoint | None) -> LogComparison:
    proven = trusted.proven.frontier if trusted else None
    size = proven.size if proven else 0
    root = proven.root().hex() if proven else None
    outcome: LogOutcome = "unknown"
    if proven is not None and signed is not None:
        if signed.size > size:
            outcome = "behind"
        else:
            outcome = "same" if (signed.size, signed.root.hex()) == (size, root) else "different"
    return LogComparison(
        received=size,
        received_root=root,
        signed=signed.size if signed else None,
        signed_root=signed.root.hex() if signed else None,
        signed_at=signed.signed_at if signed else None,
        outcome=outcome,
    )


def _not_in_force(
    connection: Connection, peer: Peer, after: int, size: int
) -> tuple[tuple[OthersEntry, ...], str | None]:
    undecided = connection.execute(
        select(received)
        .where(
            received.c.peer == peer.id,
            received.c.leaf >= after,
            received.c.state.in_([state.value for state in _OPEN_STATES]),
            NOT_IN_FORCE,
        )
        .order_by(received.c.leaf)
        .limit(size + 1)
    )
    found = []
    for row in undecided:
        report = report_in(row)
        objection = next(report.objections(), None) if report else None
        check = objection.name if objection else None
        found.append(
            OthersEntry(row.leaf, row.op, row.digest, read_time(row.at), row.state, check, row.detail)
        )
    entry = (received.c.leaf, received.c.op, received.c.digest, received.c.at)
    # From the statements in these states, which are few, to the entries that brought them.
    hidden = connection.execute(
        select(
            *entry,
            func.min(listings.c.state).label("outcome"),
            func.min(func.coalesce(issuer_rules.c.reason, standings.c.reason)).label("reason"),
        )
        .select_from(listings)
        .join(intake, intake.c.position == listings.c.position)
        .join(received, received.c.digest == intake.c.digest)
        .outerjoin(
            issuer_rules,
            (issuer_rules.c.did == listings.c.issuer) & (listings.c.state == State.BLOCKED.value),
        )
        .outerjoin(standings, standings.c.content_id == listings.c.content_id)
        .where(
            listings.c.state.in_([state.value for state in _HIDDEN_STATES]),
            received.c.peer == peer.id,
            received.c.op == Op.LIST.value,
            received.c.state == EntryState.ACCEPTED.value,
            received.c.leaf >= after,
        )
        .group_by(*entry)
        .order_by(received.c.leaf)
        .limit(size + 1)
    )
    found += [
        OthersEntry(row.leaf, row.op, row.digest, read_time(row.at), row.outcome, None, row.reason)
        for row in hidden
    ]
    found.sort(key=lambda one: one.leaf)
    return tuple(found[:size]), str(found[size].leaf) if len(found) > size else None


_AFTER = tuple_(listings.c.position, listings.c.record_id) > tuple_(
    bindparam("position"), bindparam("record")
)
_LISTED = (
    select(
        listings.c.position,
        listings.c.record_id,
        listings.c.content_id,
        listings.c.digest,
        listings.c.issuer,
        listings.c.subject,
    )
    .where(_AFTER, listings.c.state == State.LISTED.value)
    .order_by(listings.c.position, listings.c.record_id)
    .limit(bindparam("limit"))
)


def _not_there(
    connection: Connection, peer: Peer, after: Place | None, size: int, own: str
) -> tuple[tuple[OwnStatement, ...], str | None]:
    position, record = after or (-1, "")
    looked_at = connection.execute(
        _LISTED, {"position": position, "record": record, "limit": MAX_LOOKED_AT + 1}
    ).all()
    listers = listers_of(connection, [row.content_id for row in looked_at[:MAX_LOOKED_AT]])
    found: list[OwnStatement] = []
    for row in looked_at[:MAX_LOOKED_AT]:
        names = listers.get(row.content_id, ())
        if peer.name in names:
            continue
        shown = tuple(own if name == HERE else name for name in names)
        found.append(OwnStatement(row.record_id, row.content_id, row.digest, row.issuer, row.subject, shown))
        if len(found) == size:
            last = row
            break
    else:
        if len(looked_at) <= MAX_LOOKED_AT:
            return tuple(found), None
        last = looked_at[MAX_LOOKED_AT - 1]
    return tuple(found), f"{last.position}-{last.record_id}"


def _own_sizes(connection: Connection, settings: Settings) -> dict[str, tuple[str, int]]:
    """Entries here of each log, by its origin, with the node's name."""
    own = own_head(connection, settings)
    sizes = {own.origin: (own.name, own.size or 0)}
    for peer in every_peer(connection):
        if peer.state is not PeerState.REMOVED:
            sizes[peer.origin] = (peer.name, peer.size)
    return sizes


def _sizes_in(answer: bytes) -> dict[str, tuple[str, int]]:
    """The same of a peer's `GET /federation`. ValueError when it can't be read."""
    try:
        form = json.loads(answer)
    except RecursionError as error:
        raise ValueError("too deep") from error
    match form:
        case {"name": str(name), "origin": str(origin), "size": int() | None as size, "peers": list(items)}:
            sizes = {origin: (name, size or 0)}
        case _:
            raise ValueError("of another form")
    for item in items[:MAX_LOGS]:
        match item:
            case {"name": str(name), "origin": str(origin), "size": int(size), "state": str(state)} if (
                size >= 0
            ):
                if state != PeerState.REMOVED:
                    sizes[origin] = (name, size)
            case _:
                raise ValueError("of another form")
    if any(len(text) > MAX_NAME for origin, (name, _) in sizes.items() for text in (origin, name)):
        raise ValueError("names that are too long")
    return sizes


def _side_by_side(
    ours: Mapping[str, tuple[str, int]], theirs: Mapping[str, tuple[str, int]]
) -> tuple[LogSizes, ...]:
    """Every log that either has, by name: what only one of them follows is a difference too."""
    names = {origin: name for origin, (name, _) in {**theirs, **ours}.items()}
    return tuple(
        LogSizes(
            names[origin],
            origin,
            ours[origin][1] if origin in ours else None,
            theirs[origin][1] if origin in theirs else None,
        )
        for origin in sorted(names, key=lambda origin: (names[origin], origin))
    )


def read_place(cursor: str) -> Place:
    """The place that the cursor of a page of statements names. ValueError for any other text."""
    position, separator, record = cursor.partition("-")
    if not separator or not position.isdecimal() or len(position) > 18 or len(record) > 32:
        raise ValueError("not a cursor of this list")
    return int(position), record
