"""Signed entries that a store has lost: put back at their leaves, their bytes verified and listed again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select, update

from catalogue.errors import CatalogueError
from catalogue.federation.door import enter_verified, enter_withdrawal, kinds_held
from catalogue.federation.heads import log_state
from catalogue.federation.holders import Holder
from catalogue.federation.key_rotation import KEY_STATEMENT, keep_statement
from catalogue.federation.peer_client import MAX_DIGESTS
from catalogue.ledger import (
    SELF_DESCRIPTION,
    WITHDRAWAL,
    drop_blob,
    is_listed,
    lines_of_digest,
    standing_of,
    tell_listed,
)
from catalogue.log import Entry, Op, enter_at, tell
from catalogue.node_key import ensure_key, node_name, previous_key
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import heads, intake
from catalogue.verifying import Verification
from credentials.errors import Rejection
from credentials.identity import digest_of
from credentials.times import Clock
from credentials.transparency.entries import LogEntry, parse_entry
from credentials.transparency.log_keys import sign_rotation
from credentials.verification import Refused

#: Entries looked at in one transaction.
_BATCH = MAX_DIGESTS


def put_back(connection: Connection, first: int, signed: Sequence[LogEntry]) -> int:
    """Make the log from leaf `first` on what was signed, inside the caller's writing transaction.

    Entries that are here and were not signed come after them, in their order, unless what was signed says the
    same. Returns how many were put back.
    """
    rows = connection.execute(
        select(intake.c.position, intake.c.op, intake.c.digest, intake.c.entry)
        .where(intake.c.leaf >= first)
        .order_by(intake.c.leaf)
    ).all()
    same = 0
    while same < min(len(rows), len(signed)) and rows[same].entry.encode() == signed[same].to_bytes():
        same += 1
    missing = signed[same:]
    said = {(entry.op.value, entry.digest) for entry in missing}
    later = [row for row in rows[same:] if (row.op, row.digest) not in said]
    connection.execute(update(intake).where(intake.c.leaf >= first + same).values(leaf=None))
    for place, entry in enumerate(missing):
        enter_at(connection, first + same + place, entry)
    for place, row in enumerate(later):
        leaf = first + len(signed) + place
        connection.execute(update(intake).where(intake.c.position == row.position).values(leaf=leaf))
    size = first + max(same, len(signed)) + len(later)
    connection.execute(update(heads).values(tree_size=size))
    return len(missing)


class Refill:
    """Gets the bytes that own entries name and the store lacks, from peers, through the door."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        verification: Verification,
        holders: Sequence[Holder],
        statements: Iterable[bytes],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._database = database
        self._verification = verification
        self._holders = holders
        self._statements = {digest_of(statement): statement for statement in statements}
        self._clock = clock

    def run(self, first: int, beyond: int) -> tuple[str, ...]:
        """See to the entries from one leaf to another; the digests that nobody has, or are refused now."""
        missing: list[str] = []
        for start in range(first, beyond, _BATCH):
            with self._database.read() as connection:
                entries = _own_entries(connection, start, min(beyond, start + _BATCH))
                erased = {entry.digest for entry in _erasures(connection, entries)}
                held = kinds_held(connection, [entry.digest for entry in entries])
            wanted = [
                entry.digest
                for entry in entries
                if entry.op is not Op.ERASE and entry.digest not in held and entry.digest not in erased
            ]
            data = self._fetch(wanted)
            for entry in entries:
                if not self._enter(entry, data.get(entry.digest), entry.digest in erased):
                    missing.append(entry.digest)
        return tuple(missing)

    def _fetch(self, digests: Sequence[str]) -> Mapping[str, bytes]:
        """The bytes of as many as any peer has."""
        found = {digest: self._statements[digest] for digest in digests if digest in self._statements}
        for holder in self._holders:
            left = [digest for digest in dict.fromkeys(digests) if digest not in found]
            while left:
                try:
                    given = holder.blobs(left[:MAX_DIGESTS])
                except CatalogueError:
                    break
                found |= given.found
                seen = given.found.keys() | given.erased | given.unknown | given.wrong
                if not seen:
                    break
                left = [digest for digest in left if digest not in seen]
        return found

    def _enter(self, entry: Entry, data: bytes | None, erased: bool) -> bool:
        """Give one entry its effect, unless it has had it; False when its bytes can't be listed."""
        match entry.op:
            case Op.ERASE:
                return self._erase(entry)
            case Op.LIST:
                return erased or self._list(entry, data)
            case Op.WITHDRAW:
                return self._withdraw(entry, data)
            case Op.KEY:
                return self._key(entry, data)

    def _erase(self, entry: Entry) -> bool:
        with self._database.write() as connection:
            if kinds_held(connection, [entry.digest]).get(entry.digest) == SELF_DESCRIPTION:
                now = self._clock()
                for record in drop_blob(connection, entry.digest, now):
                    tell(connection, now, "erased", record, None, "It had been erased before the restore.")
        return True

    def _list(self, entry: Entry, data: bytes | None) -> bool:
        now = self._clock()
        verified = None
        if data is not None:
            try:
                verified = self._verification.verify(data, None, late=True)
            except (Refused, Rejection):
                return False
        with self._database.write() as connection:
            kind = kinds_held(connection, [entry.digest]).get(entry.digest)
            if kind is None:
                if verified is None or data is None:
                    return False
                listed: set[str] = set()
                withdrawn = False
                for credential in verified.credentials:
                    standing = standing_of(connection, credential.content_id, credential.issuer, entry.digest)
                    withdrawn = withdrawn or standing.withdrawn
                    if standing.listed:
                        listed.add(credential.content_id)
                enter_verified(connection, entry, data, verified, listed, withdrawn=withdrawn, now=now)
            elif kind != SELF_DESCRIPTION:
                return False
            # The index has passed the entry by now: it is told of each record.
            name = node_name(self._settings.url)
            contents = {line.content_id for line in lines_of_digest(connection, entry.digest)}
            for content in sorted(contents):
                if is_listed(connection, content):
                    tell_listed(connection, content, name, now)
        return True

    def _withdraw(self, entry: Entry, data: bytes | None) -> bool:
        now = self._clock()
        withdrawal = None
        if data is not None:
            try:
                withdrawal = self._verification.verify_withdrawal(data, None, now, check_age=False)
            except Rejection:
                return False
        with self._database.write() as connection:
            if kinds_held(connection, [entry.digest]).get(entry.digest) == WITHDRAWAL:
                return True
            if withdrawal is None or data is None:
                return False
            enter_withdrawal(
                connection,
                entry,
                data,
                withdrawal,
                policy=self._verification.policy_name,
                judged_at=now,
                now=now,
            )
            tell_listed(connection, withdrawal.content_id, node_name(self._settings.url), now)
        return True

    def _key(self, entry: Entry, data: bytes | None) -> bool:
        with self._database.write() as connection:
            if kinds_held(connection, [entry.digest]).get(entry.digest) == KEY_STATEMENT:
                return True
            origin = log_state(connection, self._settings.url).origin
            data = data or self._signed_again(origin, entry)
            if data is None:
                return False
            keep_statement(connection, entry.digest, data, self._clock())
        return True

    def _signed_again(self, origin: str, entry: Entry) -> bytes | None:
        """The statement by the keys in this folder: what Ed25519 signs is the same each time."""
        old, new = previous_key(self._settings.data), ensure_key(self._settings.data)
        if old is None or entry.leaf is None:
            return None
        statement = sign_rotation(origin, old, new, entry.leaf + 1, entry.at)
        return statement if digest_of(statement) == entry.digest else None


def _own_entries(connection: Connection, first: int, beyond: int) -> list[Entry]:
    rows = connection.execute(
        select(intake.c.position, intake.c.entry, intake.c.leaf)
        .where(intake.c.leaf >= first, intake.c.leaf < beyond)
        .order_by(intake.c.leaf)
    )
    found: list[Entry] = []
    for position, text, leaf in rows:
        entry = parse_entry(text.encode())
        found.append(Entry(position, entry.op, entry.digest, entry.at, leaf))
    return found


def _erasures(connection: Connection, entries: Sequence[Entry]) -> list[LogEntry]:
    """The own entries that erase what these list."""
    rows = connection.execute(
        select(intake.c.entry).where(
            intake.c.op == Op.ERASE.value,
            intake.c.leaf.is_not(None),
            intake.c.digest.in_([entry.digest for entry in entries]),
        )
    )
    return [parse_entry(text.encode()) for text in rows.scalars()]
