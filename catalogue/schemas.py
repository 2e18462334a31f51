"""The operator's schemas in the store: added once, prepared once, loaded by every process.

A verdict keeps the listing of the schemas that it rested on, and prepared forms are never deleted, so that a
rebuild finds those of the time, whatever was added or removed since.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select

from catalogue.errors import NotFound
from catalogue.store.database import Database
from catalogue.store.tables import blobs, read_time, schemas, stored_time
from credentials.identity import digest_of
from credentials.shapes.checking import SchemasInForce
from credentials.shapes.engine import ShapeSet
from credentials.shapes.model import PreparedUnusable, Schema
from credentials.shapes.reading import Syntax, read_schema

#: Of a file as it was added, and of its prepared form.
FILE, PREPARED = "schema", "prepared-schema"
#: Schemas in force at a time: each costs memory in every process.
MAX_SCHEMAS = 50
#: Seconds after which a process looks whether the operator has added or removed one.
LOOK_AGAIN = 1.0
#: Sets kept by a rebuild: an operator changes them a few times a year.
_SETS_KEPT = 4

_MEDIA_TYPES: dict[Syntax, str] = {"turtle": "text/turtle", "json-ld": "application/ld+json"}


class TooManySchemas(Exception):
    """No more than `limit` schemas can be in force."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} schemas already; remove one first")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class SchemaLine:
    """A schema in force. `digest` is that of its file, `prepared` that of its prepared form."""

    digest: str
    name: str
    prepared: str
    added_at: datetime


def add(
    connection: Connection, data: bytes, *, name: str, syntax: Syntax, now: datetime
) -> tuple[SchemaLine, Schema]:
    """Prepare a file and put it in force; the same file again changes nothing but its name.

    Raises `SchemaInvalid`, `TooManySchemas`.
    """
    schema = read_schema(data, syntax)
    prepared = schema.to_bytes()
    line = SchemaLine(digest_of(data), name, digest_of(prepared), now)
    connection.execute(delete(schemas).where(schemas.c.digest == line.digest))
    if len(listed(connection)) >= MAX_SCHEMAS:
        raise TooManySchemas(MAX_SCHEMAS)
    _keep(connection, line.digest, FILE, _MEDIA_TYPES[syntax], data, now)
    _keep(connection, line.prepared, PREPARED, "application/json", prepared, now)
    connection.execute(
        insert(schemas).values(digest=line.digest, name=name, prepared=line.prepared, at=stored_time(now))
    )
    return line, schema


def remove(connection: Connection, digest: str) -> None:
    """Put a schema out of force; what was judged by it keeps its report. NotFound."""
    if not connection.execute(delete(schemas).where(schemas.c.digest == digest)).rowcount:
        raise NotFound("schema", digest)


def listed(connection: Connection) -> list[SchemaLine]:
    """The schemas in force, in the order of their digests."""
    rows = connection.execute(select(schemas).order_by(schemas.c.digest))
    return [SchemaLine(row.digest, row.name, row.prepared, read_time(row.at)) for row in rows]


class Schemas:
    """The schemas that one process verifies by. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sets = SchemaSets()
        self._now: SchemasInForce | None = None
        self._looked_at = float("-inf")
        self._mutex = threading.Lock()

    def in_force(self) -> SchemasInForce | None:
        """Those of this moment, give or take `LOOK_AGAIN`; None where there are none."""
        with self._mutex:
            if time.monotonic() - self._looked_at >= LOOK_AGAIN:
                with self._database.read() as connection:
                    lines = listed(connection)
                    self._now = self._sets.of(connection, _listing(lines)) if lines else None
                self._looked_at = time.monotonic()
            return self._now


class SchemaSets:
    """Sets of schemas by the listing that a verdict keeps of them, loaded when first asked for."""

    def __init__(self) -> None:
        self._kept: dict[bytes, SchemasInForce] = {}

    def of(self, connection: Connection, listing: bytes) -> SchemasInForce:
        """The set of that listing."""
        found = self._kept.get(listing)
        if found is None:
            entries = json.loads(listing)
            prepared = [_prepared(connection, entry["prepared"], entry["digest"]) for entry in entries]
            names = tuple(f"{entry['name']} sha256-{entry['digest']}" for entry in entries)
            if len(self._kept) >= _SETS_KEPT:
                del self._kept[next(iter(self._kept))]
            found = self._kept[listing] = SchemasInForce(ShapeSet(prepared), names, listing)
        return found


def _listing(lines: list[SchemaLine]) -> bytes:
    entries = [{"digest": line.digest, "name": line.name, "prepared": line.prepared} for line in lines]
    return json.dumps(entries, separators=(",", ":"), sort_keys=True).encode()


def _prepared(connection: Connection, digest: str, file: str) -> Schema:
    try:
        return Schema.from_bytes(bytes(_blob(connection, digest).data))
    except PreparedUnusable:
        # Prepared by another version of this program: slower once, until the operator adds the file again.
        blob = _blob(connection, file)
        syntax = next(syntax for syntax, type_ in _MEDIA_TYPES.items() if type_ == blob.media_type)
        return read_schema(bytes(blob.data), syntax)


def _blob(connection: Connection, digest: str) -> Row[tuple[object, ...]]:
    return connection.execute(select(blobs).where(blobs.c.digest == digest)).one()


def _keep(
    connection: Connection, digest: str, kind: str, media_type: str, data: bytes, now: datetime
) -> None:
    if connection.execute(select(blobs.c.digest).where(blobs.c.digest == digest)).scalar() is None:
        connection.execute(
            insert(blobs).values(
                digest=digest, kind=kind, media_type=media_type, data=data, stored_at=stored_time(now)
            )
        )
