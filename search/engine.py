"""What every search engine does, and how it fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from search.document import Document
from search.query import Hit, Page, Query


class IndexUnusable(Exception):
    """The index is damaged, or was made by another version: wipe it and replay.

    Nothing is lost by that, since an index is only a projection.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class IndexMissing(IndexUnusable):
    """There is no index yet: the indexer has not made one."""


class IndexBusy(Exception):
    """Another process is the index's writer; there is one at a time."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where}: another process writes to this index")
        self.where = where


class EngineUnreachable(OSError):
    """The engine can't be reached or can't answer just now: ask again later, the index is not to blame.

    `where` names the engine without any secret, `problem` says what happened.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class Engine(Protocol):
    """A disposable projection of the log that answers questions.

    One process applies changes, any number search. An engine keeps no truth: what it holds can be wiped and
    replayed at any time, and applying the same changes again changes nothing. Every method may raise
    IndexUnusable; those of an engine behind a network EngineUnreachable too.
    """

    def apply(self, upserts: Sequence[Document], deletes: Sequence[str], position: str) -> None:
        """Make the changes durable and visible to the next `refresh`, then remember `position`.

        Deletes (record ids) come first, then the upserts in their order, so the last document of an id
        stays. A crash in between leaves the changes without the position, never the position without them.
        OSError when the changes can't be stored now (no space, no connection): apply them again later.
        """

    def position(self) -> str | None:
        """Where the replay goes on: what the last complete `apply` was given, None for an empty index."""

    def search(self, query: Query) -> Page:
        """Answer from the state of the last `refresh`. QueryInvalid when the question is wrong."""

    def suggest(self, query: Query, *, forgiving: bool) -> tuple[Hit, ...]:
        """Records whose names begin with the query's text, at most `size`, of its kind and filters.

        Those that begin with it as a whole come first, each group by name. With `forgiving`, those that do so
        give or take a typo. Sort, cursor and facets are not looked at. QueryInvalid.
        """

    def refresh(self) -> None:
        """See what was applied meanwhile, by any process. Cheap when nothing was."""

    def wipe(self) -> None:
        """Forget everything, the position too. Only for the process that applies changes."""

    def beside(self) -> Engine:
        """A new, empty index of the same place, which answers nobody else until it is published.

        Only for the process that applies changes; it goes on applying them here meanwhile. There is one at a
        time: an earlier one that was never published is removed, so nothing needs to be durable in it before.
        """

    def beside_position(self) -> str | None:
        """How far the index made beside this one has come, by whichever process; None if there is none."""

    def publish(self) -> None:
        """For an engine made by `beside`: everybody answers from it from their next `refresh` on.

        What answered until then is dropped, and this engine is closed.
        """

    def close(self) -> None:
        """Let go of files and connections; the engine answers nothing afterwards."""
