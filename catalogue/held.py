"""Credentials that the node holds, by the id that they give themselves."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, bindparam, select

from catalogue.store.database import Database
from catalogue.store.tables import blobs, listings
from credentials.envelope import statements_in
from credentials.integrity import MAX_VERSIONS, HeldDocument

_VERSIONS = (
    select(listings.c.issuer, listings.c.place, listings.c.digest)
    .where(listings.c.credential == bindparam("named"))
    .order_by(listings.c.position.desc())
    .limit(MAX_VERSIONS)
)
_DATA = select(blobs.c.data).where(blobs.c.digest == bindparam("of"))


def held_in(connection: Connection, name: str) -> Iterator[HeldDocument]:
    """The versions of a credential, the newest first, whatever their state: what was said stays said."""
    for row in connection.execute(_VERSIONS, {"named": name}).all():
        data = bytes(connection.execute(_DATA, {"of": row.digest}).scalar_one())
        yield _document(row.issuer, row.place, data)


class HeldHere:
    """The same, from a connection of its own for each question: few credentials ask any."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, name: str) -> Iterator[HeldDocument]:
        """The versions of a credential."""
        with self._database.read() as connection:
            yield from held_in(connection, name)


def _document(issuer: str, place: int, data: bytes) -> HeldDocument:
    envelopes = statements_in(data)
    raw = data if len(envelopes) == 1 else None
    return HeldDocument(issuer, envelopes[place].document, raw, size=len(data))
