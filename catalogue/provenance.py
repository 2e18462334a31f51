"""Where what is shown comes from: the nodes that list it, how they stand, and when it was verified here.

Who lists a statement is in the index. Which of these nodes are stale, and when the statement was last
verified, changes all the time without anything being listed: that is read when an answer is given.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from catalogue.federation.roster import every_peer
from catalogue.federation.standing import standing_of
from catalogue.listers import HERE, log_places
from catalogue.node_key import node_name
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.verdicts import Verdict, verdict_form, verdicts_of
from credentials.times import Clock
from search.query import FacetValue

#: Seconds for which a worker goes by how peers stood: they become stale after minutes.
STANDING_SECONDS = 1.0
#: Seconds for which a worker goes by the verdicts that it has read: a re-check comes every few hours.
VERDICT_SECONDS = 60.0
#: Verdicts kept in one worker, some two hundred bytes each: what is found again and again.
MAX_VERDICTS = 3_000

Values = tuple[str, ...]
Json = dict[str, Any]


class Provenance:
    """Names, standings and verdicts for one process; threads may share it."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._url = settings.url
        self._name = node_name(settings.url)
        self._allowed = timedelta(seconds=settings.peer_stale_seconds)
        self._database = database
        self._clock = clock
        self._heard: frozenset[str] = frozenset()
        self._heard_until = 0.0
        self._verdicts: dict[str, Verdict] = {}
        self._verdicts_until = 0.0

    def asked(self, filters: Mapping[str, Values]) -> Mapping[str, Values]:
        """Filters as the index has them, where this node has no name."""
        names = filters.get("listed_by")
        if names is None:
            return filters
        return {**filters, "listed_by": tuple(HERE if name == self._name else name for name in names)}

    def counted(self, values: Sequence[FacetValue]) -> Sequence[FacetValue]:
        """The values of the facet `listed_by`, in the order of facets, with this node by its name."""
        named = [FacetValue(self.name_of(one.value), one.count) for one in values]
        return sorted(named, key=lambda one: (-one.count, one.value))

    def name_of(self, lister: str) -> str:
        """What a node is called to others."""
        return self._name if lister == HERE else lister

    def complete(self, items: Sequence[Json]) -> None:
        """Give each item of a page its listers as they stand now, and this node's verdict."""
        verdicts = self._recent([item["content_id"] for item in items])
        for item in items:
            item["listed_by"] = self._listers(item["listed_by"])
            item["verdict"] = verdict_form(verdicts.get(item["content_id"]))

    def complete_one(self, connection: Connection, item: Json) -> None:
        """The same for one item from the store, with its places in the logs."""
        content_id = item["content_id"]
        item["listed_by"] = self._listers(item["listed_by"])
        item["verdict"] = verdict_form(verdicts_of(connection, (content_id,)).get(content_id))
        urls = {HERE: self._url} | {peer.name: peer.url.rstrip("/") for peer in every_peer(connection)}
        item["log_entries"] = [
            {
                "node": self.name_of(place.name),
                "home": place.name == HERE,
                "leaf": place.leaf,
                "digest": place.digest,
                "proof": f"{urls[place.name]}/log/entries/{place.leaf}/proof",
            }
            for place in log_places(connection, content_id)
        ]

    def forget(self) -> None:
        """Read anew from now on."""
        self._heard_until = self._verdicts_until = 0.0

    def _listers(self, names: Iterable[str]) -> list[Json]:
        heard = self._heard_lately()
        return [
            {"name": self.name_of(name), "home": name == HERE, "stale": name != HERE and name not in heard}
            for name in names
        ]

    def _heard_lately(self) -> frozenset[str]:
        """The peers that aren't stale: a name that the index still has, and the store no more, is."""
        if time.monotonic() > self._heard_until:
            now = self._clock()
            with self._database.read() as connection:
                known = every_peer(connection)
            self._heard = frozenset(
                peer.name for peer in known if not standing_of(peer, now, self._allowed).stale
            )
            self._heard_until = time.monotonic() + STANDING_SECONDS
        return self._heard

    def _recent(self, contents: Sequence[str]) -> Mapping[str, Verdict]:
        if time.monotonic() > self._verdicts_until:
            # Another thread goes on with the one that it has.
            self._verdicts = {}
            self._verdicts_until = time.monotonic() + VERDICT_SECONDS
        kept = self._verdicts
        missing = [content for content in contents if content not in kept]
        if not missing:
            return kept
        with self._database.read() as connection:
            found = verdicts_of(connection, missing)
        if len(kept) + len(found) <= MAX_VERDICTS:
            kept.update(found)
            return kept
        return kept | found
