"""A buyer's question put to one peer: the names of what it finds among its own, and the bytes of that.

Nothing that the peer says of a service is taken: from its answer only the names of statements are read, and
what these say is read from bytes that their digests prove.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from catalogue.federation.peer_client import PeerClient, PeerFault
from catalogue.fetching import Form
from search.query import Query
from search.values import HOME

#: Services that one peer is asked for. A buyer who wants more goes there.
MAX_CANDIDATES = 20
#: Bytes of one answer of a peer: twenty hits have some 60 kB, and twenty signed documents some 200.
MAX_ANSWER = 2_000_000
#: Bytes of a question that a node passes on: with its address it must fit into what nodes take.
MAX_QUESTION = 7_000

#: Filters that aren't passed on: a peer is asked for what is listed, and was submitted to it.
_NOT_PASSED_ON = ("listed_by", "home", "state")
_RECORD = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A statement that a peer has found: its record, what was signed, and the bytes that carry it."""

    record: str
    content_id: str
    digest: str


def passed_on(query: Query) -> Query:
    """A question about services as peers are asked it: one page of what each has itself."""
    filters = {name: values for name, values in query.filters.items() if name not in _NOT_PASSED_ON}
    size = min(query.size, MAX_CANDIDATES)
    return Query(kind=query.kind, text=query.text, filters=filters, sort=query.sort, size=size)


def parameters_of(query: Query) -> str:
    """The parameters of `GET /offerings` that ask it."""
    given = [("q", query.text)] if query.text else []
    given += [(name, value) for name, values in query.filters.items() for value in values]
    fixed = [("sort", query.sort.value), ("size", str(query.size)), ("facets", "none"), ("home", HOME)]
    return urlencode([*given, *fixed])


class AskedPeer(PeerClient):
    """A peer that is asked while a buyer waits: its answers are smaller than those to a follower."""

    def find(self, query: Query) -> tuple[Candidate, ...]:
        """What it finds, each statement once. Raises PeerUnreachable, PeerFault, LimitExceeded."""
        answer = self._json(self._get(f"offerings?{parameters_of(query)}", _JSON_TYPE, MAX_ANSWER))
        match answer:
            case {"items": list(items)} if len(items) <= query.size:
                return tuple(dict.fromkeys(self._candidates(items)))
        raise PeerFault(self.name, "its answer to a search can't be read")

    def _candidates(self, items: list[object]) -> Iterator[Candidate]:
        for item in items:
            match item:
                case {"id": str(record), "content_id": str(content_id), "digest": str(digest)} if (
                    _RECORD.fullmatch(record) and _DIGEST.fullmatch(content_id) and _DIGEST.fullmatch(digest)
                ):
                    yield Candidate(record, content_id, digest)
                case _:
                    raise PeerFault(self.name, "its answer to a search holds what is no hit")

    def _fetch(self, path: str, accept: str, max_bytes: int, post: Form | None) -> bytes:
        return super()._fetch(path, accept, min(max_bytes, MAX_ANSWER), post)
