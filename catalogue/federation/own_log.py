"""Reading the node's own log: what is signed, tiles, entries and proofs; never more than is signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from catalogue.errors import NotFound
from catalogue.federation.heads import LogState, SignedHead, head_of_size, log_state, newest_head
from catalogue.federation.key_rotation import rotations_of
from catalogue.federation.own_tiles import HistoryAltered, OwnHashes, bundle_bytes, tile_hashes
from catalogue.node_key import ensure_key, node_did
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import intake
from credentials.transparency.checkpoints import origin_key
from credentials.transparency.entries import LogEntry, parse_entry
from credentials.transparency.merkle import Frontier, consistency_proof, inclusion_proof
from credentials.transparency.tiles import TILE_HEIGHT, TILE_WIDTH, Bundle, PathInvalid, Tile, parse_path

#: Entries of one page. A bundle has 256; a reader of JSON wants to see a few.
MAX_ENTRIES = 1_000
#: Entries that name one digest and are proven in one answer: it is listed, erased, and listed again seldom.
MAX_NAMING = 20


class NotSigned(Exception):
    """Nothing of the log is signed yet: the node starts, or waits for its key."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry at its place in the log."""

    leaf: int
    entry: LogEntry


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries of a log of which `size` are signed; `next` is where the next page begins, or None."""

    origin: str
    size: int
    items: tuple[Leaf, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the tree of `size` entries (RFC 9162 section 2.1.3). `note` signs it, if kept."""

    origin: str
    entry: Leaf
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    note: bytes | None


@dataclass(frozen=True, slots=True)
class Consistency:
    """That one tree is the beginning of another (RFC 9162 section 2.1.4)."""

    origin: str
    first: int
    second: int
    first_root: bytes
    second_root: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The log's name, its node, the key that signs it now as text, and the statements that led to it."""

    origin: str
    did: str
    key: str
    rotations: tuple[str, ...]


class OwnLog:
    """The reading side of the log; every method is one consistent snapshot."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    def checkpoint(self) -> bytes:
        """The newest signed note. NotSigned."""
        with self._database.read() as connection:
            return self._signed(connection)[1].note

    def resource(self, path: str) -> bytes:
        """A tile or a bundle of entries, by its path from `tile/` on. NotFound, NotSigned."""
        try:
            wanted = parse_path(path)
        except PathInvalid as error:
            raise NotFound("tile", path[:80]) from error
        level = wanted.level if isinstance(wanted, Tile) else 0
        end = (wanted.index * TILE_WIDTH + wanted.width) << (TILE_HEIGHT * level)
        with self._database.read() as connection:
            _, head = self._signed(connection)
            if end > head.size:
                raise NotFound("tile", path)
            if isinstance(wanted, Bundle):
                return bundle_bytes(connection, wanted)
            return tile_hashes(connection, wanted)

    def entries(self, after: int, limit: int) -> EntryPage:
        """Up to `limit` signed entries from leaf `after` on. NotSigned."""
        with self._database.read() as connection:
            state, head = self._signed(connection)
            beyond = min(after + limit, head.size)
            rows = connection.execute(
                select(intake.c.leaf, intake.c.entry)
                .where(intake.c.leaf >= after, intake.c.leaf < beyond)
                .order_by(intake.c.leaf)
            ).all()
        items = tuple(Leaf(row.leaf, parse_entry(row.entry.encode())) for row in rows)
        return EntryPage(state.origin, head.size, items, beyond if after < beyond < head.size else None)

    def inclusion(self, leaf: int, size: int | None) -> Inclusion:
        """The proof that an entry is in a signed tree. NotFound, NotSigned."""
        with self._database.read() as connection:
            state, head = self._signed(connection)
            if leaf >= head.size:
                raise NotFound("entry of the log", str(leaf))
            return self._inclusion(connection, state, head, leaf, size)

    def inclusions(self, digest: str, size: int | None) -> Sequence[Inclusion]:
        """The same of every signed entry that names a digest, oldest first. As `inclusion`."""
        with self._database.read() as connection:
            state, head = self._signed(connection)
            leaves = (
                connection.execute(
                    select(intake.c.leaf)
                    .where(intake.c.digest == digest, intake.c.leaf < head.size)
                    .order_by(intake.c.leaf)
                    .limit(MAX_NAMING)
                )
                .scalars()
                .all()
            )
            if not leaves:
                raise NotFound("entry of the log for", digest)
            return [self._inclusion(connection, state, head, leaf, size) for leaf in leaves]

    def consistency(self, first: int, second: int | None) -> Consistency:
        """The proof that the tree of `first` entries begins that of `second`. NotFound, NotSigned."""
        with self._database.read() as connection:
            state, head = self._signed(connection)
            second = head.size if second is None else second
            _check(second, 0, head.size)
            _check(first, 0, second)
            read = OwnHashes(connection, second)
            roots = [Frontier.read(read, size).root() for size in (first, second)]
            return Consistency(
                state.origin, first, second, roots[0], roots[1], consistency_proof(read, first, second)
            )

    def keys(self) -> LogKeys:
        """Which key signs the log, and by which statements it came to that."""
        with self._database.read() as connection:
            state = log_state(connection, self._settings.url)
            statements = rotations_of(connection, state.origin)
        key = origin_key(state.origin, ensure_key(self._settings.data))
        return LogKeys(
            state.origin,
            node_did(self._settings.url),
            key.text(),
            tuple(statement.decode("ascii") for statement in statements),
        )

    def signed_size(self) -> int | None:
        """How many entries are signed; None while nothing is."""
        with self._database.read() as connection:
            head = newest_head(connection)
        return head.size if head is not None else None

    def _signed(self, connection: Connection) -> tuple[LogState, SignedHead]:
        head = newest_head(connection)
        if head is None:
            raise NotSigned
        return log_state(connection, self._settings.url), head

    def _inclusion(
        self, connection: Connection, state: LogState, head: SignedHead, leaf: int, size: int | None
    ) -> Inclusion:
        size = head.size if size is None else size
        _check(size, leaf + 1, head.size)
        entry = connection.execute(select(intake.c.entry).where(intake.c.leaf == leaf)).scalar_one_or_none()
        if entry is None:
            raise HistoryAltered(f"entry {leaf} of the log is missing", leaf)
        read = OwnHashes(connection, size)
        signed = head_of_size(connection, size)
        return Inclusion(
            state.origin,
            Leaf(leaf, parse_entry(entry.encode())),
            size,
            Frontier.read(read, size).root(),
            inclusion_proof(read, leaf, size),
            signed.note if signed is not None else None,
        )


def _check(size: int, least: int, most: int) -> None:
    """NotFound unless there is a tree of that size, which is signed and holds what is asked for."""
    if not least <= size <= most:
        raise NotFound("signed tree that has to do with it, of size", str(size))
