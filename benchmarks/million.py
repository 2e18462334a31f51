"""A million offerings in Elasticsearch: copies of some thousand that were published and described.

Each copy has an id, a name, a provider and a time of listing of its own; what else is indexed of it is that
of its original, which was analysed once. So how many copies a question must find, and how often they carry
each value, can be counted here and compared with what the node answers.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

import orjson
from elasticsearch import Elasticsearch
from sqlalchemy import select

from benchmarks import corpus, filling, questions, running
from catalogue.describing import Describer
from catalogue.log import read_heads
from catalogue.position import Position
from catalogue.store.database import Database
from catalogue.store.tables import listings
from credentials.times import to_rfc3339, utc_now
from search.document import Document
from search.elastic import ElasticEngine
from search.elastic_connection import CHANGE_SECONDS, ElasticPlace
from search.elastic_indexes import Indexes, write_alias
from search.elastic_schema import source_of
from search.indexing import Indexed, indexed
from search.plan import question_of
from search.query import FACET_SIZE
from search.text import Word
from search.values import value_field
from vocab.model import Kind

#: Offerings that are signed, verified, described and analysed; the others are copies of them.
ORIGINALS = 2_000
#: Providers for each of those that signed the originals, with the same seat.
_PROVIDERS_EACH = 25
#: Copies sent in one request: what the indexer sends at once.
_BATCH = 400
#: Questions of which the answers are compared with what was counted.
_CHECKED = 60
#: Seconds for the segments of a filled index to be made visible and merged as far as they are going to be.
_SETTLE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Filled:
    """How the index was filled; seconds of CPU time here and in Elasticsearch, of the clock, and its weight.

    `forms` are those of the originals, `counts` how many copies each has by provider. `describing_ms` is the
    CPU time of one offering from the store to the line that is sent, as the indexer takes it.
    """

    forms: Sequence[Indexed]
    counts: Mapping[int, Counter[str]]
    describing_ms: float
    seconds: float
    here_seconds: float
    there_seconds: float
    disk_bytes: int
    segments: int

    def counted(self, place: int) -> int:
        """Copies of one original."""
        return self.counts[place].total()

    def values(self, place: int, facet: str) -> Mapping[str, int]:
        """How often the copies of one original carry each value."""
        if facet == "provider":
            return self.counts[place]
        return dict.fromkeys(self.forms[place].values[value_field(facet)], self.counted(place))


@dataclass(frozen=True, slots=True)
class _Answer:
    """Number of hits, and counts by facet in the order in which they are shown."""

    total: int
    facets: Mapping[str, Sequence[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Heap:
    """Bytes of Elasticsearch's heap in use and at most."""

    used: int
    most: int


def fill(folder: Path, url: str, prefix: str, count: int) -> Filled:
    """List the originals in the store of a new node in `folder`, and put `count` offerings into its index."""
    who = corpus.issuers("vc-jwt")
    corpus.write_did_documents(folder / "dids", who)
    settings = filling.settings_for(folder / "data", folder / "dids")
    filling.fill(settings, who, ORIGINALS)
    database = Database(settings.store_url)
    try:
        began = time.process_time()
        documents = list(_described(database, Describer(settings)))
        lines = [source_of(document) for document in documents]
        describing = (time.process_time() - began) / len(lines)
        with database.read() as connection:
            ends = read_heads(connection)
    finally:
        database.close()
    place = ElasticPlace((url,), prefix)
    answering = ElasticEngine(place, writable=True)
    engine = answering.beside()
    copies = _Copies(documents)
    client = Elasticsearch(url, request_timeout=CHANGE_SECONDS)
    index = Indexes(client, place).beside() or ""
    there, started, here = _cpu_seconds(client), time.monotonic(), time.process_time()
    for batch in _batches(chain(copies.participants(), copies.offerings(count))):
        answer = client.bulk(operations=batch, index=write_alias(index), require_alias=True)
        if answer["errors"]:
            raise RuntimeError("Elasticsearch refused some of the copies")
    engine.apply((), (), str(Position(ends.generation, ends.intake_size, ends.event_count)))
    engine.publish()
    answering.close()
    seconds, here = time.monotonic() - started, time.process_time() - here
    _settle(client)
    there = _cpu_seconds(client) - there
    about = client.indices.stats(index=index, metric="store,segments")["_all"]["primaries"]
    client.close()
    return Filled(
        forms=[indexed(one) for one in copies.originals],
        counts=copies.counts,
        describing_ms=describing * 1000,
        seconds=seconds,
        here_seconds=here,
        there_seconds=there,
        disk_bytes=about["store"]["size_in_bytes"],
        segments=about["segments"]["count"],
    )


def heap(url: str) -> Heap:
    """Elasticsearch's heap as it is now."""
    client = Elasticsearch(url)
    (about,) = client.nodes.stats(metric="jvm")["nodes"].values()
    client.close()
    memory = about["jvm"]["mem"]
    return Heap(memory["heap_used_in_bytes"], memory["heap_max_in_bytes"])


def wrong_answers(node: running.Running, filled: Filled) -> tuple[int, list[str]]:
    """How many questions were asked, and those of which hits or facets aren't what was counted."""
    expected = ((one.path, _expected(filled, one)) for one in questions.exact())
    asked = list(islice(((path, answer) for path, answer in expected if answer.total), _CHECKED))
    wrong = []
    for path, answer in asked:
        _, body = node.get(path)
        facets = {
            name: [(value["value"], value["count"]) for value in values]
            for name, values in body["facets"].items()
        }
        if _Answer(body["total"], facets) != answer:
            wrong.append(path)
    return len(asked), wrong


class _Copies:
    """Makes the copies and counts them."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.originals = [one for one in documents if one.kind == Kind.OFFERING.value]
        self.counts: dict[int, Counter[str]] = {place: Counter() for place in range(len(self.originals))}
        own = {one.provider_did: one for one in documents if one.kind == Kind.PARTICIPANT.value}
        self._providers = {
            did: [_provider(one, place, number) for number in range(_PROVIDERS_EACH)]
            for place, (did, one) in enumerate(own.items())
        }

    def participants(self) -> Iterator[bytes]:
        """The providers, as lines of a bulk request."""
        for one in chain.from_iterable(self._providers.values()):
            yield _action(one.id)
            yield source_of(one)

    def offerings(self, count: int) -> Iterator[bytes]:
        """`count` offerings of theirs."""
        draw = random.Random("copies")
        forms = [
            indexed(replace(one, names={}, provider_name="", provider_id=None)) for one in self.originals
        ]
        for number in range(count):
            place = draw.randrange(len(self.originals))
            original = self.originals[place]
            provider = draw.choice(self._providers[original.provider_did])
            self.counts[place][provider.provider_did] += 1
            copy = _copy(original, provider, number)
            yield _action(copy.id)
            yield source_of(copy, _form(copy, forms[place]))


def _provider(document: Document, place: int, number: int) -> Document:
    """One provider more, like the one that a participant's document is of."""
    name = f"{document.provider_name.rpartition(' ')[0]} {corpus.word_of(place * _PROVIDERS_EACH + number)}"
    did = f"did:web:{corpus.word_of(place)}-{number}.million.example"
    identifier = hashlib.sha256(did.encode()).hexdigest()[:32]
    shown = _shown(document, identifier, did, name, provider_id=identifier, names={"": name})
    return replace(
        document,
        id=identifier,
        provider_id=identifier,
        provider_did=did,
        provider_name=name,
        subject=did,
        names={"": name},
        item=shown,
    )


def _copy(original: Document, provider: Document, number: int) -> Document:
    digest = hashlib.sha256(f"copy {number}".encode()).hexdigest()
    # The originals have words up to their number, the copies those behind.
    word = corpus.word_of(ORIGINALS + number)
    names = {language: f"{name.partition(' ')[0]} {word}" for language, name in original.names.items()}
    listed_at = original.listed_at - timedelta(seconds=number)
    shown = _shown(
        original,
        digest[:32],
        provider.provider_did,
        provider.provider_name,
        provider_id=provider.id,
        names=names,
    )
    shown |= {"digest": digest, "content_id": digest[::-1], "listed_at": to_rfc3339(listed_at)}
    return replace(
        original,
        id=digest[:32],
        provider_id=provider.id,
        provider_did=provider.provider_did,
        provider_name=provider.provider_name,
        subject=f"{original.subject}-{number}",
        names=names,
        listed_at=listed_at,
        item=shown,
    )


def _shown(
    document: Document, identifier: str, did: str, name: str, *, provider_id: str, names: Mapping[str, str]
) -> dict[str, object]:
    provider = {"id": provider_id, "name": name, "did": did, "identity": document.identity}
    return {**document.item, "id": identifier, "names": names, "provider": provider}


def _form(copy: Document, rest: Indexed) -> Indexed:
    """The indexed form of a copy, of which all but name and provider was analysed with its original."""
    own = indexed(
        Document(
            id=copy.id,
            kind=copy.kind,
            provider_did=copy.provider_did,
            identity=copy.identity,
            state=copy.state,
            listed_at=copy.listed_at,
            item={},
            subject=copy.subject,
            names=copy.names,
            provider_id=copy.provider_id,
            provider_name=copy.provider_name,
        )
    )
    changed = {name: own.values[name] for name in ("provider", "provider_id", "provider_named", "subject")}
    return replace(
        rest,
        texts={name: terms + rest.texts[name] for name, terms in own.texts.items()},
        terms=_together(own.terms, rest.terms),
        words=_together(own.words, rest.words),
        telling_words=_together(own.telling_words, rest.telling_words),
        starts=own.starts,
        values={**rest.values, **changed},
        name_key=own.name_key,
        listed_key=own.listed_key,
    )


def _together(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one + other))


def _batches(lines: Iterable[bytes]) -> Iterator[list[Any]]:
    """Bulk requests: two lines are one copy."""
    waiting = iter(lines)
    while batch := list(islice(waiting, 2 * _BATCH)):
        yield batch


def _described(database: Database, describer: Describer) -> Iterator[Document]:
    """Every record of the store, as the indexer describes it."""
    now = utc_now()
    with database.read() as connection:
        records = sorted(set(connection.execute(select(listings.c.record_id)).scalars()))
        for start in range(0, len(records), _BATCH):
            found = describer.describe_all(connection, records[start : start + _BATCH], now)
            yield from (one.document(now) for one in found.values())


def _expected(filled: Filled, asked: questions.Asked) -> _Answer:
    """What the node must answer to an exact question, from what was counted of the copies."""
    needed = question_of(asked.query).needed
    texts = [place for place, form in enumerate(filled.forms) if all(_has(form, word) for word in needed)]
    total = sum(filled.counted(place) for place in texts if _fits(filled.forms[place], asked.filters))
    facets: dict[str, list[tuple[str, int]]] = {}
    for facet in asked.facets:
        others = [(field, value) for field, value in asked.filters if field != facet]
        counts: Counter[str] = Counter()
        for place in texts:
            if _fits(filled.forms[place], others):
                counts.update(filled.values(place, facet))
        facets[facet] = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:FACET_SIZE]
    return _Answer(total, facets)


def _has(form: Indexed, word: Word) -> bool:
    terms = set(form.terms)
    parts = bool(word.parts) and all(not terms.isdisjoint(stems) for stems in word.parts)
    return parts or not terms.isdisjoint(word.stems)


def _fits(form: Indexed, filters: Iterable[tuple[str, str]]) -> bool:
    return all(value in form.values[value_field(field)] for field, value in filters)


def _action(identifier: str) -> bytes:
    return orjson.dumps({"index": {"_id": identifier, "version": 1, "version_type": "external_gte"}})


def _cpu_seconds(client: Elasticsearch) -> float:
    (about,) = client.nodes.stats(metric="process")["nodes"].values()
    return float(about["process"]["cpu"]["total_in_millis"]) / 1000


def _settle(client: Elasticsearch) -> None:
    """Wait until no segments are merged any more. TimeoutError."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while sum(
        about["indices"]["merges"]["current"]
        for about in client.nodes.stats(metric="indices", index_metric="merge")["nodes"].values()
    ):
        if time.monotonic() > deadline:
            raise TimeoutError(f"segments are still being merged after {_SETTLE_SECONDS} s")
        time.sleep(1)
