"""From the store to a description: a record's current statement, read with the evidence that bears on it.

Made behind the log and on demand, never before the answer to a publication, since evidence may come later.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import rfc8785
from sqlalchemy import Connection, delete, insert, select

from catalogue.lifecycle import State
from catalogue.settings import Settings
from catalogue.store.tables import bearings, blobs, listings, read_time
from credentials.contexts import ContextStore
from credentials.envelope import Envelope, statements_in
from credentials.identity import digest_of, record_id
from credentials.interpretation import interpret
from credentials.jsonld import JsonLd
from search.document import Document, Listing, Provider, document_of
from vocab.describe import Evidence, Statement, describe, evidence_keys, identity_of, kind_of, mentions
from vocab.graph import Graph
from vocab.model import Description, Identity, Kind
from vocab.trust import TrustList

#: Evidence read for one record. Only credentials by the issuer itself and by trusted issuers are read at
#: all, so nobody can crowd real evidence out.
MAX_EVIDENCE = 50
#: Interpreted statements kept: participants and attestations are read for every offering of an issuer.
GRAPHS_KEPT = 500


@dataclass(frozen=True, slots=True)
class Current:
    """A record's current line: the newest statement, whatever its state."""

    record_id: str
    content_id: str
    issuer: str
    subject: str
    digest: str
    index: int
    obtained: str
    valid_from: datetime
    valid_until: datetime | None
    listed_at: datetime
    position: int
    state: State


@dataclass(frozen=True, slots=True)
class Described:
    """A record with its description and its provider as the evidence makes them."""

    current: Current
    description: Description
    provider: Provider
    identity_reason: str

    def document(self, on: datetime) -> Document:
        """The searchable form."""
        return document_of(
            self.description,
            Listing(
                id=self.current.record_id,
                digest=self.current.digest,
                content_id=self.current.content_id,
                state=self.current.state.value,
                listed_at=self.current.listed_at,
                provider=self.provider,
                version=self.current.position,
                valid_until=self.current.valid_until,
            ),
            on=on.date(),
        )


@dataclass(frozen=True, slots=True)
class BearingChange:
    """A record now bears on `targets`; what rests on any of `concerned` has to be described again."""

    record_id: str
    issuer: str
    kind: Kind
    targets: tuple[str, ...]
    concerned: tuple[str, ...]


class Describer:
    """Describes records of the store. One per process; keeps interpreted evidence for reuse."""

    def __init__(self, settings: Settings) -> None:
        self._jsonld = JsonLd(ContextStore())
        self._trust = _trust_list(settings)
        self._graphs: OrderedDict[tuple[str, int], Graph] = OrderedDict()
        self._mutex = threading.Lock()

    def describe(self, connection: Connection, record: str, now: datetime) -> Described | None:
        """The record as it stands, None when nothing is left of it."""
        found = current_line(connection, record)
        if found is None:
            return None
        graph = self._graph(connection, found.digest, found.index)
        participants = self._participants(connection, found.issuer, now)
        attestations = self._attestations(
            connection, found, evidence_keys(found.subject, graph, found.issuer)
        )
        evidence = Evidence(
            participants=tuple(statement for _, statement in participants),
            attestations=attestations,
            trust=self._trust,
            on=now,
        )
        description = describe(
            found.subject,
            graph,
            issuer=found.issuer,
            content_id=found.content_id,
            evidence=evidence,
            digests=_digests(connection, found) if attestations else frozenset(),
        )
        identity, reason = identity_of(found.issuer, obtained=found.obtained, evidence=evidence)
        return Described(
            found, description, self._provider(found.issuer, identity, participants, evidence), reason
        )

    def bearing_change(self, connection: Connection, record: str) -> BearingChange | None:
        """What has to change in `bearings` for a record; None when nothing has, as for every offering."""
        before = set(
            connection.execute(select(bearings.c.target).where(bearings.c.record_id == record)).scalars()
        )
        found = current_line(connection, record)
        if found is None:
            return BearingChange(record, "", Kind.EVIDENCE, (), tuple(sorted(before))) if before else None
        graph = self._graph(connection, found.digest, found.index)
        kind = kind_of(found.subject, graph)
        after: set[str] = set()
        if kind is Kind.PARTICIPANT:
            after = {found.issuer}
        elif kind is Kind.EVIDENCE and self._may_count(found.issuer):
            after = set(mentions(graph, found.subject))
        if not before and not after:
            return None
        # The same targets again still mean another statement about them: who rests on it is described anew.
        return BearingChange(record, found.issuer, kind, tuple(sorted(after)), tuple(sorted(before | after)))

    def note_bearing(self, connection: Connection, change: BearingChange) -> None:
        """Enter a change, inside a writing transaction."""
        connection.execute(delete(bearings).where(bearings.c.record_id == change.record_id))
        for target in change.targets:
            connection.execute(
                insert(bearings).values(
                    record_id=change.record_id, target=target, issuer=change.issuer, kind=change.kind.value
                )
            )

    def _may_count(self, issuer: str) -> bool:
        """Whether anybody trusts the issuer for anything, at any time: else its word is kept but not read."""
        return any(entry.did == issuer for entry in self._trust.entries)

    def _participants(
        self, connection: Connection, issuer: str, now: datetime
    ) -> list[tuple[Current, Statement]]:
        """The issuer's own participant credentials, best first: about its DID itself, then the newest."""
        rows = connection.execute(
            select(bearings.c.record_id)
            .where(
                bearings.c.target == issuer,
                bearings.c.issuer == issuer,
                bearings.c.kind == Kind.PARTICIPANT.value,
            )
            .order_by(bearings.c.record_id)
            .limit(MAX_EVIDENCE)
        ).scalars()
        found = [line for line in (current_line(connection, row) for row in rows) if line is not None]
        valid = [line for line in found if _counts(line, now)]
        valid.sort(key=lambda line: (line.subject == issuer, line.valid_from, line.content_id), reverse=True)
        return [(line, self._statement(connection, line)) for line in valid]

    def _attestations(
        self, connection: Connection, found: Current, keys: Sequence[str]
    ) -> tuple[Statement, ...]:
        """What trusted issuers say of the subject, of its credential or of its issuer."""
        rows = connection.execute(
            select(bearings.c.record_id)
            .where(bearings.c.target.in_(keys), bearings.c.kind == Kind.EVIDENCE.value)
            .distinct()
            .order_by(bearings.c.record_id)
            .limit(MAX_EVIDENCE)
        ).scalars()
        lines = (current_line(connection, row) for row in rows)
        return tuple(
            self._statement(connection, line)
            for line in lines
            if line is not None and line.state is State.LISTED and line.record_id != found.record_id
        )

    def _provider(
        self,
        issuer: str,
        identity: Identity,
        participants: Sequence[tuple[Current, Statement]],
        evidence: Evidence,
    ) -> Provider:
        if not participants:
            return Provider(did=issuer, identity=identity)
        line, statement = participants[0]
        named = describe(
            line.subject, statement.graph, issuer=issuer, content_id=line.content_id, evidence=evidence
        )
        name = next(iter(named.names.values()), "")
        return Provider(did=issuer, identity=identity, id=record_id(issuer, line.subject), name=name)

    def _statement(self, connection: Connection, line: Current) -> Statement:
        return Statement(
            issuer=line.issuer,
            subject=line.subject,
            content_id=line.content_id,
            graph=self._graph(connection, line.digest, line.index),
            valid_from=line.valid_from,
            valid_until=line.valid_until,
        )

    def _graph(self, connection: Connection, digest: str, index: int) -> Graph:
        key = (digest, index)
        with self._mutex:
            graph = self._graphs.get(key)
            if graph is not None:
                self._graphs.move_to_end(key)
                return graph
        graph = interpret(_envelope(connection, digest, index).claims, self._jsonld)
        with self._mutex:
            self._graphs[key] = graph
            while len(self._graphs) > GRAPHS_KEPT:
                self._graphs.popitem(last=False)
        return graph


def current_line(connection: Connection, record: str) -> Current | None:
    """The newest statement of a record by signed time (ties: content_id), None when it has none."""
    row = connection.execute(
        select(listings)
        .where(listings.c.record_id == record)
        .order_by(listings.c.valid_from.desc(), listings.c.content_id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Current(
        row.record_id,
        row.content_id,
        row.issuer,
        row.subject,
        row.digest,
        row._mapping[listings.c.index],
        row.obtained,
        read_time(row.valid_from),
        read_time(row.valid_until) if row.valid_until else None,
        read_time(row.listed_at),
        row.position,
        State(row.state),
    )


def _envelope(connection: Connection, digest: str, index: int) -> Envelope:
    data = connection.execute(select(blobs.c.data).where(blobs.c.digest == digest)).scalar_one()
    return statements_in(bytes(data))[index]


def _digests(connection: Connection, found: Current) -> frozenset[str]:
    """The `sha256-` values by which a clearing house may name the credential, over its RFC 8785 form."""
    document = _envelope(connection, found.digest, found.index).document
    return frozenset({f"sha256-{digest_of(rfc8785.dumps(dict(document)))}"})


def _counts(line: Current, now: datetime) -> bool:
    return line.state is State.LISTED and (line.valid_until is None or line.valid_until > now)


def _trust_list(settings: Settings) -> TrustList:
    path: Path | None = Path(settings.trust_list) if settings.trust_list else None
    if path is None and settings.samples:
        from catalogue.samples import trust_list_path

        path = trust_list_path()
    return TrustList.load(path) if path else TrustList()
