"""From the store to descriptions: records' current statements, read with the evidence that bears on them.

Made behind the log and on demand, never before the answer to a publication, since evidence may come later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlsplit

import rfc8785
from sqlalchemy import Connection

from catalogue.bearings import Bearing, BearingChange, bearing_on, changes
from catalogue.conclusions import Told, told_of
from catalogue.current import Current, Graphs, current_lines, envelope_of
from catalogue.lifecycle import State
from catalogue.listers import listers_of
from catalogue.others import Start, TooManyAtOnce, followed, others_of
from catalogue.settings import Settings
from catalogue.trusting import TrustFile
from credentials.identity import digest_of, record_id
from search.document import Document, Listing, Provider, document_of
from vocab.answers import Source
from vocab.attestations import turning_days
from vocab.describe import Evidence, Statement, describe, evidence_keys, identity_of, kind_of
from vocab.graph import Graph
from vocab.model import Basis, Description, Kind

#: States in which nothing of a statement is shown any more.
HIDDEN = frozenset({State.WITHDRAWN, State.BLOCKED})
#: Characters shown of each part of an IRI that stands in for a missing name.
MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Described:
    """A record with its description and its provider as the evidence makes them."""

    current: Current
    description: Description
    provider: Provider
    identity_reason: str
    #: The content_ids of the other statements that it was read with.
    evidence: tuple[str, ...] = ()
    #: The nodes whose logs list it (`catalogue.listers`).
    listed_by: tuple[str, ...] = ()

    def told(self, on: date) -> Told | None:
        """What events tell of it; None of what isn't an offering, and of what is hidden."""
        conclusions = self.description.conclusions
        if conclusions is None or self.current.state in HIDDEN:
            return None
        return told_of(self.current.content_id, conclusions, self.evidence, on)

    @property
    def names(self) -> Mapping[str, str]:
        """What to call it, by language; the end of its IRI where nobody named it."""
        given = self.description.names
        return given if any(given.values()) else {"": name_from(self.description.subject)}

    def document(self, on: datetime) -> Document:
        """The searchable form."""
        description = replace(self.description, names=self.names)
        if self.current.state in HIDDEN:
            # That it was here may be found, what it said may not.
            description = Description(
                description.kind,
                description.subject,
                description.issuer,
                names={"": name_from(description.subject)},
            )
        return document_of(
            description,
            Listing(
                id=self.current.record_id,
                digest=self.current.digest,
                content_id=self.current.content_id,
                state=self.current.state.value,
                listed_at=self.current.listed_at,
                provider=self.provider,
                valid_from=self.current.valid_from,
                valid_until=self.current.valid_until,
                shapes=self.current.shapes,
                listed_by=self.listed_by,
            ),
            on=on.date(),
        )


@dataclass(frozen=True, slots=True)
class _Party:
    """An issuer as its own current participant credentials show it, best first."""

    statements: tuple[Statement, ...]
    id: str | None
    name: str

    def draws_on(self) -> tuple[str, ...]:
        """The other participants that it names."""
        return tuple(
            name for statement in self.statements for name in followed(statement.graph, statement.subject)
        )


@dataclass(frozen=True, slots=True)
class _World:
    """What a batch of records is read with: statements of one kind, and on whom they bear."""

    bearings: Mapping[str, Sequence[Bearing]]
    lines: Mapping[str, Current]
    graphs: Mapping[str, Graph]

    def statements(self, targets: Iterable[str], now: datetime) -> dict[str, Statement]:
        """The statements that count on any of the targets, by record."""
        found: dict[str, Statement] = {}
        for target in targets:
            for bearing in self.bearings.get(target, ()):
                line = self.lines.get(bearing.record_id)
                if line is not None and line.counts(now):
                    found[line.record_id] = Statement(
                        issuer=line.issuer,
                        subject=line.subject,
                        content_id=line.content_id,
                        graph=self.graphs[line.record_id],
                        valid_from=line.valid_from,
                        valid_until=line.valid_until,
                        digest=line.digest,
                    )
        return found


class Describer:
    """Describes records of the store, a batch at a time. One per process."""

    def __init__(self, trust: Settings | TrustFile) -> None:
        """Believing whom `trust`, or the file that settings name, has."""
        #: Whom this process believes; the indexer follows its changes.
        self.trust = trust if isinstance(trust, TrustFile) else TrustFile.of(trust)
        self._graphs = Graphs()

    def describe(self, connection: Connection, record: str, now: datetime) -> Described | None:
        """One record as it stands, None when nothing is left of it. Rejection if it can't be read."""
        return self.describe_all(connection, (record,), now).get(record)

    def describe_all(
        self, connection: Connection, records: Sequence[str], now: datetime
    ) -> dict[str, Described]:
        """Records as they stand, by id; those of which nothing is left are missing. Raises Rejection."""
        try:
            return self._describe_all(connection, records, now)
        except TooManyAtOnce:
            half = len(records) // 2
            return self.describe_all(connection, records[:half], now) | self.describe_all(
                connection, records[half:], now
            )

    def _describe_all(
        self, connection: Connection, records: Sequence[str], now: datetime
    ) -> dict[str, Described]:
        lines = current_lines(connection, records)
        graphs = self._graphs.of(connection, lines.values())
        issuers = {line.issuer for line in lines.values()}
        providers = self._world(connection, issuers, Kind.PARTICIPANT)
        parties = {issuer: self._party(issuer, providers, now) for issuer in issuers}
        others = self._others(connection, lines, graphs, parties, now)
        keys = {
            record: evidence_keys(
                line.subject,
                graphs[record],
                line.issuer,
                (statement.subject for statement in parties[line.issuer].statements),
            )
            for record, line in lines.items()
        }
        world = self._world(connection, {key for found in keys.values() for key in found}, Kind.EVIDENCE)
        listed_by = listers_of(connection, [line.content_id for line in lines.values()])
        trust = self.trust.current()
        described: dict[str, Described] = {}
        for record, line in lines.items():
            party = parties[line.issuer]
            attestations = world.statements(keys[record], now)
            attestations.pop(record, None)
            evidence = Evidence(
                on=now,
                trust=trust,
                participants=party.statements,
                attestations=tuple(attestations[name] for name in sorted(attestations)),
                others=others.get(record, ()),
            )
            identity, reason = identity_of(line.issuer, obtained=line.obtained, evidence=evidence)
            description = describe(
                line.subject,
                graphs[record],
                own=Source(
                    content_id=line.content_id,
                    digest=line.digest,
                    issuer=line.issuer,
                    basis=Basis.DECLARED,
                    valid_from=line.valid_from,
                    valid_until=line.valid_until,
                ),
                evidence=evidence,
                identity=identity,
                digests=_digests(connection, line) if attestations else frozenset(),
            )
            provider = Provider(did=line.issuer, identity=identity, id=party.id, name=party.name)
            read_with = (*evidence.participants, *evidence.attestations, *evidence.others)
            described[record] = Described(
                line,
                description,
                provider,
                reason,
                tuple(one.content_id for one in read_with),
                listed_by.get(line.content_id, ()),
            )
        return described

    def bearing_changes(
        self, connection: Connection, records: Sequence[str], now: datetime
    ) -> list[BearingChange]:
        """What has to change in whom these records bear on. Raises Rejection."""
        lines = current_lines(connection, records)
        graphs = self._graphs.of(connection, lines.values())
        return changes(connection, records, lines, graphs, self.trust.current(), now)

    def turning_days(self, connection: Connection, record: str) -> tuple[date, ...]:
        """The days on which something begins or ends that a record states. Raises Rejection."""
        lines = current_lines(connection, (record,))
        graphs = self._graphs.of(connection, lines.values())
        return turning_days(graphs[record], lines[record].subject) if lines else ()

    def _others(
        self,
        connection: Connection,
        lines: Mapping[str, Current],
        graphs: Mapping[str, Graph],
        parties: Mapping[str, _Party],
        now: datetime,
    ) -> dict[str, tuple[Statement, ...]]:
        """Of each offering, what those say of themselves on whom it draws. Raises TooManyAtOnce."""

        def load(names: set[str]) -> dict[str, list[Statement]]:
            world = self._world(connection, names, Kind.PARTICIPANT)
            return {
                name: sorted(
                    world.statements((name,), now).values(),
                    key=lambda statement: (statement.issuer, statement.subject, statement.content_id),
                )
                for name in names
            }

        by_provider = {issuer: party.draws_on() for issuer, party in parties.items()}
        starts = {
            record: Start(line.issuer, (*followed(graphs[record], line.subject), *by_provider[line.issuer]))
            for record, line in lines.items()
            if kind_of(line.subject, graphs[record]) is Kind.OFFERING
        }
        return others_of(starts, load)

    def _world(self, connection: Connection, targets: Iterable[str], kind: Kind) -> _World:
        grouped: dict[str, list[Bearing]] = {}
        found = bearing_on(connection, targets, kind)
        for bearing in found:
            grouped.setdefault(bearing.target, []).append(bearing)
        names = {bearing.record_id for bearing in found}
        lines = current_lines(connection, names) if names else {}
        return _World(grouped, lines, self._graphs.of(connection, lines.values()))

    def _party(self, issuer: str, world: _World, now: datetime) -> _Party:
        """What an issuer says of itself: best what is about its DID, then the newest."""
        own = world.statements((issuer,), now).values()
        statements = tuple(
            sorted(
                (statement for statement in own if statement.issuer == issuer),
                key=lambda statement: (
                    statement.subject == issuer,
                    statement.valid_from,
                    statement.content_id,
                ),
                reverse=True,
            )
        )
        if not statements:
            return _Party((), None, "")
        best = statements[0]
        named = describe(
            best.subject,
            best.graph,
            own=best.source(Basis.DECLARED),
            evidence=Evidence(on=now, trust=self.trust.current()),
        )
        return _Party(statements, record_id(issuer, best.subject), next(iter(named.names.values()), ""))


def name_from(subject: str) -> str:
    """What to call a subject that nobody named: its host and the end of its path, or the end of its IRI."""
    try:
        parts = urlsplit(subject)
    except ValueError:
        # An IRI for JSON-LD need not be a URL for this library ("https://[").
        parts = urlsplit("")
    if not parts.netloc:
        return subject if len(subject) <= MAX_SHOWN else "…" + subject[-MAX_SHOWN:]
    last = parts.path.rstrip("/").rpartition("/")[2]
    ending = f"{last}#{parts.fragment}" if parts.fragment else last
    if len(ending) > MAX_SHOWN:
        ending = "…" + ending[-MAX_SHOWN:]
    return f"{parts.netloc[:MAX_SHOWN]}/{ending}"


def _digests(connection: Connection, line: Current) -> frozenset[str]:
    """The `sha256-` values by which a clearing house may name the credential, over its RFC 8785 form."""
    document = envelope_of(connection, line).document
    return frozenset({f"sha256-{digest_of(rfc8785.dumps(dict(document)))}"})
