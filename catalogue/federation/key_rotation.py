"""The keys of the node's log, and how one takes the place of another.

The old key signs a statement that names the new one; it is a blob, named by an entry of the log, so that
followers learn of it there too. The first tree that holds the statement is signed by both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from catalogue.federation.heads import log_state, newest_head
from catalogue.log import append
from catalogue.node_key import (
    ensure_key,
    prepare_key,
    prepared_key,
    previous_key,
    promote_key,
)
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.rows import RowInsert
from catalogue.store.tables import blobs, log_keys, stored_time
from credentials.identity import digest_of
from credentials.jws import parse_compact
from credentials.parsing import parse_json
from credentials.private_keys import PrivateKey
from credentials.times import Clock
from credentials.transparency.checkpoints import origin_key
from credentials.transparency.entries import Op
from credentials.transparency.log_keys import MAX_ROTATIONS, sign_rotation
from credentials.transparency.notes import NoteKey

#: The kind of a blob that is a statement of a log's key, and its media type.
KEY_STATEMENT = "log-key"
KEY_STATEMENT_MEDIA_TYPE = "application/jose"

_KEEP = RowInsert(blobs)


class KeyMissing(Exception):
    """This folder has not the key that must sign the log now; another host may have it."""


class RotationRefused(Exception):
    """The key can't be changed now; the message says why."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """What signs the log now: `current`, and once more the key before it, `leaving`.

    `handover` is the size from which on the current key signs. `known` are the public keys of all of them and
    of those before, as far as statements tell.
    """

    current: PrivateKey
    leaving: PrivateKey | None
    handover: int
    known: tuple[NoteKey, ...]

    def beside(self, signed: int | None) -> tuple[PrivateKey, ...]:
        """Who signs beside the current key, after a tree of `signed` entries (None: after none)."""
        if self.leaving is None or (signed is not None and signed >= self.handover):
            return ()
        return (self.leaving,)


@dataclass(frozen=True, slots=True)
class Rotated:
    """A change of key: the entry's leaf, the statement's digest, and the two keys in their text form."""

    leaf: int
    digest: str
    old: NoteKey
    new: NoteKey


def rotations_of(connection: Connection, origin: str) -> tuple[bytes, ...]:
    """The statements by which the key of this log was changed, oldest first.

    Those made while the node had another address are of a log with another name.
    """
    return tuple(statement for statement in _statements(connection) if _claims(statement)["origin"] == origin)


def known_keys(connection: Connection, folder: Path, origin: str) -> tuple[NoteKey, ...]:
    """Every public key of the log that this node knows to be its own."""
    keys = [ensure_key(folder), previous_key(folder)]
    own = [origin_key(origin, key) for key in keys if key is not None]
    named = [NoteKey(origin, _named(statement).key) for statement in _statements(connection)]
    return tuple(dict.fromkeys([*own, *named]))


def _statements(connection: Connection) -> list[bytes]:
    rows = connection.execute(select(log_keys.c.statement).order_by(log_keys.c.number))
    return [text.encode("ascii") for text in rows.scalars()]


def _claims(statement: bytes) -> dict[str, Any]:
    """What an own statement says; it was checked when it was made."""
    return parse_json(parse_compact(statement).payload)


def _named(statement: bytes) -> NoteKey:
    return NoteKey.parse(_claims(statement)["new_key"])


def signing_keys(connection: Connection, folder: Path, origin: str) -> SigningKeys:
    """The keys in `folder` that sign the log, inside the caller's writing transaction.

    KeyMissing when the newest statement names another one. A key that waits for its statement to be entered
    takes its place here and nowhere else, so that nobody does so at the same time.
    """
    current = ensure_key(folder)
    statements = _statements(connection)
    if not statements:
        return SigningKeys(current, None, 0, known_keys(connection, folder, origin))
    named = _named(statements[-1])
    if named.key != current.public():
        prepared = prepared_key(folder)
        if prepared is None or named.key != prepared.public():
            raise KeyMissing(f"the log's key is {named.text()} now, which this folder does not have")
        promote_key(folder)
        current = prepared
    handover = int(_claims(statements[-1])["from_size"])
    return SigningKeys(current, previous_key(folder), handover, known_keys(connection, folder, origin))


def keep_statement(connection: Connection, digest: str, statement: bytes, now: datetime) -> None:
    """Keep a statement by the log's key, as a blob too, inside the caller's writing transaction."""
    number = len(_statements(connection))
    connection.execute(
        insert(log_keys).values(number=number, statement=statement.decode("ascii"), at=stored_time(now))
    )
    _KEEP(
        connection,
        {
            "digest": digest,
            "kind": KEY_STATEMENT,
            "media_type": KEY_STATEMENT_MEDIA_TYPE,
            "data": statement,
            "stored_at": stored_time(now),
            "policy": None,
            "judged_at": None,
        },
    )


def rotate(settings: Settings, database: Database, clock: Clock) -> Rotated:
    """Give the log a new key; the running node takes it up by itself.

    Raises LogHeld, KeyMissing, RotationRefused.
    """
    with database.write() as connection:
        now = clock()
        state = log_state(connection, settings.url)
        if newest_head(connection) is None:
            raise RotationRefused("nothing was signed yet: start the node first")
        if len(rotations_of(connection, state.origin)) >= MAX_ROTATIONS:
            raise RotationRefused(
                f"a log's key changes {MAX_ROTATIONS} times at most; `catalogue log renew` begins another log"
            )
        old = signing_keys(connection, settings.data, state.origin).current
        new = prepare_key(settings.data)
        statement = sign_rotation(state.origin, old, new, state.size + 1, now)
        digest = digest_of(statement)
        entry = append(connection, Op.KEY, digest, now)
        keep_statement(connection, digest, statement, now)
    with database.write() as connection:
        # Only now that the statement is durable.
        signing_keys(connection, settings.data, state.origin)
    leaf = entry.leaf if entry.leaf is not None else 0
    return Rotated(leaf, digest, origin_key(state.origin, old), origin_key(state.origin, new))
