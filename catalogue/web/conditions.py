"""The conditions of a search in words: what each filter is called, and what its values are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from catalogue.web.asking import ASIDE, Given
from catalogue.web.language import gettext as _
from catalogue.web.language import pgettext
from catalogue.web.rendering import own_address
from catalogue.web.texts import named, number, plain

#: Filters by another name than the parameter's.
_SAME = {"did": "provider", "status": "state", "not_exposed_to": "exposed_to", "profile": "level"}
#: Characters of a value that a condition shows.
_MAX_SHOWN = 60

_TITLES: Mapping[str, Callable[[], str]] = {
    "capability": lambda: _("Capability"),
    "hosted_in": lambda: _("Data in"),
    "immune": lambda: _("Immune to law from outside the EU"),
    "exposed_to": lambda: _("Law that may reach it"),
    "not_exposed_to": lambda: _("Law that doesn't reach it"),
    "unknown": lambda: _("What isn't known"),
    "label": lambda: _("Trust label"),
    "basis": lambda: _("Label held on the word of"),
    "certification": lambda: _("Certification"),
    "level": lambda: _("Requirements met"),
    "eligible_for": lambda: _("Requirements met"),
    "profile": lambda: _("Requirements met"),
    "jurisdiction": lambda: _("Jurisdiction"),
    "operated_from": lambda: _("Operated from"),
    "technology_from": lambda: _("Technology from"),
    "provider": lambda: _("Provider"),
    "did": lambda: _("Provider"),
    "consortium": lambda: _("Consortium"),
    "programme": lambda: _("Programme"),
    "participant_kind": lambda: _("Kind of provider"),
    "identity": lambda: _("Provider's identity"),
    "pue_max": lambda: _("PUE at most"),
    "renewable_min": lambda: _("Renewable energy at least"),
    "valid_on": lambda: _("Valid on"),
    "state": lambda: _("State"),
    "status": lambda: _("State"),
    "subject": lambda: _("About"),
    "listed_by": lambda: _("Listed by"),
    "home": lambda: _("Origin"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One value of one filter, in words, and the address of the same search without it."""

    parameter: str
    value: str
    title: str
    text: str
    without: str


def title(parameter: str) -> str:
    """What a filter is called."""
    return _TITLES[parameter]()


def basis_name(value: str) -> str:
    """On whose word something rests, in words."""
    return {
        "attested": lambda: pgettext("basis", "attested"),
        "certified": lambda: pgettext("basis", "certified"),
        "computed": lambda: pgettext("basis", "computed"),
        "declared": lambda: pgettext("basis", "declared"),
    }[value]()


def value_name(parameter: str, value: str, names: Mapping[str, str]) -> str:
    """What a value is called; `names` are those of providers and consortia, by DID."""
    match parameter:
        case "basis":
            return basis_name(value)
        case "unknown":
            return _("counts as not exposed")
        case "pue_max":
            return number(float(value))
        case "renewable_min":
            return _("%(number)s %%") % {"number": number(float(value))}
        case "provider" | "did" | "consortium":
            return plain(names.get(value) or value, _MAX_SHOWN)
        case _:
            return plain(named(value, _SAME.get(parameter, parameter)), _MAX_SHOWN)


def conditions(given: Given, names: Mapping[str, str]) -> list[Condition]:
    """Everything that narrows this search down but its words."""
    return [
        Condition(
            parameter,
            value,
            title(parameter),
            value_name(parameter, value, names),
            own_address(
                **dict.fromkeys(("cursor", "why")),
                **{parameter: [other for other in values if other != value]},
            ),
        )
        for parameter, values in given.items()
        if parameter not in ASIDE and parameter in _TITLES
        for value in values
    ]
