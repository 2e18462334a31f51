"""How values are shown: what others wrote, places, times and figures, each safely and in the reader's way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from html import unescape
from urllib.parse import urlsplit

from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup, escape

from catalogue.web.language import language, locale, locale_of
from catalogue.wording import facet_label
from vocab import jurisdictions

#: Characters that turn the direction of what follows, and controls: nobody's name needs them, and with them a
#: name could make its surroundings say something else.
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u0000-\u0008\u000b-\u001f\u007f-\u009f]")
#: Characters of a title that is shown whole; longer ones are no names.
MAX_TITLE = 200
#: Characters of a text on a card.
MAX_TEASER = 280
#: Characters of an identifier that are shown of its beginning and of its end.
_ENDS = 14
#: Numbers that are remembered as they are written: a page of a search has some hundred counts.
_NUMBERS = 4_000
#: Days and identifiers whose markup is kept: one page shows the same ones dozens of times.
_KEPT = 4_096
_MARKED = re.compile(r"(</?mark>)")
_MARKS = {"<mark>": Markup("<mark>"), "</mark>": Markup("</mark>")}


def plain(text: str, length: int = MAX_TITLE) -> str:
    """What others wrote, without what turns directions, at most `length` characters of it."""
    # Of a text of megabytes only the part that can be shown is looked at.
    clean = TURNING.sub("", text[: 2 * length + 1])
    return clean if len(clean) <= length else clean[: length - 1].rstrip() + "…"


def said(text: str, length: int = MAX_TITLE) -> Markup:
    """What others wrote, isolated: whatever its direction, the text around it keeps its own."""
    return Markup("<bdi>{}</bdi>").format(plain(text, length))


def marked(text: str) -> Markup:
    """A fragment in which the search has marked words: only its marks are markup."""
    # The fragment is HTML already; what it escaped is escaped anew, and nothing else is taken over.
    shown = Markup("").join(
        _MARKS.get(part) or escape(TURNING.sub("", unescape(part))) for part in _MARKED.split(text)
    )
    return Markup("<bdi>{}</bdi>").format(shown)


@lru_cache(maxsize=_KEPT)
def unmarked(fragment: str) -> str:
    """The text of a fragment, as its provider wrote it."""
    return unescape(_MARKED.sub("", fragment))


def identifier(text: str) -> Markup:
    """A DID or digest: its beginning and its end, the whole of it for who points at it or copies it."""
    clean = TURNING.sub("", text)
    if len(clean) <= 2 * _ENDS + 6:
        return Markup('<code class="id">{}</code>').format(clean)
    return Markup('<code class="id" title="{}">{}…{}</code>').format(clean, clean[:_ENDS], clean[-_ENDS:])


def outward(url: str) -> str:
    """An address that may be linked to, else ""; nothing but http and https is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def _moment(value: str | date) -> datetime | date:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def day(value: str | date | None) -> Markup:
    """A day, of an ISO 8601 day or time; a dash for none."""
    if not value:
        return Markup("–")
    moment = _moment(value)
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC).date()
    return _day(moment, language())


@lru_cache(maxsize=_KEPT)
def _day(found: date, code: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(
        found.isoformat(), format_date(found, "medium", locale=locale_of(code))
    )


def moment(value: str | datetime | None) -> Markup:
    """A moment in UTC, of an RFC 3339 time; a dash for none."""
    if not value:
        return Markup("–")
    found = _moment(value)
    if not isinstance(found, datetime):
        return day(found)
    found = found.astimezone(UTC)
    shown = format_datetime(found, "medium", tzinfo=UTC, locale=locale())
    return Markup('<time datetime="{}">{} UTC</time>').format(found.isoformat(), shown)


def number(value: float) -> str:
    """A number with the reader's separators."""
    return _number(value, language())


@lru_cache(maxsize=_NUMBERS)
def _number(value: float, code: str) -> str:
    return str(format_decimal(value, locale=locale_of(code)))


def percent(value: float) -> str:
    """A figure of per cent: 76.0 as 76 %."""
    share = Decimal(str(value)) / 100
    return format_percent(share, format=None, locale=locale(), decimal_quantization=False)


def country(code: str) -> str:
    """A country's or a group's name; the code where it has none."""
    try:
        return jurisdictions.name(code, language())
    except KeyError:
        return code


def named(value: str, field: str) -> str:
    """The name of a value of a field: a label, a certification, a capability and so on."""
    return facet_label(field, value, (language(),))


def listed(values: Iterable[str]) -> str:
    """Several things in one sentence: "France, Germany and Italy"."""
    return format_list(list(values), locale=locale())


FILTERS = {
    "said": said,
    "plain": plain,
    "marked": marked,
    "identifier": identifier,
    "outward": outward,
    "day": day,
    "moment": moment,
    "number": number,
    "percent": percent,
    "country": country,
    "named": named,
    "listed": listed,
}
