"""What became of a record here, line by line, in the reader's words; the reason stays as it was told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request

from catalogue.api.blueprint import node
from catalogue.api.negotiation import languages
from catalogue.api.queries import HistoryArguments
from catalogue.history import NEWEST, ORDERS, Happening
from catalogue.web.asking import arguments
from catalogue.web.language import gettext as _
from catalogue.web.pages import beside
from catalogue.web.rendering import own_address, render
from catalogue.web.texts import named, plain

#: Characters of a reason that are shown.
_MAX_REASON = 600

_KINDS: Mapping[str, Callable[[], str]] = {
    "listed": lambda: _("Listed"),
    "superseded": lambda: _("Superseded by another version"),
    "withdrawn": lambda: _("Withdrawn by its issuer"),
    "expired": lambda: _("Expired"),
    "revoked": lambda: _("Revoked"),
    "suspended": lambda: _("Suspended"),
    "unverifiable": lambda: _("Can no longer be verified"),
    "unreachable": lambda: _("Its issuer couldn't be reached"),
    "blocked": lambda: _("Blocked by the operator"),
    "erased": lambda: _("Erased by the operator"),
    "concluded": lambda: _("Labels at first"),
    "label_gained": lambda: _("Label gained"),
    "label_lost": lambda: _("Label lost"),
    "label_changed": lambda: _("Label held on other grounds"),
    "level_gained": lambda: _("Level reached"),
    "level_lost": lambda: _("Level lost"),
    "level_changed": lambda: _("Level reached on other grounds"),
    "exposure_changed": lambda: _("Exposed to other laws"),
    "immunity_changed": lambda: _("Immunity changed"),
    "consortium_changed": lambda: _("Consortium changed"),
    "evidence": lambda: _("What others attest of it has changed"),
    "listed_by": lambda: _("Listed by other nodes than before"),
    "turned": lambda: _("A date that it names was reached"),
}
#: Of which field the values of an event are, so that they are shown by name.
_FIELDS = {"label": "label", "level": "level", "immunity": "immune"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when, what, of what (a label by its name), since when, and the reason in English."""

    at: datetime
    kind: str
    title: str
    value: str
    since: datetime | None
    reason: str
    digest: str


def told(happenings: Iterable[Happening]) -> list[Line]:
    """Lines of a history."""
    return [
        Line(
            one.at,
            one.kind,
            _title(one.kind),
            _value(one),
            one.since,
            plain(one.reason, _MAX_REASON),
            one.digest or "",
        )
        for one in happenings
    ]


def _title(kind: str) -> str:
    known = _KINDS.get(kind)
    return known() if known else kind.replace("_", " ")


def _value(one: Happening) -> str:
    if not one.value:
        return ""
    field = _FIELDS.get(one.kind.partition("_")[0])
    return plain(named(one.value, field) if field else one.value)


@beside("discovery.read_history")
def history(id: str) -> Response:
    """GET /offerings/ID/history for people."""
    asked = arguments(HistoryArguments())
    page = node().discovery.history(id, **asked)
    order = asked.get("order", NEWEST)
    return render(
        "history.html",
        record=id,
        name=node().discovery.offering(id, languages())["name"],
        lines=told(page.items),
        total=page.total,
        other_order=own_address(cursor=None, order=next(one for one in ORDERS if one != order)),
        newest_first=order == NEWEST,
        first=own_address(cursor=None) if "cursor" in request.args else "",
        next=own_address(cursor=page.next) if page.next else "",
    )
