"""Backup and restore in one portable form: what can't be derived, as a compressed archive.

The archive holds the log, blobs, evidence, events and the operator's rules, row by row as JSON lines, and
the node's key. A restore puts them into an empty store on either database and rebuilds the rest.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, delete, insert, select

from catalogue.federation.heads import hold
from catalogue.federation.model import PeerState
from catalogue.federation.roster import every_peer
from catalogue.log import read_heads
from catalogue.node_key import KEY_FILE, ensure_key
from catalogue.settings import Settings
from catalogue.store import schema
from catalogue.store.database import Database
from catalogue.store.tables import KEPT, heads
from credentials.times import Clock, to_rfc3339

FORMAT = "federation-catalogue-backup"
VERSION = 1
#: Rows put back by one statement.
_BATCH = 200


class BackupUnusable(Exception):
    """The archive can't be restored: `problem` says why. The store is as it was before."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class StoreNotEmpty(Exception):
    """A restore needs an empty store: it never mixes two histories."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What an archive holds. After a restore, `held` says that the log waits for what peers hold of it."""

    entries: int
    rows: int
    revision: str
    held: bool = False


def backup(settings: Settings, path: Path, clock: Clock) -> Summary:
    """Write a consistent archive while the node runs. FileExistsError rather than overwrite; mode 0600."""
    database = Database(settings.store_url)
    try:
        schema.require_current(database)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        rows = 0
        with os.fdopen(file, "wb") as raw, database.read() as connection:
            size = read_heads(connection).intake_size
            with gzip.open(raw, "wt", encoding="utf-8", newline="\n") as lines:
                header = {
                    "format": FORMAT,
                    "version": VERSION,
                    "revision": schema.wanted_revision(),
                    "made_at": to_rfc3339(clock()),
                    "entries": size,
                    "node_key": ensure_key(settings.data).to_jwk(),
                }
                lines.write(json.dumps(header) + "\n")
                for table in KEPT:
                    for row in _rows(connection, table):
                        lines.write(json.dumps({"table": table.name, "row": row}) + "\n")
                        rows += 1
                lines.write(json.dumps({"end": rows}) + "\n")
            raw.flush()
            os.fsync(raw.fileno())
    finally:
        database.close()
    return Summary(size, rows, schema.wanted_revision())


def restore(settings: Settings, path: Path) -> Summary:
    """Put an archive into an empty store, in one transaction; the caller rebuilds afterwards.

    Raises BackupUnusable, StoreNotEmpty. The node's key comes back unless the folder already has one.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    database = Database(settings.store_url)
    try:
        if schema.found_revision(database) is None:
            schema.upgrade(database)
        schema.require_current(database)
        lines = _lines(path)
        header = next(lines, None)
        if not isinstance(header, dict) or header.get("format") != FORMAT or header.get("version") != VERSION:
            raise BackupUnusable(path, f"not a backup of form {VERSION}")
        if header["revision"] != schema.wanted_revision():
            raise BackupUnusable(path, f"made at store revision {header['revision']}")
        with database.write() as connection:
            if read_heads(connection).intake_size:
                raise StoreNotEmpty
            rows = _put_back(connection, path, lines)
            has_peers = _hold_log(connection, header["made_at"])
        _put_key(settings.data, header["node_key"])
    finally:
        database.close()
    return Summary(header["entries"], rows, header["revision"], held=has_peers)


def _rows(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    result = connection.execution_options(yield_per=_BATCH).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    for row in result:
        yield {
            name: base64.b64encode(value).decode("ascii") if name in binary and value is not None else value
            for name, value in row._mapping.items()
        }


def _lines(path: Path) -> Iterator[Any]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BackupUnusable(path, f"damaged or cut off ({error})") from error


def _put_back(connection: Connection, path: Path, lines: Iterator[Any]) -> int:
    tables = {table.name: table for table in KEPT}
    connection.execute(delete(heads))
    rows = 0
    pending: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        if "end" in line:
            _flush(connection, pending)
            if line["end"] != rows:
                raise BackupUnusable(path, f"{rows} rows where {line['end']} were written")
            return rows
        name = line.get("table")
        if name not in tables:
            raise BackupUnusable(path, f"unknown table {name!r}")
        if name not in pending or len(pending[name]) >= _BATCH:
            # Tables come in an order that satisfies their references.
            _flush(connection, pending)
            pending[name] = []
        pending[name].append(_decoded(tables[name], line["row"]))
        rows += 1  # noqa: SIM113 - the closing line is not a row
    raise BackupUnusable(path, "cut off: the closing line is missing")


def _hold_log(connection: Connection, made_at: str) -> bool:
    """Hold the log until peers have said what was signed since; without peers there is nobody to ask."""
    followed = [peer for peer in every_peer(connection) if peer.state is not PeerState.REMOVED]
    if not followed:
        return False
    hold(
        connection, f"put back from a backup of {made_at}: what was published since must come back from peers"
    )
    return True


def _flush(connection: Connection, pending: dict[str, list[dict[str, Any]]]) -> None:
    for table in KEPT:
        if pending.get(table.name):
            connection.execute(insert(table), pending[table.name])
    pending.clear()


def _decoded(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    return {
        name: base64.b64decode(value) if name in binary and value is not None else value
        for name, value in row.items()
    }


def _put_key(folder: Path, jwk: dict[str, Any]) -> None:
    try:
        file = os.open(folder / KEY_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        json.dump(jwk, stream)
