"""What buyers read: offerings and participants from the index, each with its reasons on demand."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from catalogue import conclusion_forms
from catalogue.describing import Described, Describer
from catalogue.engines import REFRESH_SECONDS, ReadingEngines
from catalogue.errors import Gone, IndexUnavailable, NotFound
from catalogue.grounds import Ground, grounds_of
from catalogue.history import NEWEST, HistoryPage, history_of
from catalogue.ledger import withdrawn_at
from catalogue.lifecycle import State
from catalogue.log import Event, events_of, read_heads
from catalogue.provenance import Provenance
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.suggestions import Suggestions
from catalogue.wording import facet_label, pick, spoken
from credentials.times import Clock, to_rfc3339
from search.query import MAX_SIZE, FacetValue, Query
from vocab.conclusions import Conclusions
from vocab.consortia import participations_on
from vocab.model import Basis, Kind
from vocab.service_facts import ServiceFacts

#: Facets whose values are DIDs, to be shown by what those call themselves.
_BY_DID = ("provider", "consortium")
#: Events of a record shown with it.
MAX_EVENTS = 50


class Discovery:
    """Answers from the node's search engines, and in detail from the store."""

    def __init__(self, settings: Settings, database: Database, describer: Describer, clock: Clock) -> None:
        self._engines = ReadingEngines(settings)
        self._database = database
        self._describer = describer
        self._clock = clock
        self._names = _ProviderNames(self._engines)
        self._suggestions = Suggestions(self._engines)
        self._provenance = Provenance(settings, database, clock)

    def search(self, query: Query, languages: Sequence[str], *, why: bool = False) -> dict[str, Any]:
        """One page: `{"items", "total", "next"}`, and `"facets"` when asked for.

        Only what is listed, unless the query asks for other states. With `why`, items say on which grounds
        they pass its filters, as the store has it now. Raises QueryInvalid, IndexUnavailable.
        """
        asked = self._provenance.asked(query.filters)
        listed = {} if "state" in asked else {"state": (State.LISTED.value,)}
        query = replace(query, filters={**asked, **listed})
        page = self._engines.search(query)
        answer: dict[str, Any] = {
            "items": [item_of(hit.item, hit.highlights, languages) for hit in page.hits],
            "total": page.total,
            "next": page.next,
        }
        self._provenance.complete(answer["items"])
        if why:
            grounds = self._grounds([hit.id for hit in page.hits], asked)
            for item in answer["items"]:
                item["why"] = grounds.get(item["id"], [])
        if query.facets:
            answer["facets"] = {
                name: [
                    {"value": value.value, "count": value.count, "label": label}
                    for value, label in self._labelled(name, values, languages)
                ]
                for name, values in page.facets.items()
            }
        return answer

    def suggest(
        self, text: str, kinds: Sequence[str], size: int, languages: Sequence[str]
    ) -> list[dict[str, Any]]:
        """What begins with `text`; see `Suggestions.of`."""
        return self._suggestions.of(text, kinds, size, languages)

    def offering(self, record: str, languages: Sequence[str]) -> dict[str, Any]:
        """One offering with its reasons and history. NotFound, Gone (withdrawn)."""
        return self.seen(record, Kind.OFFERING, languages).form

    def participant(self, record: str, languages: Sequence[str]) -> dict[str, Any]:
        """One participant with its reasons and history. NotFound, Gone (withdrawn)."""
        return self.seen(record, Kind.PARTICIPANT, languages).form

    def seen(self, record: str, kind: Kind, languages: Sequence[str], *, newest: int = 0) -> Seen:
        """One record, described once for whoever shows it: with so many lines of its history, newest first.

        NotFound, Gone (withdrawn).
        """
        with self._database.read() as connection:
            described = self._shown(connection, record, kind)
            events = events_of(connection, record, MAX_EVENTS)
            history = None
            if newest:
                history = history_of(connection, record, order=NEWEST, cursor=None, size=newest)
            return Seen(described, self._form(connection, described, events, languages), history)

    def history(self, record: str, *, order: str, size: int, cursor: str | None = None) -> HistoryPage:
        """What became of an offering here. NotFound, Gone (withdrawn), BadParameter (the cursor)."""
        with self._database.read() as connection:
            self._shown(connection, record, Kind.OFFERING)
            return history_of(connection, record, order=order, cursor=cursor, size=size)

    def lag(self) -> Lag:
        """How far the index is behind what was taken in. IndexUnavailable when no engine has an index."""
        with self._database.read() as connection:
            ends = read_heads(connection)
        engines = {
            name: None if place is None else min(place.log, ends.intake_size)
            for name, place in self._engines.positions().items()
        }
        answering = next((indexed for indexed in engines.values() if indexed is not None), None)
        if answering is None:
            raise IndexUnavailable
        return Lag(ends.intake_size, answering, engines)

    def refresh(self) -> None:
        """See what the indexer has committed by now. IndexUnavailable."""
        self._engines.refresh()
        self._names.forget()
        self._provenance.forget()

    def close(self) -> None:
        """Close the index."""
        self._engines.close()

    def _grounds(
        self, records: Sequence[str], filters: Mapping[str, tuple[str, ...]]
    ) -> dict[str, list[dict[str, Any]]]:
        now = self._clock()
        with self._database.read() as connection:
            described = self._describer.describe_all(connection, records, now)
        return {
            record: [self._ground(ground) for ground in grounds_of(one, filters, now.date())]
            for record, one in described.items()
        }

    def _ground(self, ground: Ground) -> dict[str, Any]:
        """Why a hit passes a filter."""
        return {
            "field": ground.field,
            "value": self._provenance.name_of(ground.value) if ground.field == "listed_by" else ground.value,
            "basis": ground.basis.value,
            "detail": ground.detail or None,
            "credentials": [
                {"content_id": one.content_id, "digest": one.digest or None, "issuer": one.issuer}
                for one in ground.cited
            ],
        }

    def _labelled(
        self, field: str, values: Sequence[FacetValue], languages: Sequence[str]
    ) -> Iterator[tuple[FacetValue, str]]:
        if field == "listed_by":
            values = self._provenance.counted(values)
        return zip(values, self._labels(field, values, languages), strict=True)

    def _labels(self, field: str, values: Sequence[FacetValue], languages: Sequence[str]) -> list[str]:
        if field not in _BY_DID:
            return [facet_label(field, value.value, languages) for value in values]
        names = self._names.of([value.value for value in values])
        return [names[value.value] or value.value for value in values]

    def _form(
        self, connection: Connection, described: Described, history: Iterable[Event], languages: Sequence[str]
    ) -> dict[str, Any]:
        form = item_of(described.document(self._clock()).item, {}, languages)
        self._provenance.complete_one(connection, form)
        facts, conclusions = described.description.facts, described.description.conclusions
        if facts is not None and conclusions is not None:
            form["conclusions"] = _concluded(facts, conclusions, spoken(languages))
        form["reasons"] = _reasons(described)
        form["doubts"] = [
            {
                "field": doubt.field,
                "value": doubt.value,
                "detail": doubt.detail,
                "content_id": doubt.content_id,
                "issuer": doubt.issuer,
            }
            for doubt in described.description.doubts
        ]
        form["events"] = [
            {
                "at": to_rfc3339(event.at),
                "kind": event.kind,
                "content_id": event.content_id,
                "value": event.value,
                "since": to_rfc3339(event.since) if event.since else None,
                "reason": event.reason,
            }
            for event in history
        ]
        return form

    def _shown(self, connection: Connection, record: str, kind: Kind) -> Described:
        """A record of that kind of which something may be shown. NotFound, Gone (withdrawn)."""
        return shown(connection, self._describer.describe(connection, record, self._clock()), record, kind)


class _ProviderNames:
    """What providers call themselves, by DID, as the index has it.

    Every answer with a provider facet asks for some, and mostly for the same: they are kept for as long as a
    worker answers from one state of the index. "" for who has no name there.
    """

    def __init__(self, engines: ReadingEngines) -> None:
        self._engines = engines
        self._kept: dict[str, str] = {}
        self._until = 0.0

    def of(self, dids: Sequence[str]) -> Mapping[str, str]:
        """The names of these providers; IndexUnavailable."""
        if time.monotonic() > self._until:
            self.forget()
        kept = self._kept
        unknown = [did for did in dids if did not in kept]
        if unknown:
            kept.update(dict.fromkeys(unknown, "") | self._found(unknown))
        return kept

    def forget(self) -> None:
        """Ask anew from now on."""
        # Another thread goes on with the one that it has.
        self._kept = {}
        self._until = time.monotonic() + REFRESH_SECONDS

    def _found(self, dids: Sequence[str]) -> dict[str, str]:
        query = Query(kind=Kind.PARTICIPANT.value, filters={"provider": tuple(dids)}, size=MAX_SIZE)
        providers = [hit.item["provider"] for hit in self._engines.search(query).hits]
        return {
            str(provider["did"]): str(provider["name"])
            for provider in providers
            if isinstance(provider, Mapping)
        }


def shown(connection: Connection, described: Described | None, record: str, kind: Kind) -> Described:
    """The record, if it is of that kind and something of it may be shown.

    Nothing is of what its issuer withdrew (Gone) or the operator blocked (NotFound).
    """
    if described is None or described.description.kind is not kind:
        raise NotFound(kind.value, record)
    line = described.current
    if line.state is State.WITHDRAWN:
        raise Gone(line.digest, "withdrawn", withdrawn_at(connection, (line.content_id,)))
    if line.state is State.BLOCKED:
        raise NotFound(kind.value, line.record_id)
    return described


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as it stands: what was made of it, the API's form of that, and its history if asked for."""

    described: Described
    form: dict[str, Any]
    history: HistoryPage | None


@dataclass(frozen=True, slots=True)
class Lag:
    """Entries taken in, and how many of them the index that answers has taken in.

    `engines` tells the same of each engine by name, None of one that is out of reach or has no index.
    """

    entries: int
    indexed: int
    engines: Mapping[str, int | None]


def item_of(
    item: Mapping[str, object], highlights: Mapping[str, Sequence[str]], languages: Sequence[str]
) -> dict[str, Any]:
    """The API's form of an indexed item: name and description in one of the reader's languages."""
    form: dict[str, Any] = dict(item)
    form["name"] = pick(form.pop("names"), languages)
    form["description"] = pick(form.pop("descriptions"), languages)
    form["jurisdiction"] = form.pop("jurisdictions")
    form["highlights"] = highlights
    return form


def _concluded(facts: ServiceFacts, conclusions: Conclusions, language: str) -> dict[str, Any]:
    """What follows from all that bears on an offering."""
    return {
        "exposure": conclusion_forms.exposure(conclusions.exposure, language),
        "consortia": [conclusion_forms.consortium(one) for one in conclusions.consortia],
        "programmes": [
            conclusion_forms.participation(one) for one in participations_on(facts, facts.on.date())
        ],
        "disagreements": list(conclusions.disagreements),
    }


def _reasons(described: Described) -> list[dict[str, str | None]]:
    """Why each value is there, the degree of identity included."""
    identity: dict[str, str | None] = {
        "field": "identity",
        "value": described.provider.identity.value,
        "basis": Basis.COMPUTED.value,
        "detail": described.identity_reason,
        "content_id": None,
        "issuer": None,
        "path": None,
    }
    return [
        identity,
        *(
            {
                "field": reason.field,
                "value": reason.value,
                "basis": reason.basis.value,
                "detail": reason.detail or None,
                "content_id": reason.content_id or None,
                "issuer": reason.issuer or None,
                "path": reason.path or None,
            }
            for reason in described.description.reasons
        ),
    ]
