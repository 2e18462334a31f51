"""By which ways whose law reaches a service, as rows: the words are the reader's, the evidence is linked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalogue.web.language import gettext as _
from catalogue.web.language import language
from catalogue.web.texts import percent, plain
from vocab import laws
from vocab.answers import Source
from vocab.conclusions import Exposure, Path, PathKind

#: Characters of a name.
_MAX_NAME = 100

_KINDS: Mapping[PathKind, Callable[[], str]] = {
    PathKind.SEAT: lambda: _("Seat of the provider"),
    PathKind.HEADQUARTERS: lambda: _("Headquarters of the provider"),
    PathKind.ULTIMATE_PARENT: lambda: _("Controls the provider"),
    PathKind.SHAREHOLDER: lambda: _("Shareholder of the provider"),
    PathKind.OPERATOR: lambda: _("Operation"),
    PathKind.DATA_PLACE: lambda: _("Customers' data is kept there"),
    PathKind.METADATA_PLACE: lambda: _("Technical data is kept there"),
    PathKind.SUBCONTRACTOR: lambda: _("Subcontractor"),
    PathKind.LICENSOR: lambda: _("Licensor"),
}


@dataclass(frozen=True, slots=True)
class Law:
    """A law by its name, and where its text is ("" where nowhere)."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way: its kind in words, by whom, with how much; `detail` is a sentence in English."""

    kind: str
    party: str
    share: str
    detail: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Reached:
    """A country whose law reaches the service."""

    code: str
    laws: tuple[Law, ...]
    ways: tuple[Way, ...]


def reaching(exposure: Exposure) -> list[Reached]:
    """Every country, with its laws and ways."""
    return [
        Reached(
            reach.country,
            tuple(Law(laws.name(one, language()), laws.law(one).url) for one in reach.laws),
            tuple(_way(path) for path in reach.paths),
        )
        for reach in exposure.reaches
    ]


def _way(path: Path) -> Way:
    return Way(
        _KINDS[path.kind](),
        plain(path.party, _MAX_NAME),
        percent(float(path.share)) if path.share is not None else "",
        plain(path.detail, 400),
        path.sources,
    )
