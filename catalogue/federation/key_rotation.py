"""The keys of the node's log, and how one takes the place of another.

The old key signs a statement that names the new one; it is a blob, named by an entry of the log, so that
followers take it in like anything else. For a while both sign, for those who have not read the statement yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

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
    """What signs the log now: `current`, and `further` ones while followers change over.

    `known` are the public keys of all of them and of those before, as far as statements tell.
    """

    current: PrivateKey
    further: tuple[PrivateKey, ...]
    known: tuple[NoteKey, ...]


@dataclass(frozen=True, slots=True)
class Rotated:
    """A change of key: the entry's leaf, the statement's digest, and the two keys in their text form."""

    leaf: int
    digest: str
    old: NoteKey
    new: NoteKey


def rotations_of(connection: Connection) -> tuple[bytes, ...]:
    """The statements by which the log's key was changed, oldest first."""
    rows = connection.execute(select(log_keys.c.statement).order_by(log_keys.c.number))
    return tuple(text.encode("ascii") for text in rows.scalars())


def _named(statement: bytes) -> NoteKey:
    """The new key that an own statement names; it was checked when it was made."""
    return NoteKey.parse(parse_json(parse_compact(statement).payload)["new_key"])


def signing_keys(connection: Connection, folder: Path, origin: str, now: datetime) -> SigningKeys:
    """The keys in `folder` that sign the log, inside the caller's writing transaction.

    KeyMissing when the newest statement names another one. A key that waits for its statement to be entered
    takes its place here and nowhere else, so that nobody does so at the same time.
    """
    current = ensure_key(folder)
    named = [_named(statement) for statement in rotations_of(connection)]
    if named and named[-1] != origin_key(origin, current):
        prepared = prepared_key(folder)
        if prepared is None or named[-1] != origin_key(origin, prepared):
            raise KeyMissing(f"the log's key is {named[-1].text()} now, which this folder does not have")
        promote_key(folder)
        current = prepared
    old = previous_key(folder, now) if named else None
    further = (old,) if old is not None else ()
    own = [origin_key(origin, key) for key in (current, *further)]
    return SigningKeys(current, further, tuple(dict.fromkeys([*own, *named])))


def rotate(settings: Settings, database: Database, clock: Clock) -> Rotated:
    """Give the log a new key; the running node takes it up by itself.

    Raises LogHeld, KeyMissing, RotationRefused.
    """
    with database.write() as connection:
        now = clock()
        state = log_state(connection, settings.url)
        if newest_head(connection) is None:
            raise RotationRefused("nothing was signed yet: start the node first")
        if len(rotations_of(connection)) >= MAX_ROTATIONS:
            raise RotationRefused(
                f"a log's key changes {MAX_ROTATIONS} times at most; `catalogue log renew` begins another log"
            )
        old = signing_keys(connection, settings.data, state.origin, now).current
        new = prepare_key(settings.data)
        statement = sign_rotation(state.origin, old, new, state.size + 1, now)
        digest = digest_of(statement)
        entry = append(connection, Op.KEY, digest, now)
        number = len(rotations_of(connection))
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
    with database.write() as connection:
        # Only now that the statement is durable.
        signing_keys(connection, settings.data, state.origin, now)
    leaf = entry.leaf if entry.leaf is not None else 0
    return Rotated(leaf, digest, origin_key(state.origin, old), origin_key(state.origin, new))
