"""What the node has signed of its log: its name, its newest signed head, and why it may not sign for now."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from catalogue.node_key import log_origin
from catalogue.store.tables import checkpoints, heads, read_time, stored_time
from credentials.times import from_rfc3339, to_rfc3339

#: Beside the node's key: what was signed last, so that a store from yesterday is noticed.
SIGNED_FILE = "node-log.json"
#: Signed heads that are kept, the newest ones; nobody asks for older ones, and the log itself proves them.
KEPT_HEADS = 1_000


@dataclass(frozen=True, slots=True)
class LogState:
    """The log as it stands: its `origin`, its entries, and why it is held, None while it isn't."""

    origin: str
    size: int
    held: str | None


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A signed head of the node's own log. `note` is the signed note as it is served."""

    size: int
    root: bytes
    note: bytes
    signed_at: datetime

    @property
    def origin(self) -> str:
        """The log's name when it was signed: it is another one since the node's address has changed."""
        return self.note.partition(b"\n")[0].decode()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What this folder's node signed last, by the file beside its key."""

    origin: str
    size: int
    root: bytes
    signed_at: datetime


def log_state(connection: Connection, url: str) -> LogState:
    """The log of the node at `url`."""
    row = connection.execute(select(heads.c.log_id, heads.c.tree_size, heads.c.held)).one()
    return LogState(log_origin(url, row.log_id), row.tree_size, row.held)


def newest_head(connection: Connection) -> SignedHead | None:
    """What was signed last, None while nothing was."""
    row = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).one_or_none()
    return _head(row) if row is not None else None


def head_of_size(connection: Connection, size: int) -> SignedHead | None:
    """What was signed for this size, if that is kept."""
    row = connection.execute(select(checkpoints).where(checkpoints.c.size == size)).one_or_none()
    return _head(row) if row is not None else None


def _head(row: Row[Any]) -> SignedHead:
    return SignedHead(row.size, bytes.fromhex(row.root), bytes(row.note), read_time(row.signed_at))


def hold(connection: Connection, reason: str) -> None:
    """Let the log neither grow nor be signed, inside the caller's writing transaction."""
    connection.execute(update(heads).values(held=reason))


def release(connection: Connection) -> None:
    """Let the log grow again, inside the caller's writing transaction."""
    connection.execute(update(heads).values(held=None))


def remembered(folder: Path) -> Remembered | None:
    """What the node in this folder signed last; None where it never did."""
    try:
        text = (folder / SIGNED_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    form = json.loads(text)
    return Remembered(
        form["origin"], form["size"], bytes.fromhex(form["root"]), from_rfc3339(form["signed_at"])
    )


def remember(folder: Path, signed: Remembered) -> None:
    """Keep what is about to be published, durably: before anybody can have seen it."""
    form = {
        "origin": signed.origin,
        "size": signed.size,
        "root": signed.root.hex(),
        "signed_at": to_rfc3339(signed.signed_at),
    }
    temporary = folder / f".{SIGNED_FILE}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as stream:
        json.dump(form, stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(folder / SIGNED_FILE)


def keep_head(connection: Connection, head: SignedHead) -> None:
    """Keep what was signed, in place of an earlier note of that size, inside the writing transaction."""
    values = {"root": head.root.hex(), "note": head.note, "signed_at": stored_time(head.signed_at)}
    again = connection.execute(update(checkpoints).where(checkpoints.c.size == head.size).values(**values))
    if again.rowcount:
        return
    connection.execute(insert(checkpoints).values(size=head.size, **values))
    oldest = connection.execute(
        select(checkpoints.c.size).order_by(checkpoints.c.size.desc()).offset(KEPT_HEADS).limit(1)
    ).scalar()
    if oldest is not None:
        connection.execute(delete(checkpoints).where(checkpoints.c.size <= oldest))
