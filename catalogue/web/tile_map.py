"""Europe as squares, one for each country, roughly where it lies: small states are as easy to see as large.

The layout is our own. What lies elsewhere stands beside the map, by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from catalogue.web.texts import country

#: Rows from north to south, columns from west to east; two letters are a country, a dot is none.
_LAYOUT = """
    IS .  .  .  NO SE FI .  .
    IE GB .  .  DK .  .  EE .
    .  .  BE NL DE PL LT LV .
    .  .  FR LU CZ SK UA BY .
    .  .  CH LI AT HU RO MD .
    PT ES .  IT SI HR RS BG .
    .  .  .  .  .  BA ME MK TR
    .  .  .  MT .  .  AL GR CY
"""
#: Side of a square and room between two (units of the drawing).
SIDE, _STEP = 36, 40


def _places() -> Mapping[str, tuple[int, int]]:
    return MappingProxyType(
        {
            code: (column, row)
            for row, line in enumerate(_LAYOUT.split("\n    ")[1:])
            for column, code in enumerate(line.split())
            if code != "."
        }
    )


PLACES = _places()
WIDTH = (max(column for column, _row in PLACES.values()) + 1) * _STEP
HEIGHT = (max(row for _column, row in PLACES.values()) + 1) * _STEP


@dataclass(frozen=True, slots=True)
class Mark:
    """What is to be seen of a country: a word or figure in its square, a tone (`on`, `faint`), a sentence."""

    text: str = ""
    tone: str = "on"
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A square: where it is, its country's code and name, and its mark; None for a country without one."""

    x: int
    y: int
    code: str
    name: str
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class TileMap:
    """All squares, and the marked countries that have none, by name."""

    tiles: tuple[Tile, ...]
    elsewhere: tuple[tuple[str, Mark], ...]


def tile_map(marks: Mapping[str, Mark]) -> TileMap:
    """The map with these countries (alpha-2) marked."""
    return TileMap(
        tuple(
            Tile(column * _STEP + 2, row * _STEP + 2, code, country(code), marks.get(code))
            for code, (column, row) in PLACES.items()
        ),
        tuple((country(code), mark) for code, mark in sorted(marks.items()) if code not in PLACES),
    )
