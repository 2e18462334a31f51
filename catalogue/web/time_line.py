"""How long things hold, one below the other on one scale: bars in SVG, every date beside them in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: Lines of a time line; a service that rests on more statements shows those that end first.
MAX_SPANS = 30
#: Width of the scale (units of the drawing).
WIDTH = 1_000
#: What is without end reaches so far beyond today, and nothing reaches further: else one that holds for a
#: century leaves no room for what ends next month.
_AHEAD, _BACK = timedelta(days=3 * 366), timedelta(days=3 * 366)
#: Beyond the last date that is shown: so that its end is seen.
_MARGIN = 0.04
#: Days before its end from which something is said to end soon.
SOON = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Span:
    """Something that holds from a moment to another (None: without end)."""

    name: str
    issuer: str
    digest: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A span as it is drawn: from `x` for `width` units; `open_left`/`open_right` where it goes on unseen.

    `state` is `now`, `soon` (it ends within `SOON`), `over` or `coming`.
    """

    span: Span
    x: int
    width: int
    open_left: bool
    open_right: bool
    state: str


@dataclass(frozen=True, slots=True)
class TimeLine:
    """Bars on one scale, and where on it today and each first of January are."""

    start: datetime
    end: datetime
    today: int
    years: tuple[tuple[int, int], ...]
    bars: tuple[Bar, ...]


def time_line(spans: Iterable[Span], now: datetime) -> TimeLine:
    """The time line of these spans; what ends first stands first, after the very first."""
    first, *others = dict.fromkeys(spans)
    ordered = [first, *sorted(others, key=lambda one: (one.end is None, one.end or now, one.name))]
    ordered = ordered[:MAX_SPANS]
    start, end = _scale(ordered, now)

    def place(moment: datetime) -> int:
        share = (moment - start) / (end - start)
        return round(WIDTH * min(max(share, 0.0), 1.0))

    years = tuple(
        (year, place(moment))
        for year in range(start.year + 1, end.year + 1)
        if start < (moment := datetime(year, 1, 1, tzinfo=now.tzinfo)) < end
    )
    bars = []
    for one in ordered:
        x, to = place(one.start), WIDTH if one.end is None else place(one.end)
        hidden = one.end is None or one.end > end
        bars.append(Bar(one, x, max(to - x, 4), one.start < start, hidden, _state(one, now)))
    return TimeLine(start, end, place(now), years, tuple(bars))


def _scale(spans: Sequence[Span], now: datetime) -> tuple[datetime, datetime]:
    starts = [max(one.start, now - _BACK) for one in spans]
    ends = [min(one.end or now + timedelta(days=366), now + _AHEAD) for one in spans]
    start, end = min(*starts, now), max(*ends, now)
    room = (end - start) * _MARGIN + timedelta(days=1)
    return start - room, end + room


def _state(one: Span, now: datetime) -> str:
    if one.start > now:
        return "coming"
    if one.end is None or one.end - now > SOON:
        return "now"
    return "soon" if one.end > now else "over"
