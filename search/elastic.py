"""The engine over an Elasticsearch 9 cluster.

Every change carries an external version, which Elasticsearch compares per document: a write that was held up
somewhere and arrives late can't undo a newer one. A writer first *claims* the index by raising a number in
its control document; its versions begin with that number, so that they exceed those of all writers before it.
The same document holds the replay's position. It is written last, and only if it is still as the writer left
it, when every single change before was acknowledged: the changes may be there without the position, never the
position without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import structlog
from elasticsearch import ConflictError, Elasticsearch, NotFoundError

from search.cursor import Place, write_cursor
from search.document import Document
from search.elastic_connection import CHANGE_SECONDS, SHARD_WAIT, ElasticPlace, connect, failures
from search.elastic_indexes import Indexes, write_alias
from search.elastic_schema import CONTROL_ID, ITEM, SearchBody, facets_of, source_of
from search.engine import EngineUnreachable, IndexMissing, IndexUnusable
from search.highlighting import Highlighter
from search.plan import Question, answer_loosening, question_of
from search.query import Hit, Matching, Page, Query, Sort
from search.suggesting import Start, suggested

#: Bytes of one bulk request: Elasticsearch works best with some megabytes, and refuses a hundred.
_BULK_BYTES = 4_000_000
#: Changes that one claim can number; more than a writer makes in its life.
_CHANGES_PER_CLAIM = 2**32
_APPLIED = frozenset({200, 201})
_NOT_THERE, _CONFLICT, _WRONG = 404, 409, 400

log = structlog.get_logger("search.elastic")


@dataclass(slots=True)
class _Claim:
    """A writer's hold on an index: the next version it gives, and the control document as it left it."""

    index: str
    number: int
    version: int
    seq_no: int
    primary_term: int


@dataclass(frozen=True, slots=True)
class _Control:
    """The control document: None as position and 0 claims while it was never written."""

    index: str
    position: str | None
    claims: int
    seq_no: int | None
    primary_term: int | None


class ElasticEngine:
    """The `Engine` over the indexes of `place`; threads may share one for searching.

    Nothing is sent before it is needed. A writing engine with no index yet raises IndexMissing until `wipe`
    makes one. Raises EngineUnreachable where the cluster can't answer or refuses the credentials.
    """

    def __init__(self, place: ElasticPlace, *, writable: bool, index: str | None = None) -> None:
        """`index` is one made by `beside`; without it, the one that the alias names is used."""
        self._place = place
        self._writable = writable
        self._own = index
        self._client: Elasticsearch = connect(place)
        self._changing = self._client.options(request_timeout=CHANGE_SECONDS)
        self._indexes = Indexes(self._client, place)
        self._claim: _Claim | None = None

    def apply(self, upserts: Sequence[Document], deletes: Sequence[str], position: str) -> None:
        """See `Engine.apply`. Acknowledged by Elasticsearch, change by change, when it returns."""
        self._require_writable()
        claim, self._claim = self._claim or self._claimed(), None
        claim.version += 1
        changes = dict.fromkeys(deletes) | {document.id: document for document in upserts}
        for body in _bulks(changes, claim.version):
            with failures(self._place):
                answer = self._changing.bulk(
                    operations=body,
                    index=write_alias(claim.index),
                    require_alias=True,
                    source=False,
                    timeout=SHARD_WAIT,
                )
            self._check(answer["items"])
        if changes and self._own is None:
            with failures(self._place):
                self._changing.indices.refresh(index=write_alias(claim.index))
        self._write_control(claim, position)
        # Whatever fails on the way leaves no claim: the next change begins with a new one.
        self._claim = claim

    def position(self) -> str | None:
        """See `Engine.position`. To a reader, only an index that can answer tells its position."""
        if not self._writable:
            with failures(self._place):
                self._client.search(
                    index=self._target, size=0, track_total_hits=False, allow_partial_search_results=False
                )
        return self._control(self._target).position

    def search(self, query: Query) -> Page:
        """See `Engine.search`."""
        return _Search(self._client, self._place, self._target, question_of(query)).page()

    def suggest(self, query: Query, *, forgiving: bool) -> tuple[Hit, ...]:
        """See `Engine.suggest`."""
        question = question_of(replace(query, sort=Sort.NAME))
        asked = _Search(self._client, self._place, self._target, question)
        return suggested(question.query, asked.starting, forgiving=forgiving)

    def refresh(self) -> None:
        """See `Engine.refresh`. Whoever applies changes makes them visible; a writer looks where they go."""
        if self._claim is not None and self._claim.index != self._control(self._target).index:
            self._claim = None

    def wipe(self) -> None:
        """See `Engine.wipe`."""
        self._require_writable()
        self._claim = None
        self._indexes.let_answer(self._indexes.make(self._place.shards))

    def beside(self) -> ElasticEngine:
        """See `Engine.beside`: an index that the alias doesn't name yet."""
        self._require_writable()
        self._indexes.drop(self._indexes.found().others)
        return ElasticEngine(self._place, writable=True, index=self._indexes.make(self._place.shards))

    def beside_position(self) -> str | None:
        """See `Engine.beside_position`."""
        beside = self._indexes.beside()
        return self._control(beside).position if beside else None

    def publish(self) -> None:
        """See `Engine.publish`: the alias changes and the earlier index goes in one step."""
        if self._own is None:
            raise PermissionError(f"{self._place}: only what was made beside an index can be published")
        with failures(self._place):
            self._changing.indices.refresh(index=write_alias(self._own))
        self._indexes.let_answer(self._own)
        self.close()

    def close(self) -> None:
        """See `Engine.close`."""
        self._writable = False
        self._client.close()

    @property
    def _target(self) -> str:
        return self._own or self._indexes.alias

    def _require_writable(self) -> None:
        if not self._writable:
            raise PermissionError(f"{self._place} was opened for reading")

    def _claimed(self) -> _Claim:
        """Claim the index: from now on no earlier writer's change counts."""
        control = self._control(self._target)
        number = control.claims + 1
        claim = _Claim(
            index=control.index,
            number=number,
            version=number * _CHANGES_PER_CLAIM,
            seq_no=-1 if control.seq_no is None else control.seq_no,
            primary_term=-1 if control.primary_term is None else control.primary_term,
        )
        self._write_control(claim, control.position)
        return claim

    def _control(self, index: str) -> _Control:
        """The control document of an index or alias. IndexMissing when there is no such index."""
        with failures(self._place):
            try:
                found = self._client.get(index=index, id=CONTROL_ID)
            except NotFoundError as error:
                if not isinstance(error.body, dict) or error.body.get("found") is not False:
                    raise
                return _Control(str(error.body["_index"]), None, 0, None, None)
        return _Control(
            index=found["_index"],
            position=found["_source"].get("position"),
            claims=found["_source"]["claims"],
            seq_no=found["_seq_no"],
            primary_term=found["_primary_term"],
        )

    def _write_control(self, claim: _Claim, position: str | None) -> None:
        document: dict[str, Any] = {"claims": claim.number}
        if position is not None:
            document["position"] = position
        as_it_was: dict[str, Any] = {"op_type": "create"}
        if claim.seq_no >= 0:
            as_it_was = {"if_seq_no": claim.seq_no, "if_primary_term": claim.primary_term}
        with failures(self._place):
            try:
                written = self._changing.index(
                    index=write_alias(claim.index),
                    id=CONTROL_ID,
                    document=document,
                    require_alias=True,
                    timeout=SHARD_WAIT,
                    **as_it_was,
                )
            except ConflictError as error:
                raise EngineUnreachable(str(self._place), "another writer has taken over") from error
        claim.seq_no, claim.primary_term = written["_seq_no"], written["_primary_term"]

    def _check(self, items: Iterable[Mapping[str, Any]]) -> None:
        """See that every change of a bulk was made. EngineUnreachable for one that must be tried again."""
        for item in items:
            ((action, outcome),) = item.items()
            status = outcome["status"]
            if status in _APPLIED or (action == "delete" and status == _NOT_THERE and "error" not in outcome):
                continue
            error = outcome.get("error", {})
            problem = f"{error.get('type', '')}: {error.get('reason', '')}"[:300]
            if status == _CONFLICT:
                raise EngineUnreachable(str(self._place), "another writer has taken over")
            if "strict_dynamic_mapping_exception" in problem:
                raise IndexUnusable(str(self._place), problem)
            if status == _WRONG:
                # One record that can't be indexed must not hold up all others.
                log.error("record refused by the index", record=outcome["_id"], problem=problem)
                continue
            if status == _NOT_THERE:
                raise IndexMissing(str(self._place), problem)
            raise EngineUnreachable(str(self._place), f"status {status}: {problem}")


class _Search:
    """One question put to the index that an alias names."""

    def __init__(self, client: Elasticsearch, place: ElasticPlace, index: str, question: Question) -> None:
        self._client = client
        self._where = place
        self._index = index
        self._question = question
        self._body = SearchBody(question)

    def page(self) -> Page:
        """The answer: a page of hits, their number and the facets."""
        question = self._question
        matching, answer = answer_loosening(question, self._attempt, _total)
        hits = answer["hits"]["hits"]
        shown = hits[: question.query.size]
        items: list[dict[str, object]] = [orjson.loads(hit["_source"][ITEM]) for hit in shown]
        marked = Highlighter(question.words, matching).highlights(items)
        return Page(
            hits=tuple(
                Hit(str(item["id"]), item, highlights, float(hit["_score"]) if question.ranked else None)
                for hit, item, highlights in zip(shown, items, marked, strict=True)
            ),
            total=_total(answer),
            next=self._next(matching, shown) if len(hits) > len(shown) else None,
            facets=facets_of(answer, question.query.facets),
            matching=matching,
        )

    def starting(self, starts: Sequence[Start]) -> tuple[Hit, ...]:
        """The first documents by name that have all of these beginnings."""
        hits = self._answer(self._body.starting(starts))["hits"]["hits"]
        items = (orjson.loads(hit["_source"][ITEM]) for hit in hits)
        return tuple(Hit(str(item["id"]), item, {}, None) for item in items)

    def _attempt(self, matching: Matching) -> Mapping[str, Any]:
        return self._answer(self._body.of(matching))

    def _answer(self, body: dict[str, Any]) -> Mapping[str, Any]:
        with failures(self._where):
            answer = self._client.search(
                index=self._index,
                body=body,
                # Scores must not depend on which words happened to come to which shard.
                search_type="dfs_query_then_fetch" if self._question.ranked else "query_then_fetch",
                # Half an answer would be a wrong one.
                allow_partial_search_results=False,
            )
        found: Mapping[str, Any] = answer.body
        return found

    def _next(self, matching: Matching, shown: Sequence[Mapping[str, Any]]) -> str:
        query, place = self._question.query, self._question.place
        if self._question.ranked:
            return write_cursor(query, Place(matching, offset=(place.offset if place else 0) + query.size))
        return write_cursor(query, Place(matching, after=shown[-1]["sort"][0]))


def _total(answer: Mapping[str, Any]) -> int:
    return int(answer["hits"]["total"]["value"])


def _bulks(changes: Mapping[str, Document | None], version: int) -> Iterator[list[Any]]:
    """The changes as bulk requests of bounded size, in lines of JSON; None deletes."""
    body: list[Any] = []
    size = 0
    for record, document in changes.items():
        action = "delete" if document is None else "index"
        # A repeated request of the same change is taken again, an older one is refused.
        about = {"_id": record, "version": version, "version_type": "external_gte"}
        lines = [orjson.dumps({action: about})] + ([source_of(document)] if document is not None else [])
        length = sum(map(len, lines)) + len(lines)
        if body and size + length > _BULK_BYTES:
            yield body
            body, size = [], 0
        body += lines
        size += length
    if body:
        yield body
