"""From a profile's written form to its values: names must exist, and rules must not refer in circles.

What is read here has the form of `profile.schema.json` already (`vocab.profiles.form`). What can't be said by
a schema is refused here, with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from vocab.certifications import certification, is_certification
from vocab.labels import is_label
from vocab.model import Basis
from vocab.profiles.form import ProfileInvalid
from vocab.profiles.model import (
    AllOf,
    AnyOf,
    AtLeast,
    AttestedCriterion,
    AttestedLabel,
    Certified,
    Comparison,
    Criterion,
    DeclaredCertification,
    DeclaredClaim,
    DeclaredCriterion,
    FactRule,
    First,
    Level,
    Limit,
    Profile,
    ProfileKind,
    ProfileSource,
    Requirement,
    Rule,
    Threshold,
)
from vocab.rule_facts import FactKind, fact_names

#: Rules that one profile asks, a shared one as often as it is referred to. Gaia-X has about 700: with many
#: more a profile of some hundred bytes, by references to references, would keep a processor for hours.
MAX_RULES = 5_000
#: Rules within rules, after what is referred to stands in its place. Nobody understands deeper ones.
MAX_NESTED = 24

Document = Mapping[str, Any]


def profile_of(document: Document) -> Profile:
    """The profile that a document of the written form states. Raises `ProfileInvalid`."""
    rules = _Rules(document)
    criteria = tuple(
        Criterion(one["id"], MappingProxyType(dict(one["text"])), rules.criterion(one["id"]))
        for one in document["criteria"]
    )
    valid_from = _day(document["valid_from"], "valid_from")
    until = document.get("valid_until")
    valid_until = _day(until, "valid_until") if until is not None else None
    if valid_until is not None and valid_until < valid_from:
        raise ProfileInvalid("valid_until", "is before valid_from")
    source = document["source"]
    source_day = source.get("date")
    return Profile(
        id=document["profile"],
        version=document["version"],
        valid_from=valid_from,
        valid_until=valid_until,
        kind=ProfileKind(document["kind"]),
        excerpt=document.get("excerpt", False),
        labels=MappingProxyType(dict(document["labels"])),
        source=ProfileSource(
            source["title"], source["url"], _day(source_day, "source.date") if source_day else None
        ),
        criteria=criteria,
        levels=_levels(document["levels"], {one.id for one in criteria}),
    )


def _levels(documents: list[Document], criteria: set[str]) -> tuple[Level, ...]:
    levels: dict[str, Level] = {}
    for index, one in enumerate(documents):
        where = f"levels[{index}]"
        if one["id"] in levels:
            raise ProfileInvalid(f"{where}.id", "stands here twice")
        label = one.get("label", "")
        if label and not is_label(label):
            raise ProfileInvalid(f"{where}.label", "is no label that the catalogue knows")
        for place, included in enumerate(one.get("includes", ())):
            # Only what stands before can be included, so that there are no circles.
            if included not in levels:
                raise ProfileInvalid(
                    f"{where}.includes[{place}]", "names no level that stands before this one"
                )
        requires = tuple(
            _requirement(required, criteria, f"{where}.requires[{place}]")
            for place, required in enumerate(one["requires"])
        )
        if not requires and not one.get("includes"):
            raise ProfileInvalid(f"{where}.requires", "is empty: everybody would meet such a level")
        levels[one["id"]] = Level(
            one["id"], MappingProxyType(dict(one["labels"])), label, tuple(one.get("includes", ())), requires
        )
    return tuple(levels.values())


def _requirement(document: Document | str, criteria: set[str], where: str) -> Requirement:
    identifier = document if isinstance(document, str) else document["criterion"]
    if identifier not in criteria:
        raise ProfileInvalid(where, "names no criterion of this profile")
    basis = None if isinstance(document, str) else document.get("basis")
    return Requirement(identifier, Basis(basis) if basis else None)


@dataclass(frozen=True, slots=True)
class _Sized:
    """A rule with how many rules it is and how deep, as if what it refers to stood in it."""

    rule: Rule
    count: int = 1
    depth: int = 1


class _Rules:
    """The rules of one document; one that has a name is read once, however often it is referred to."""

    def __init__(self, document: Document) -> None:
        self._written: dict[tuple[str, str], tuple[str, Document]] = {}
        for index, one in enumerate(document["criteria"]):
            if ("criterion", one["id"]) in self._written:
                raise ProfileInvalid(f"criteria[{index}].id", "stands here twice")
            self._written["criterion", one["id"]] = (f"criteria[{index}].rule", one["rule"])
        for name, rule in document.get("definitions", {}).items():
            self._written["definition", name] = (f"definitions.{name}", rule)
        self._read: dict[tuple[str, str], _Sized] = {}
        self._reading: set[tuple[str, str]] = set()
        self._depth = 0
        # Those that nothing refers to are read as well: a fault in them is one.
        total = sum(self._named(kind, name, "").count for kind, name in self._written if kind == "criterion")
        if total > MAX_RULES:
            raise ProfileInvalid("criteria", f"ask more than {MAX_RULES} rules, references counted")
        for kind, name in self._written:
            self._named(kind, name, "")

    def criterion(self, identifier: str) -> Rule:
        """The rule of a criterion."""
        return self._read["criterion", identifier].rule

    def _named(self, kind: str, name: str, where: str) -> _Sized:
        key = (kind, name)
        if key not in self._written:
            raise ProfileInvalid(where, f"names no {kind} of this profile")
        if key in self._reading:
            raise ProfileInvalid(where, f"refers in a circle: {kind} {name} needs itself")
        if key not in self._read:
            self._reading.add(key)
            self._read[key] = self._rule(*self._written[key])
            self._reading.remove(key)
        return self._read[key]

    def _rule(self, where: str, document: Document) -> _Sized:
        ((form, content),) = document.items()
        where = f"{where}.{form}"
        if form in ("criterion", "definition"):
            return self._referred(form, content, where)
        if form in _GROUPS:
            return self._group(_GROUPS[form], content, where)
        if form == "at_least":
            number = int(content["number"])
            if number > len(content["of"]):
                raise ProfileInvalid(f"{where}.number", "is more than there are rules")
            return self._group(lambda rules: AtLeast(number, rules), content["of"], f"{where}.of")
        return _Sized(_LEAVES[form](content, where))

    def _referred(self, kind: str, name: str, where: str) -> _Sized:
        self._depth += 1
        found = self._named(kind, name, where)
        self._depth -= 1
        # A reference counts as a step: long chains of them are as hard to follow.
        _check_depth(self._depth + 1 + found.depth, where)
        return _Sized(found.rule, found.count, 1 + found.depth)

    def _group(
        self, make: Callable[[tuple[Rule, ...]], Rule], documents: list[Document], where: str
    ) -> _Sized:
        self._depth += 1
        _check_depth(self._depth + 1, where)
        parts = [self._rule(f"{where}[{index}]", one) for index, one in enumerate(documents)]
        self._depth -= 1
        count, depth = 1 + sum(part.count for part in parts), 1 + max(part.depth for part in parts)
        _check_depth(self._depth + depth, where)
        return _Sized(make(tuple(part.rule for part in parts)), count, depth)


def _check_depth(depth: int, where: str) -> None:
    if depth > MAX_NESTED:
        raise ProfileInvalid(where, f"has rules within rules more than {MAX_NESTED} deep, references counted")


def _certified(document: Document, where: str) -> Certified:
    scheme = document["scheme"]
    if not is_certification(scheme) or certification(scheme).kind != "scheme":
        raise ProfileInvalid(f"{where}.scheme", "is no certification scheme that the catalogue knows")
    for member, kind in (("versions", "version"), ("levels", "level")):
        for index, part in enumerate(document.get(member, ())):
            identifier = f"{scheme}:{part}"
            if not is_certification(identifier) or certification(identifier).kind != kind:
                raise ProfileInvalid(f"{where}.{member}[{index}]", f"is no {kind} of {scheme}")
    parts = (tuple(document.get(member, ())) for member in ("versions", "levels", "clauses"))
    return Certified(scheme, *parts)


def _attested(document: Document, where: str) -> Rule:
    named = [(f"{where}.certified_for[{i}]", one) for i, one in enumerate(document.get("certified_for", ()))]
    if "label" in document:
        named.append((f"{where}.label", document["label"]))
    for place, label in named:
        if not is_label(label):
            raise ProfileInvalid(place, "is no label that the catalogue knows")
    if "label" in document:
        return AttestedLabel(document["label"])
    return AttestedCriterion(document["criterion"], tuple(document.get("certified_for", ())))


def _declared(document: Document, where: str) -> Rule:
    if "claim" in document:
        return DeclaredClaim(document["claim"])
    if "criterion" in document:
        return DeclaredCriterion(document["criterion"])
    return DeclaredCertification(_certified(document["certification"], f"{where}.certification"))


def _fact(document: Document, where: str) -> FactRule:
    (member,) = document.keys() - {"name"}
    name, comparison = document["name"], Comparison(member)
    known = fact_names().get(name)
    if known is None:
        raise ProfileInvalid(f"{where}.name", "is no fact that a rule may ask for")
    if comparison not in _COMPARISONS[known.kind]:
        raise ProfileInvalid(f"{where}.{member}", f"doesn't suit {name}, which is of kind {known.kind}")
    return FactRule(name, comparison, _limit(document[member], f"{where}.{member}"))


def _limit(value: object, where: str) -> Limit:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return frozenset((value,))
    if not isinstance(value, list):
        return (Threshold(None, Decimal(str(value))),)
    if isinstance(value[0], str):
        return frozenset(value)
    thresholds = tuple(
        Threshold(
            _day(one["since"], f"{where}[{index}].since") if "since" in one else None,
            Decimal(str(one["limit"])),
        )
        for index, one in enumerate(value)
    )
    days = [one.since or date.min for one in thresholds]
    if days != sorted(set(days)):
        raise ProfileInvalid(where, "must be in the order of their days, each day once")
    return thresholds


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ProfileInvalid(where, "is no day of the calendar") from error


_COMPARISONS: Mapping[FactKind, tuple[Comparison, ...]] = {
    FactKind.MEMBERS: (Comparison.WITHIN, Comparison.INCLUDES, Comparison.EXCLUDES),
    FactKind.AMOUNT: (Comparison.AT_MOST, Comparison.AT_LEAST),
    FactKind.ANSWER: (Comparison.IS,),
}
_GROUPS: Mapping[str, Callable[[tuple[Rule, ...]], Rule]] = {"all": AllOf, "any": AnyOf, "first": First}
_LEAVES: Mapping[str, Callable[[Document, str], Rule]] = {
    "certified": _certified,
    "attested": _attested,
    "declared": _declared,
    "fact": _fact,
}
