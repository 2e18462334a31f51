"""A log on hold is released once its entries are known to be those that this node has signed.

The store was put back to an earlier state, or may have been. What peers hold of the log shows what was signed
last; the entries that are missing here are taken back from there exactly as they were, for they must hash to
that. Their bytes come through the same door as anybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from catalogue.admission import Admission
from catalogue.counters import open_counters
from catalogue.errors import CatalogueError
from catalogue.federation.heads import (
    SignedHead,
    hold,
    keep_head,
    log_state,
    newest_head,
    release,
    remembered,
)
from catalogue.federation.holders import Holder, Holding, NotHeld
from catalogue.federation.key_rotation import known_keys
from catalogue.federation.model import Peer, PeerState
from catalogue.federation.own_tiles import Edge, HistoryAltered, OwnHashes, TileMissing, read_leaves
from catalogue.federation.peer_client import Uncounted
from catalogue.federation.roster import every_peer
from catalogue.federation.signer import damage, mend
from catalogue.federation.taking_back import Refill, put_back
from catalogue.fetching import WebFetcher
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.verifying import Verification, open_verification
from credentials.times import Clock
from credentials.transparency.entries import LogEntry
from credentials.transparency.merkle import Frontier, leaf_hash
from credentials.transparency.notes import NoteKey
from credentials.transparency.refusals import LogRefused

#: What stands between the reason for a hold and whom it waits for.
WAITING = "; waiting for "

log = structlog.get_logger("catalogue.federation")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. `released`, or why not: `problem`, or the names of peers to be `waiting` for.

    `asked` are the peers that answered, `taken_back` the entries that came from them, `missing` those of them
    whose bytes nobody has or that are not accepted any more.
    """

    released: bool
    problem: str = ""
    waiting: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    taken_back: int = 0
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answers:
    holdings: tuple[tuple[Holder, Holding], ...]
    asked: tuple[str, ...]
    silent: tuple[str, ...]


class Reconciler:
    """Tries to release the hold of one node's log; every step may be repeated after any interruption."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        holder_of: Callable[[Peer], Holder],
        verification: Verification,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._database = database
        self._holder_of = holder_of
        self._verification = verification
        self._clock = clock

    def attempt(self, *, without_peers: bool = False) -> Outcome:
        """Ask every peer, take back what is missing, and release the hold if nothing speaks against it.

        `without_peers`: peers that don't answer are not waited for, on the operator's word. A log that isn't
        what this node has signed is released on nobody's word.
        """
        with self._database.read() as connection:
            state = log_state(connection, self._settings.url)
            newest = newest_head(connection)
            keys = known_keys(connection, self._settings.data, state.origin)
            peers = [peer for peer in every_peer(connection) if peer.state is not PeerState.REMOVED]
        if state.held is None:
            return Outcome(released=True)
        answers = self._ask(peers, state.origin, keys)
        if answers.silent and not without_peers:
            return self._waits(answers)
        try:
            with self._database.read() as connection:
                damage(connection, newest)
            taken, missing = self._take_back(newest, answers)
            return self._release(answers, taken, missing)
        except HistoryAltered as altered:
            return self._stays(altered.problem)

    def _ask(self, peers: Sequence[Peer], origin: str, keys: Sequence[NoteKey]) -> _Answers:
        """What each peer holds of the log, the most first."""
        holdings: list[tuple[Holder, Holding]] = []
        asked: list[str] = []
        silent: list[str] = []
        for peer in peers:
            holder = self._holder_of(peer)
            try:
                holding = holder.holding(origin, keys)
            except NotHeld:
                asked.append(peer.name)
            except LogRefused as refused:
                # Whatever it holds, this node has not signed it.
                log.warning(
                    "a peer's answer about the log counts for nothing",
                    peer=peer.name,
                    problem=refused.problem,
                )
                asked.append(peer.name)
            except CatalogueError as error:
                log.warning("a peer can't be asked about the log", peer=peer.name, problem=str(error))
                silent.append(peer.name)
            else:
                asked.append(peer.name)
                holdings.append((holder, holding))
        holdings.sort(key=lambda pair: (pair[1].head.size, pair[1].head.signed_at), reverse=True)
        return _Answers(tuple(holdings), tuple(asked), tuple(silent))

    def _take_back(self, newest: SignedHead | None, answers: _Answers) -> tuple[int, tuple[str, ...]]:
        """Enter what is missing here and signed; how many entries, and the digests whose bytes are missing.

        HistoryAltered when peers hold what can't be brought together with what is here.
        """
        first = newest.size if newest is not None else 0
        target = next(iter(answers.holdings), None)
        if target is None or target[1].head.size <= first:
            return 0, ()
        signed: list[LogEntry] | None = None
        problem = ""
        size = target[1].head.size
        for holder, holding in answers.holdings:
            if holding.head.size < size:
                break
            try:
                signed = self._signed_entries(holder, holding, first)
                break
            except (HistoryAltered, CatalogueError) as error:
                problem = str(error)
                log.warning(
                    "entries of the log can't be taken back from a peer", peer=holder.name, problem=problem
                )
        if signed is None:
            raise HistoryAltered(
                f"peers hold {size} signed entries of this log, which can't be taken back: {problem}"
            )
        with self._database.write() as connection:
            taken = put_back(connection, first, signed)
        holders = [holder for holder, _ in answers.holdings]
        statements = [statement for _, holding in answers.holdings for statement in holding.rotations]
        refill = Refill(self._settings, self._database, self._verification, holders, statements, self._clock)
        return taken, refill.run(first, size)

    def _signed_entries(self, holder: Holder, holding: Holding, first: int) -> list[LogEntry]:
        """The entries from leaf `first` on, once they are shown to lead to what was signed."""
        entries = holder.entries(holding, first)
        with self._database.read() as connection:
            edge = _edge(connection, first)
        for _ in edge.extend(leaf_hash(entry.to_bytes()) for entry in entries):
            pass
        if edge.size != holding.head.size or edge.root() != holding.head.root:
            raise HistoryAltered(
                f"the entries here and those from {holder.name} don't make what this node has signed for "
                f"{holding.head.size} entries"
            )
        return entries

    def _release(self, answers: _Answers, taken: int, missing: tuple[str, ...]) -> Outcome:
        with self._database.write() as connection:
            state = log_state(connection, self._settings.url)
            newest = newest_head(connection)
            _check_signed(connection, state.size, [holding.head for _, holding in answers.holdings])
            known = remembered(self._settings.data)
            if known is not None and known.origin == state.origin:
                if known.size > state.size:
                    raise HistoryAltered(
                        f"this node has signed {known.size} entries, its store holds {state.size}, and no "
                        "peer that answered has the others"
                    )
                _check_root(connection, known.size, known.root, "this node itself")
            if answers.holdings:
                head = answers.holdings[0][1].head
                if newest is None or head.size > newest.size:
                    keep_head(connection, SignedHead(head.size, head.root, head.note, head.signed_at))
                    mend(connection, newest_head(connection))
            release(connection)
        log.warning(
            "the log goes on",
            asked=list(answers.asked),
            not_asked=list(answers.silent),
            taken_back=taken,
            without_bytes=len(missing),
        )
        return Outcome(True, "", answers.silent, answers.asked, taken, missing)

    def _waits(self, answers: _Answers) -> Outcome:
        with self._database.write() as connection:
            held = log_state(connection, self._settings.url).held
            if held is not None:
                reason = held.partition(WAITING)[0] + WAITING + ", ".join(answers.silent)
                if reason != held:
                    hold(connection, reason)
        return Outcome(False, "", answers.silent, answers.asked)

    def _stays(self, problem: str) -> Outcome:
        """The log isn't what was signed: only another log can go on."""
        with self._database.write() as connection:
            held = log_state(connection, self._settings.url).held
            if held is not None and held != problem:
                hold(connection, problem)
                log.error("the log stays on hold", problem=problem)
        return Outcome(False, problem)


@contextmanager
def open_reconciler(settings: Settings, database: Database, clock: Clock) -> Iterator[Reconciler]:
    """A reconciler with its own ways to peers and to DID documents."""
    counters = open_counters(settings.store_url, settings.data)
    fetcher = WebFetcher(allowed_hosts=settings.fetch_allow_hosts, ca_file=settings.fetch_ca_file or None)
    verification = open_verification(settings, database, Admission(settings, counters, clock), clock)

    def holder_of(peer: Peer) -> Holder:
        # Not counted with what following costs: that may be used up, and this is this node's own log.
        return Holder(peer.name, peer.url, fetcher, Uncounted())

    try:
        yield Reconciler(settings, database, holder_of, verification, clock)
    finally:
        counters.close()


def _edge(connection: Connection, size: int) -> Edge:
    """The tree of the first entries, from the entries alone where tiles are missing (after a restore)."""
    try:
        return Edge.read(connection, size)
    except TileMissing:
        edge = Edge()
        while edge.size < size:
            leaves = read_leaves(connection, edge.size, min(size, edge.size + 4_096))
            for _ in edge.extend(map(leaf_hash, leaves)):
                pass
        return edge


def _check_signed(connection: Connection, size: int, heads: Sequence[SignedHead]) -> None:
    """HistoryAltered unless every head that peers hold is that of a beginning of what is here."""
    for head in heads:
        if head.size > size:
            raise HistoryAltered(f"peers hold {head.size} signed entries of this log, and {size} are here")
        _check_root(connection, head.size, head.root, "a peer, by this node's signature,")


def _check_root(connection: Connection, size: int, root: bytes, whose: str) -> None:
    try:
        found = Frontier.read(OwnHashes(connection, size), size).root()
    except TileMissing:
        found = _edge(connection, size).root()
    if found != root:
        raise HistoryAltered(f"{whose} knows another root for {size} entries of this log")
