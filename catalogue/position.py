"""How far an index has followed the store, in the one form that indexer and readers share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """How far the index has followed: generation, next log position, next event number."""

    generation: int
    log: int
    event: int

    def __str__(self) -> str:
        return f"{self.generation}:{self.log}:{self.event}"

    @classmethod
    def parse(cls, text: str | None) -> Position | None:
        """The inverse of `str()`; None for a text of any other form, which means: start over."""
        parts = (text or "").split(":")
        if len(parts) != 3 or not all(part.isdigit() for part in parts):
            return None
        return cls(*(int(part) for part in parts))


#: Before everything; no store's generation is that old once something was indexed.
START = Position(0, 0, 0)
