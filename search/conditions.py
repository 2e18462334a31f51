"""What a document must have to pass the filters of a question, in the terms of the index, for every engine.

Most filters ask for one of some values. `label` takes its `basis` along and the exposures their `unknown`;
figures and days are asked for as ranges. What can't be asked is refused here, for all engines alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from search.query import QueryInvalid
from search.values import (
    BASES,
    COPIED,
    HOME,
    IMMUNITIES,
    SCALE,
    UNKNOWN,
    consortium_lookup,
    label_on,
    provider_lookup,
    value_field,
)
from vocab import jurisdictions

#: The one value of `unknown`: what isn't known counts as not exposed.
INCLUDE = "include"
#: What a figure may look like: no PUE and no percentage needs more.
NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,4})?", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

Values = tuple[str, ...]
#: Fields of the index with a value each.
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Within:
    """A number of a document must be there and within bounds, both included; None: without bound."""

    field: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """All of it must hold: one of `any_of` (if there are any), none of `none_of`, every one of `within`."""

    any_of: Pairs = ()
    none_of: Pairs = ()
    within: tuple[Within, ...] = ()


def conditions_of(filters: Mapping[str, Values]) -> Mapping[str, Condition]:
    """The condition of each filter, by the filter's name, so that a facet can leave its own aside.

    `filters` have values each, and names of `search.query.FILTER_FIELDS`. Raises QueryInvalid.
    """
    for name, (needed, why) in _NOTHING_ALONE.items():
        if name in filters and not any(other in filters for other in needed):
            raise QueryInvalid(name, why)
    found: dict[str, Condition] = {}
    for name, values in filters.items():
        if name not in _NOTHING_ALONE:
            made = _MAKERS.get(name)
            found[name] = made(values, filters) if made else _one_of(name, values)
    return found


def _one_of(name: str, values: Values) -> Condition:
    return Condition(any_of=tuple((value_field(name), value) for value in dict.fromkeys(values)))


def _looked_up(lookup: Callable[[str], tuple[str, str]], values: Values) -> Condition:
    return Condition(any_of=tuple(dict.fromkeys(map(lookup, values))))


def _label(values: Values, filters: Mapping[str, Values]) -> Condition:
    bases = filters.get("basis")
    if not bases:
        return _one_of("label", values)
    _among("basis", bases, BASES)
    pairs = (label_on(label, basis) for label in values for basis in bases)
    return Condition(any_of=tuple(("label_basis", pair) for pair in dict.fromkeys(pairs)))


def _level(values: Values, filters: Mapping[str, Values]) -> Condition:
    profiles = dict.fromkeys(filters.get("profile", ()))
    if len(profiles) != 1 and any(":" not in value for value in values):
        raise QueryInvalid("level", "needs exactly one profile, or a value such as gaia-x:L2")
    prefix = next(iter(profiles), "")
    return _looked_up(
        lambda value: _level_lookup("level", value if ":" in value else f"{prefix}:{value}"), values
    )


def _level_lookup(name: str, value: str) -> tuple[str, str]:
    """With its version a level is in another field than that of the version in force."""
    match value.count(":"):
        case 1:
            return "level", value
        case 2:
            return "eligible_for", value
    raise QueryInvalid(name, "must be PROFILE:LEVEL or PROFILE:VERSION:LEVEL")


def _exposed(values: Values, filters: Mapping[str, Values]) -> Condition:
    _countries("exposed_to", values, UNKNOWN)
    return Condition(any_of=tuple(("exposed_to", value) for value in _reached(values, filters)))


def _not_exposed(values: Values, filters: Mapping[str, Values]) -> Condition:
    _countries("not_exposed_to", values)
    # Of participants, and of what is no longer shown, nothing was worked out: that they lack is no answer.
    return Condition(
        any_of=tuple(("immune", value) for value in IMMUNITIES),
        none_of=tuple(("exposed_to", value) for value in _reached(values, filters)),
    )


def _reached(values: Values, filters: Mapping[str, Values]) -> Iterable[str]:
    """The values, and the one of documents that others may reach too, unless those are to be left out."""
    given = filters.get("unknown")
    if given:
        _among("unknown", given, (INCLUDE,))
    return dict.fromkeys(values if given else (*values, UNKNOWN))


def _places(name: str) -> Callable[[Values, Mapping[str, Values]], Condition]:
    def condition(values: Values, _filters: Mapping[str, Values]) -> Condition:
        _countries(name, values, *jurisdictions.GROUPS)
        return _one_of(name, values)

    return condition


def _immune(values: Values, _filters: Mapping[str, Values]) -> Condition:
    _among("immune", values, IMMUNITIES)
    return _one_of("immune", values)


def _home(values: Values, _filters: Mapping[str, Values]) -> Condition:
    _among("home", values, (HOME, COPIED))
    return _one_of("home", values)


def _pue(values: Values, _filters: Mapping[str, Values]) -> Condition:
    return Condition(within=(Within("pue", high=_scaled("pue_max", values)),))


def _renewable(values: Values, _filters: Mapping[str, Values]) -> Condition:
    return Condition(within=(Within("renewable", low=_scaled("renewable_min", values)),))


def _valid(values: Values, _filters: Mapping[str, Values]) -> Condition:
    try:
        day = date.fromisoformat(_once("valid_on", values, _DAY, "a day such as 2026-12-31")).toordinal()
    except ValueError as error:
        raise QueryInvalid("valid_on", "is no day of the calendar") from error
    return Condition(within=(Within("valid_from", high=day), Within("valid_until", low=day)))


def _scaled(name: str, values: Values) -> int:
    text = _once(name, values, NUMBER, "a number such as 1.3, with four decimals at most")
    return int(Decimal(text) * SCALE)


def _once(name: str, values: Values, form: re.Pattern[str], described: str) -> str:
    if len(values) != 1:
        raise QueryInvalid(name, "must be given once")
    if form.fullmatch(values[0]) is None:
        raise QueryInvalid(name, f"must be {described}")
    return values[0]


def _among(name: str, values: Values, known: Iterable[str]) -> None:
    if not set(values) <= set(known):
        raise QueryInvalid(name, f"must be among {', '.join(known)}")


def _countries(name: str, values: Values, *others: str) -> None:
    """A code that no country has (UK, say) would find everything that isn't exposed to it."""
    for value in values:
        if value not in others and not jurisdictions.is_country(value):
            also = f" or {' or '.join(others)}" if others else ""
            raise QueryInvalid(name, f"must be an ISO 3166-1 alpha-2 code{also}")


#: What only says how another filter is meant, those others, and the refusal of it without them.
_NOTHING_ALONE: Mapping[str, tuple[tuple[str, ...], str]] = {
    "basis": (("label",), "says on whose word a label is held; it needs label"),
    "unknown": (("exposed_to", "not_exposed_to"), "needs exposed_to or not_exposed_to"),
}
_MAKERS: Mapping[str, Callable[[Values, Mapping[str, Values]], Condition]] = {
    "label": _label,
    "level": _level,
    "eligible_for": lambda values, _: _looked_up(lambda value: _level_lookup("eligible_for", value), values),
    "exposed_to": _exposed,
    "not_exposed_to": _not_exposed,
    "immune": _immune,
    "home": _home,
    "hosted_in": _places("hosted_in"),
    "operated_from": _places("operated_from"),
    "technology_from": _places("technology_from"),
    "provider": lambda values, _: _looked_up(provider_lookup, values),
    "consortium": lambda values, _: _looked_up(consortium_lookup, values),
    "pue_max": _pue,
    "renewable_min": _renewable,
    "valid_on": _valid,
}
