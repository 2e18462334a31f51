"""Where each box of the exposure picture stands and what is written in it, without a browser's help.

SVG has no line breaks, so texts are broken here, by a width that is estimated. The same picture is drawn
wide, with four boxes in a row, and narrow, with one; a page shows the one for which there is room.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from catalogue.web.exposure_boxes import Box, Surroundings, Where, part_name
from catalogue.web.language import gettext as _
from catalogue.web.language import ngettext
from catalogue.web.texts import country, plain

#: Boxes of one level that are drawn; how many more there are stands in one box, and all are in the table.
MAX_DRAWN = 8
#: Countries in one box; there are rarely more than three, and all are in the table.
MAX_COUNTRIES = 5
#: Height of a line, space around the text of a box, and room between boxes (units of the drawing).
_LINE, _INSIDE, _GAP = 18, 12, 26
#: Room between who it is and where.
_AIR = 4
#: An average letter's width as a part of its size: between that of common sans-serif fonts and bold ones.
_LETTER = 0.56
#: Sizes of letters by the class of a line.
_SIZES = {"part": 12, "name": 15, "note": 13, "place": 13, "law": 12, "unknown": 13}


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text: its class in the stylesheet, and a country's code that stands in a chip before it."""

    kind: str
    x: int
    y: int
    text: str
    chip: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A box with its lines; `tone` is `good`, `warn`, `bad` or `service`."""

    x: int
    y: int
    width: int
    height: int
    tone: str
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole picture: its size, boxes, and the lines between them as SVG path data."""

    width: int
    height: int
    boxes: tuple[Drawn, ...]
    lines: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """How a drawing is laid out: its width, boxes in a row and their width, room at the left, the line."""

    width: int
    columns: int
    box: int
    left: int
    spine: int


_WIDE = _Frame(width=960, columns=4, box=219, left=3, spine=480)
_NARROW = _Frame(width=340, columns=1, box=314, left=24, spine=9)


def wide(found: Surroundings, service: str) -> Drawing:
    """The picture for a screen or a sheet of paper."""
    return _drawn(found, service, _WIDE)


def narrow(found: Surroundings, service: str) -> Drawing:
    """The picture for a telephone."""
    return _drawn(found, service, _NARROW)


def wrapped(text: str, width: int, size: float, lines: int) -> list[str]:
    """Text in at most so many lines of that width; what has no room ends in an ellipsis."""
    room = max(4, int(width / (size * _LETTER)))
    found: list[str] = []
    line, width_so_far = "", 0
    for word in plain(text, room * lines + 1).split():
        for piece in _pieces(word, room):
            columns = _columns(piece)
            if line and width_so_far + 1 + columns <= room:
                line, width_so_far = f"{line} {piece}", width_so_far + 1 + columns
            else:
                found += [line] if line else []
                line, width_so_far = piece, columns
    found += [line] if line else []
    if len(found) > lines:
        found = [*found[: lines - 1], found[lines - 1][: room - 1].rstrip(" ,") + "…"]
    return found


def _pieces(word: str, room: int) -> Iterator[str]:
    """A word that is longer than a line, in pieces that aren't."""
    while _columns(word) > room:
        taken = next(
            count for count in range(len(word), 0, -1) if _columns(word[:count]) <= room or count == 1
        )
        yield word[:taken]
        word = word[taken:]
    if word:
        yield word


def _columns(text: str) -> int:
    """How many average letters a text is wide: those of East Asia count twice, marks above others nothing."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


class _Pen:
    """Draws row below row, and the line that joins them."""

    def __init__(self, frame: _Frame) -> None:
        self.frame = frame
        self.y = 2
        self.boxes: list[Drawn] = []
        self._lines: list[str] = []
        self._joints: list[int] = []

    def rows(self, contents: Sequence[tuple[str, list[Text]]], *, above: bool) -> None:
        """Boxes in rows, each hanging on the line: from below where they stand `above` the service."""
        columns = self.frame.columns
        for start in range(0, len(contents), columns):
            self._row(contents[start : start + columns], above=above)

    def _row(self, contents: Sequence[tuple[str, list[Text]]], *, above: bool) -> None:
        frame = self.frame
        height = max(_height(texts) for _tone, texts in contents)
        alone = frame.columns > 1 and len(contents) == 1
        # One is in the middle, two stand on both sides of the line.
        step = frame.box + _GAP
        x = (frame.width - frame.box) // 2 if alone else frame.left
        x += step if frame.columns > 2 and len(contents) == 2 else 0
        edge = self.y + height if above else self.y
        bus = edge + _GAP // 2 if above else edge - _GAP // 2
        for tone, texts in contents:
            self.boxes.append(Drawn(x, self.y, frame.box, height, tone, tuple(_moved(texts, x, self.y))))
            if frame.columns == 1:
                self._lines.append(f"M{frame.spine} {self.y + 20}H{frame.left}")
            elif not alone:
                self._lines.append(f"M{x + frame.box // 2} {edge}V{bus}H{frame.spine}")
            x += step
        self._joints.append(self.y + 20 if alone or frame.columns == 1 else bus)
        self.y += height + _GAP

    def drawing(self) -> Drawing:
        """All of it; the line goes from the first joint to the last."""
        spine = f"M{self.frame.spine} {self._joints[0]}V{self._joints[-1]}"
        return Drawing(self.frame.width, self.y - _GAP + 2, tuple(self.boxes), "".join((*self._lines, spine)))


def _drawn(found: Surroundings, service: str, frame: _Frame) -> Drawing:
    pen = _Pen(frame)
    for level in found.above:
        pen.rows(_contents(level, frame), above=True)
    pen.rows([(found.provider.tone, _texts(found.provider, frame))], above=True)
    pen.rows([("service", _service(service, frame))], above=False)
    pen.rows(_contents(found.parts, frame), above=False)
    return pen.drawing()


def _contents(boxes: Sequence[Box], frame: _Frame) -> list[tuple[str, list[Text]]]:
    shown = boxes if len(boxes) <= MAX_DRAWN else boxes[: MAX_DRAWN - 1]
    found = [(box.tone, _texts(box, frame)) for box in shown]
    more = len(boxes) - len(shown)
    if more:
        text = ngettext("and %(num)s more, in the table", "and %(num)s more, in the table", more)
        found.append(("warn", _lines([("note", text % {"num": more}, 2)], frame)))
    return found


def _service(name: str, frame: _Frame) -> list[Text]:
    return _lines([("part", _("Service"), 1), ("name", name, 3)], frame)


def _texts(box: Box, frame: _Frame) -> list[Text]:
    texts = _lines([("part", part_name(box.part), 1), ("name", box.name, 2), ("note", box.note, 3)], frame)
    y = _bottom(texts) + _AIR
    for place in box.places[:MAX_COUNTRIES]:
        texts += _place(place, y, frame)
        y = _bottom(texts)
    more = len(box.places) - MAX_COUNTRIES
    if more > 0:
        text = ngettext("and %(num)s more country", "and %(num)s more countries", more) % {"num": more}
        texts += _lines([("note", text, 1)], frame, y)
        y = _bottom(texts)
    return texts + _lines([("unknown", box.unknown, 3)], frame, y)


def _place(place: Where, y: int, frame: _Frame) -> list[Text]:
    """A country in a chip, what is there, and the laws that follow."""
    chip = 34
    name = country(place.code) + (f", {place.what}" if place.what else "")
    lines = wrapped(name, frame.box - 2 * _INSIDE - chip, _SIZES["place"], 3)
    texts = [
        Text("place", _INSIDE + chip, y + _LINE * (1 + at), line, "" if at else place.code, place.outside)
        for at, line in enumerate(lines)
    ]
    y = _bottom(texts)
    for law in place.laws:
        # What a law is called in full stands in the table.
        for line in wrapped(law.partition(" (")[0], frame.box - 2 * _INSIDE - chip, _SIZES["law"], 2):
            y += _LINE - 1
            texts.append(Text("law", _INSIDE + chip, y, line))
    return texts


def _lines(texts: Iterable[tuple[str, str, int]], frame: _Frame, y: int = 6) -> list[Text]:
    found = []
    for kind, text, most in texts:
        for line in wrapped(text, frame.box - 2 * _INSIDE, _SIZES[kind], most):
            y += _LINE
            found.append(Text(kind, _INSIDE, y, line))
    return found


def _bottom(texts: Sequence[Text]) -> int:
    return texts[-1].y if texts else 6


def _height(texts: Sequence[Text]) -> int:
    return _bottom(texts) + _INSIDE


def _moved(texts: Iterable[Text], x: int, y: int) -> Iterator[Text]:
    for one in texts:
        yield Text(one.kind, one.x + x, one.y + y, one.text, one.chip, one.outside)
