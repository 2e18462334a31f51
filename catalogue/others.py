"""The participants that records draw on, and those that these name in turn: found for many records at once.

What a record is read with follows from the store alone, never from which records happen to be read together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vocab.evidence import Statement
from vocab.gathering import MAX_OTHERS, draws_on
from vocab.graph import Graph

#: Steps out from a record: to whom it names, to whom these name. Real chains of holdings have seven or fewer.
MAX_HOPS = 20
#: Identifiers looked up for one record. Chains of owners and the members of a consortium are a few dozen.
MAX_FOLLOWED = 500
#: Bytes of an identifier that is followed: PostgreSQL can't index texts of more than 2,704.
MAX_NAME_BYTES = 2_000
#: Statements held for the records that are read together, about 20 kB each. Real batches need a few dozen;
#: whoever names hundreds of different participants from many records has them read in smaller batches.
MAX_AT_ONCE = 2_000

#: The participants' own current statements under each of the names.
Load = Callable[[set[str]], Mapping[str, Sequence[Statement]]]


class TooManyAtOnce(Exception):
    """These records draw on more participants than are held at a time: read fewer together."""


@dataclass(frozen=True, slots=True)
class Start:
    """A record from which to go out: its issuer, and the identifiers that it and its provider name."""

    issuer: str
    names: tuple[str, ...]


def followed(graph: Graph, subject: str) -> tuple[str, ...]:
    """The identifiers that a statement draws on, as far as they can be looked up."""
    return tuple(name for name in draws_on(graph, subject) if is_short(name))


def is_short(name: str) -> bool:
    """Whether an identifier can be looked up on every database."""
    return len(name.encode("utf-8", "replace")) <= MAX_NAME_BYTES


def others_of(starts: Mapping[str, Start], load: Load) -> dict[str, tuple[Statement, ...]]:
    """What other participants say of themselves on whom each record draws, the nearest first.

    Bounded by `MAX_HOPS`, `MAX_FOLLOWED` and `MAX_OTHERS` for each record. Raises TooManyAtOnce for several
    records, never for one.
    """
    walks = {record: _Walk(start) for record, start in starts.items() if start.names}
    known: dict[str, Sequence[Statement]] = {}
    held: set[tuple[str, str]] = set()
    for _ in range(MAX_HOPS):
        wanted = {name for walk in walks.values() for name in walk.next} - known.keys()
        if wanted:
            known.update(load(wanted))
            held.update((one.content_id, one.subject) for name in wanted for one in known.get(name, ()))
        if len(held) > MAX_AT_ONCE and len(starts) > 1:
            raise TooManyAtOnce
        if not sum(walk.step(known) for walk in walks.values()):
            break
    return {record: walk.statements() for record, walk in walks.items()}


class _Walk:
    """The way out from one record."""

    def __init__(self, start: Start) -> None:
        self._issuer = start.issuer
        self._names: set[str] = set()
        self._found: dict[tuple[str, str], Statement] = {}
        self.next: list[str] = []
        self._follow(start.names)

    def step(self, known: Mapping[str, Sequence[Statement]]) -> bool:
        """Take up who goes by the names of the last step; whether that names somebody new."""
        here, self.next = self.next, []
        for name in here:
            for statement in known.get(name, ()):
                key = (statement.content_id, statement.subject)
                if statement.issuer == self._issuer or key in self._found or len(self._found) == MAX_OTHERS:
                    continue
                self._found[key] = statement
                self._follow(followed(statement.graph, statement.subject))
        return bool(self.next)

    def statements(self) -> tuple[Statement, ...]:
        """All that was found."""
        return tuple(self._found.values())

    def _follow(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._names and len(self._names) < MAX_FOLLOWED:
                self._names.add(name)
                self.next.append(name)
