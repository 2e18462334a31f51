"""Countries by ISO 3166-1, their names, and since when they belong to the European Union and the EEA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from vocab.data import load
from vocab.folding import fold
from vocab.languages import LANGUAGES, primary

#: Groups of countries that can be asked for like a country.
GROUPS = ("EU", "EEA")
_GROUP_NAMES = {
    "EU": {"en": "European Union", "fr": "Union européenne", "de": "Europäische Union"},
    "EEA": {
        "en": "European Economic Area",
        "fr": "Espace économique européen",
        "de": "Europäischer Wirtschaftsraum",
    },
}
#: Days whose members are remembered, and the groups of every country: everybody asks for today's.
_DAYS = 16
#: The longest country name in any of the languages is about half of this.
MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Membership:
    """A state's time in a group: from its first day up to, and not including, `until` (None: still in)."""

    state: str
    since: date
    until: date | None

    def covers(self, on: date) -> bool:
        """Whether the state was a member on that day."""
        return self.since <= on and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class _Tables:
    countries: frozenset[str]
    codes: Mapping[str, str]
    part_of: Mapping[str, str]
    memberships: Mapping[str, tuple[Membership, ...]]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    document = load("jurisdictions.json")
    codes: dict[str, str] = dict(document["also_written"])
    countries = []
    for row in document["countries"]:
        alpha2, alpha3, numeric = row.split()
        countries.append(alpha2)
        codes.update({alpha2: alpha2, alpha3: alpha2, numeric: alpha2})
    return _Tables(
        countries=frozenset(countries),
        codes=MappingProxyType(codes),
        part_of=MappingProxyType(document["part_of"]),
        memberships=MappingProxyType({name: _memberships(document["groups"][name]) for name in GROUPS}),
    )


def _memberships(rows: list[dict[str, str]]) -> tuple[Membership, ...]:
    return tuple(
        Membership(
            row["state"],
            date.fromisoformat(row["from"]),
            date.fromisoformat(row["until"]) if "until" in row else None,
        )
        for row in rows
    )


@lru_cache(maxsize=len(LANGUAGES))
def _names(language: str) -> Mapping[str, str]:
    # Imported here: a process that never shows a country's name need not load the locale data.
    from babel import Locale

    territories = Locale(language).territories
    return MappingProxyType({code: territories[code] for code in _tables().countries})


@lru_cache(maxsize=1)
def _spoken_of() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    return MappingProxyType(
        {
            code: MappingProxyType({language: tuple(texts) for language, texts in by_language.items()})
            for code, by_language in load("jurisdictions.json")["spoken_of"].items()
        }
    )


@lru_cache(maxsize=1)
def _codes_by_name() -> Mapping[str, str]:
    table = {fold(name): code for language in LANGUAGES for code, name in _names(language).items()}
    return MappingProxyType(table)


def is_country(code: str) -> bool:
    """Whether `code` is an ISO 3166-1 alpha-2 code, in upper case."""
    return code in _tables().countries


def countries() -> tuple[str, ...]:
    """All ISO 3166-1 alpha-2 codes, sorted."""
    return tuple(sorted(_tables().countries))


def name(code: str, language: str) -> str:
    """The name of a country or group for a reader of `language` (English where we don't speak it).

    KeyError when `code` is neither an ISO 3166-1 alpha-2 code nor one of `GROUPS`.
    """
    spoken = primary(language) if primary(language) in LANGUAGES else LANGUAGES[0]
    return _GROUP_NAMES[code][spoken] if code in _GROUP_NAMES else _names(spoken)[code]


def spoken_names(code: str) -> tuple[tuple[str, str], ...]:
    """`(language, text)`: the names of a country or group, other usual ones, and its adjectives.

    What people write in a text or a question; none of it is read as a code. KeyError as of `name`.
    """
    others = _spoken_of().get(code, {})
    return tuple(
        (language, text)
        for language in LANGUAGES
        for text in dict.fromkeys((name(code, language), *others.get(language, ())))
    )


def normalise(text: str) -> str | None:
    """The alpha-2 code that `text` means, or None.

    Understood are ISO 3166-1 alpha-2, alpha-3 and numeric codes, ISO 3166-2 subdivisions (`FR-75` is in
    `FR`), the EU's own `EL` and `UK`, and country names in each of the vocabulary's languages.
    """
    text = text.strip()
    if not text or len(text) > MAX_NAME:
        return None
    code = text.upper()
    found = _tables().codes.get(code)
    if found is not None:
        return found
    country, hyphen, subdivision = code.partition("-")
    if hyphen and subdivision.isalnum() and len(subdivision) <= 3 and len(country) == 2:
        return _tables().codes.get(country)
    return _codes_by_name().get(fold(text))


def memberships(group: str) -> tuple[Membership, ...]:
    """Every membership that `group` (`EU` or `EEA`) ever had; KeyError for another group."""
    return _tables().memberships[group]


@lru_cache(maxsize=_DAYS)
def eu_members(on: date) -> frozenset[str]:
    """The member states of the European Union on a day."""
    return frozenset(membership.state for membership in memberships("EU") if membership.covers(on))


@lru_cache(maxsize=_DAYS)
def eea_members(on: date) -> frozenset[str]:
    """The states in which the Agreement on the European Economic Area applied on a day."""
    return frozenset(membership.state for membership in memberships("EEA") if membership.covers(on))


@lru_cache(maxsize=_DAYS * 256)
def groups(code: str, on: date) -> tuple[str, ...]:
    """The groups that a country belongs to on a day, as a state or as a part of one (`RE` is in `FR`)."""
    state = _tables().part_of.get(code, code)
    members = {"EU": eu_members(on), "EEA": eea_members(on)}
    return tuple(group for group in GROUPS if state in members[group])
