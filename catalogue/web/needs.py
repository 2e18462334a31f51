"""From three answers to a measure: whose data, how sensitive, by the rules of which day.

The kinds of data are those that the rules themselves name, and so are the levels that they lead to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from catalogue.errors import NotFound
from catalogue.evaluating import Evaluations, Measure
from catalogue.web.language import gettext as _
from catalogue.web.language import language
from vocab.profiles import Profile, shipped

#: The doctrine of the French State, whose levels are the kinds of data that it names.
DOCTRINE = "cloud-au-centre"


class Whose(StrEnum):
    """Whose data a service is to hold."""

    STATE = "state"
    PUBLIC = "public"
    COMPANY = "company"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question: its value, its words and an explanation."""

    value: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How sensitive data are that no doctrine of a State speaks of, and what they then ask for."""

    profile: str
    level: str
    text: Callable[[], str]
    hint: Callable[[], str]


_KINDS: Mapping[str, _Kind] = {
    "ordinary": _Kind(
        "cigref",
        "safe",
        lambda: _("Ordinary"),
        lambda: _("Its loss or disclosure would be a nuisance. Leads to Cigref's primary rules (Safe)."),
    ),
    "important": _Kind(
        "cigref",
        "trusted",
        lambda: _("Important"),
        lambda: _("The organisation depends on it. Leads to Cigref's reinforced rules (Trusted)."),
    ),
    "sensitive": _Kind(
        "cloud-de-confiance",
        "label",
        lambda: _("Sensitive"),
        lambda: _("No foreign authority may reach it. Leads to the label Cloud de confiance."),
    ),
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a measure asks for, in the reader's words. `requirements` are the criteria of its level."""

    name: str
    version: str
    level: str
    since: date
    until: date | None
    source: str
    source_url: str
    excerpt: bool
    requirements: tuple[str, ...]


class KindUnknown(Exception):
    """The rules of the day don't name this kind of data; `named` are those that they name."""

    def __init__(self, rules: Profile, named: tuple[Choice, ...]) -> None:
        super().__init__(f"{rules.id} {rules.version} doesn't name it")
        self.rules = rules
        self.named = named


def owners() -> tuple[Choice, ...]:
    """The answers to the first question."""
    return (
        Choice(
            Whose.STATE,
            _("The French State's"),
            _("Ministries, their services and operators: the doctrine Cloud au Centre applies."),
        ),
        Choice(
            Whose.PUBLIC,
            _("Another public body's"),
            _("Local authorities, hospitals, universities, operators of vital importance, in any country."),
        ),
        Choice(
            Whose.COMPANY, _("A company's or an association's"), _("The Cigref reference is the measure.")
        ),
        Choice(Whose.OWN, _("We have requirements of our own"), _("A profile of yours, as a JSON document.")),
    )


def kinds_of(whose: Whose) -> tuple[Choice, ...]:
    """The answers to the second question: of the State's data, each kind that its rules ever named."""
    if whose is Whose.STATE:
        found = {one.value: one for rules in shipped() if rules.id == DOCTRINE for one in _levels(rules)}
        return tuple(found.values())
    return tuple(Choice(value, kind.text(), kind.hint()) for value, kind in _KINDS.items())


def _levels(rules: Profile) -> tuple[Choice, ...]:
    return tuple(Choice(level.id, level.name(language())) for level in rules.levels)


def rules_in_words(measure: Measure) -> Rules:
    """What services are held against: the asked level of a profile."""
    spoken, profile = language(), measure.profile
    level = next(one for one in profile.levels if one.id == measure.level)
    texts = {criterion.id: criterion.text(spoken) for criterion in profile.criteria}
    return Rules(
        profile.name(spoken),
        profile.version,
        level.name(spoken),
        profile.valid_from,
        profile.valid_until,
        profile.source.title,
        profile.source.url,
        profile.excerpt,
        tuple(texts[requirement.criterion] for requirement in profile.required(level)),
    )


def measure_for(evaluations: Evaluations, whose: Whose, kind: str, on: date | None) -> Measure:
    """What to measure by.

    KindUnknown when the rules of the day name other kinds of data, NotFound when there were no rules yet.
    """
    if whose is Whose.STATE:
        rules = evaluations.measure(DOCTRINE, on=on).profile
        if kind not in {level.id for level in rules.levels}:
            raise KindUnknown(rules, _levels(rules))
        return evaluations.measure_by(rules, kind, on)
    known = _KINDS.get(kind)
    if known is None:
        raise NotFound("kind of data", kind)
    return evaluations.measure(known.profile, level=known.level, on=on)
