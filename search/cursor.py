"""Cursors: where the next page begins, opaque to whoever carries one.

A cursor is base64url of JSON `[version, digest, matching, position]`. The digest binds it to the question and
to its own content. It guards against mistakes, not against forgery: a position reveals nothing and allows
nothing that another query wouldn't.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass

from search.query import MAX_RELEVANCE_HITS, Matching, Query, QueryInvalid, Sort

_VERSION = 1
#: Characters of a cursor: the longest sort key in base64, with its frame; more is not one of ours.
MAX_CURSOR = 2_048
_WRONG = "is not a cursor of this query; leave it out to begin again"
# Sort keys are in hex (see `search.indexing`), so that nothing else can reach an engine through a cursor.
_KEY = re.compile(r"(?:[0-9a-f]{2})+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after the sort key `after`, or for relevance at the hit number `offset`.

    `matching` is what the walk began with, so that it ends with it whatever is published meanwhile.
    """

    matching: Matching
    after: str | None = None
    offset: int = 0


def write_cursor(query: Query, place: Place) -> str:
    """The cursor that leads to `place` in the answer to `query`."""
    position: str | int = place.after if place.after is not None else place.offset
    payload = [_VERSION, _digest(query, place.matching.value, position), place.matching.value, position]
    data = json.dumps(payload, separators=(",", ":")).encode("ascii")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def read_cursor(query: Query) -> Place:
    """Where `query.cursor` leads. QueryInvalid when it is not a cursor of the rest of this query."""
    text = query.cursor or ""
    if len(text) > MAX_CURSOR:
        raise QueryInvalid("cursor", _WRONG)
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        payload = json.loads(data)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise QueryInvalid("cursor", _WRONG) from error
    match payload:
        case [int(version), str(digest), str(matching), str() | int() as position] if version == _VERSION:
            if matching in tuple(Matching) and digest == _digest(query, matching, position):
                return _place(query, Matching(matching), position)
    raise QueryInvalid("cursor", _WRONG)


def by_relevance(query: Query) -> bool:
    """Whether the answer is a ranking. Without words there is nothing to rank by: newest first then."""
    return query.sort is Sort.RELEVANCE and bool(query.text.strip())


def _place(query: Query, matching: Matching, position: str | int) -> Place:
    if by_relevance(query):
        if isinstance(position, int) and 0 < position < MAX_RELEVANCE_HITS:
            return Place(matching, offset=position)
    elif isinstance(position, str) and _KEY.fullmatch(position):
        return Place(matching, after=position)
    raise QueryInvalid("cursor", _WRONG)


def _digest(query: Query, matching: str, position: str | int) -> str:
    filters = {name: sorted(set(values)) for name, values in query.filters.items() if values}
    bound = [query.kind, query.text, filters, query.sort.value, matching, position]
    return hashlib.sha256(json.dumps(bound, sort_keys=True).encode("ascii")).hexdigest()[:24]
