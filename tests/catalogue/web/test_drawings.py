"""Drawings: nothing overlaps or leaves its frame, every text fits, and the line reaches every box."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

import pytest

from catalogue.web import tile_map as tiles
from catalogue.web.exposure_boxes import Box, Part, Surroundings, Where
from catalogue.web.exposure_picture import MAX_DRAWN, Drawing, narrow, wide, wrapped
from catalogue.web.tile_map import Mark, tile_map
from catalogue.web.time_line import MAX_SPANS, WIDTH, Span, time_line
from vocab.jurisdictions import eu_members, is_country

pytestmark = pytest.mark.usefixtures("english")

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
US = Where(
    "US", "belongs to Somebody with a long name Incorporated", ("CLOUD Act (Clarifying)", "FISA"), True
)


def box(part: Part, name: str = "Name", places: tuple[Where, ...] = ()) -> Box:
    return Box(part, name, "note", places, "" if places else "Nobody says.")


def some(holders: int, parts: int) -> Surroundings:
    return Surroundings(
        (tuple(box(Part.SHAREHOLDER, f"Holder {number}") for number in range(holders)),) if holders else (),
        box(Part.PROVIDER, "A provider whose name is longer than one line can be in any box", (US,)),
        tuple(box(Part.OPERATOR, places=(US,) * (number % 3)) for number in range(parts)),
    )


@pytest.mark.parametrize("draw", [wide, narrow])
@pytest.mark.parametrize(("holders", "parts"), [(0, 1), (1, 6), (2, 2), (3, 4), (5, 8), (30, 30)])
def test_boxes_stand_apart_within_the_picture(draw: object, holders: int, parts: int) -> None:
    drawing: Drawing = draw(some(holders, parts), "The service")  # type: ignore[operator]
    for one in drawing.boxes:
        assert one.x >= 0
        assert one.y >= 0
        assert one.x + one.width <= drawing.width
        assert one.y + one.height <= drawing.height
        for text in one.texts:
            assert one.x < text.x < one.x + one.width
            assert one.y < text.y < one.y + one.height
        heights = [text.y for text in one.texts]
        assert all(lower - upper >= 14 for upper, lower in pairwise(heights)), "lines on top of each other"
    for one, other in combinations(drawing.boxes, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y


def test_many_are_counted_in_one_box() -> None:
    texts = [text.text for one in wide(some(30, 1), "S").boxes for text in one.texts]
    assert sum(text.startswith("Holder ") for text in texts) == MAX_DRAWN - 1
    assert "and 23 more, in the table" in texts


def test_a_law_is_called_by_its_short_name_and_a_country_by_its_code() -> None:
    (provider,) = (one for one in narrow(some(0, 1), "S").boxes if one.texts[0].text == "Provider")
    assert [text.text for text in provider.texts if text.kind == "law"] == ["CLOUD Act", "FISA"]
    assert [text.chip for text in provider.texts if text.chip] == ["US"]
    assert provider.tone == "bad"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("short", ["short"]),
        ("two words that need two lines", ["two words that", "need two lines"]),
        ("Donaudampfschifffahrtsgesellschaftskapitän", ["Donaudampfschif", "ffahrtsgesells…"]),
        ("a" * 10_000, ["a" * 15, "a" * 14 + "…"]),
        ("漢字" * 5, ["漢字漢字漢字漢", "字漢字"]),
        ("x\u202ey", ["xy"]),
    ],
)
def test_text_is_broken_where_it_must_be(text: str, lines: list[str]) -> None:
    assert wrapped(text, 126, 15, 2) == lines


def test_every_country_of_the_eu_has_a_square_of_its_own() -> None:
    assert eu_members(NOW.date()) <= tiles.PLACES.keys()
    assert all(map(is_country, tiles.PLACES))
    assert len(set(tiles.PLACES.values())) == len(tiles.PLACES)


def test_what_is_beyond_europe_stands_beside_the_map() -> None:
    found = tile_map({"FR": Mark("3"), "US": Mark(title="data")})
    assert [(tile.code, tile.mark) for tile in found.tiles if tile.mark] == [("FR", Mark("3"))]
    assert found.elsewhere == (("United States", Mark(title="data")),)


def span(name: str, start: int, end: int | None) -> Span:
    days = timedelta(days=1)
    return Span(name, "did:web:x.example", "", NOW + start * days, None if end is None else NOW + end * days)


def test_a_time_line_begins_with_its_subject_then_with_what_ends_first() -> None:
    found = time_line(
        [span("own", -10, 900), span("late", -5, 400), span("soon", -5, 30), span("ever", -1, None)], NOW
    )
    assert [bar.span.name for bar in found.bars] == ["own", "soon", "late", "ever"]
    assert [bar.state for bar in found.bars] == ["now", "soon", "now", "now"]
    assert found.bars[3].open_right
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH + 4 for bar in found.bars)
    assert found.bars[1].x + found.bars[1].width < found.bars[2].x + found.bars[2].width


def test_what_is_over_or_comes_later_says_so() -> None:
    found = time_line([span("over", -100, -1), span("later", 10, 20)], NOW)
    assert [bar.state for bar in found.bars] == ["over", "coming"]
    assert found.bars[0].x + found.bars[0].width <= found.today < found.bars[1].x


def test_a_century_does_not_hide_what_ends_next_month() -> None:
    found = time_line([span("century", -36_500, 36_500), span("month", -30, 30)], NOW)
    assert found.bars[1].width > 10
    assert found.bars[0].open_left
    assert found.bars[0].open_right
    assert [year for year, _x in found.years] == [2024, 2025, 2026, 2027, 2028, 2029]


def test_a_time_line_is_bounded() -> None:
    assert len(time_line([span(str(number), -1, number + 1) for number in range(100)], NOW).bars) == MAX_SPANS
