"""The indexes of one node in Elasticsearch: their names, which one answers, and how they change places.

An index is called `<prefix>-v<version>-<number>`. The alias `<prefix>-v<version>` names the one that answers,
and each index has an alias `<its name>-write` of its own, through which alone documents go: a write to an
index that somebody deleted then fails, instead of bringing it back with guessed fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from search.elastic_connection import CHANGE_SECONDS, ElasticPlace, failures
from search.elastic_schema import mapping
from search.engine import IndexMissing
from search.indexing import INDEX_VERSION

#: How long Elasticsearch remembers the version of a deleted document: a write that was on its way longer than
#: this has failed long ago. Its default of a minute is less than a node may be unresponsive.
_REMEMBER_DELETES = "1h"
#: Changes are made visible by whoever makes them; this is for those whose maker was killed in between.
_REFRESH = "1s"
#: An index that nobody searches yet makes nothing visible: it would be in many small segments, to be merged.
_NO_REFRESH = "-1"


@dataclass(frozen=True, slots=True)
class Found:
    """The node's indexes in order of age: the one that answers, if any, and all others."""

    answering: str | None
    others: tuple[str, ...]


class Indexes:
    """Names and changes of the indexes of `place`. Every method may raise EngineUnreachable."""

    def __init__(self, client: Elasticsearch, place: ElasticPlace) -> None:
        self._client = client.options(request_timeout=CHANGE_SECONDS)
        self._place = place
        self.alias = f"{place.prefix}-v{INDEX_VERSION}"
        self._name = re.compile(rf"{re.escape(place.prefix)}-v(\d+)-(\d{{6,}})")

    def found(self) -> Found:
        """What there is, of this program's version and of others."""
        with failures(self._place):
            answer = self._client.indices.get_alias(
                index=f"{self._place.prefix}-v*", allow_no_indices=True, expand_wildcards="all"
            )
        named: dict[str, Any] = {name: about for name, about in answer.items() if self._name.fullmatch(name)}
        answering = [name for name, about in named.items() if self.alias in about["aliases"]]
        return Found(
            answering[0] if answering else None,
            tuple(sorted((name for name in named if name not in answering), key=self._number)),
        )

    def beside(self) -> str | None:
        """The index of this version that was made last and doesn't answer, if there is one."""
        made = [name for name in self.found().others if name.startswith(f"{self.alias}-")]
        return made[-1] if made else None

    def make(self, shards: int) -> str:
        """A new, empty index under a name of its own, which nobody searches yet."""
        found = self.found()
        numbers = [self._number(name) for name in (*found.others, found.answering or "") if name]
        name = f"{self.alias}-{max(numbers, default=0) + 1:06d}"
        settings = {
            "number_of_shards": shards,
            # A copy as soon as there is a second node to hold it.
            "auto_expand_replicas": "0-1",
            "refresh_interval": _NO_REFRESH,
            "gc_deletes": _REMEMBER_DELETES,
        }
        with failures(self._place):
            self._client.indices.create(
                index=name,
                mappings=mapping(),
                settings=settings,
                aliases={write_alias(name): {}},
                wait_for_active_shards="1",
            )
        return name

    def let_answer(self, name: str) -> None:
        """Point the alias to `name` and drop all other indexes of the node, in one step."""
        found = self.found()
        if name != found.answering and name not in found.others:
            raise IndexMissing(str(self._place), f"{name} is gone")
        gone = [other for other in (found.answering, *found.others) if other and other != name]
        actions: list[dict[str, Any]] = [{"add": {"index": name, "alias": self.alias}}]
        actions += [{"remove_index": {"index": other}} for other in gone]
        with failures(self._place):
            self._client.indices.put_settings(index=name, settings={"refresh_interval": _REFRESH})
            self._client.indices.update_aliases(actions=actions)

    def drop(self, names: tuple[str, ...]) -> None:
        """Remove indexes that nobody searches."""
        for name in names:
            with failures(self._place):
                self._client.indices.delete(index=name, ignore_unavailable=True)

    def _number(self, name: str) -> int:
        match = self._name.fullmatch(name)
        return int(match[2]) if match else 0


def write_alias(name: str) -> str:
    """The alias through which documents go into the index `name`."""
    return f"{name}-write"
