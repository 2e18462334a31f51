"""The groups of boxes beside a result: what could be ticked, how many have it, and what is ticked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from catalogue.web.asking import Given
from catalogue.web.conditions import title, value_name
from search.values import IMMUNITIES, UNKNOWN
from vocab import capabilities, certifications, laws

#: Fields counted for a page of services, in the order of the groups.
COUNTED = (
    "capability",
    "hosted_in",
    "immune",
    "exposed_to",
    "label",
    "certification",
    "level",
    "jurisdiction",
    "provider",
    "participant_kind",
    "programme",
    "identity",
)
#: Groups by the parameter that their boxes send.
GROUPS = tuple("not_exposed_to" if name == "exposed_to" else name for name in COUNTED)
#: Groups that are open from the beginning: what most people choose by.
_OPEN = frozenset({"capability", "hosted_in", "immune", "label"})


@dataclass(slots=True)
class Box:
    """One value: `count` is None where none is told. Narrower ones are inside."""

    value: str
    text: str
    count: int | None
    checked: bool
    inside: list[Box] = field(default_factory=list)

    @property
    def opened(self) -> bool:
        """Whether something is ticked among the narrower ones."""
        return any(box.checked or box.opened for box in self.inside)


@dataclass(frozen=True, slots=True)
class Group:
    """A filter with its values."""

    parameter: str
    title: str
    boxes: list[Box]
    open: bool


def groups(facets: Mapping[str, Sequence[Mapping[str, Any]]], given: Given) -> list[Group]:
    """The groups that have anything to tick."""
    found = []
    for counted, parameter in zip(COUNTED, GROUPS, strict=True):
        ticked = given.get(parameter, [])
        boxes = _boxes(facets.get(counted, ()), parameter, ticked)
        if parameter in _ARRANGED:
            boxes = _ARRANGED[parameter](boxes)
        if boxes:
            found.append(Group(parameter, title(parameter), boxes, parameter in _OPEN or bool(ticked)))
    return found


def _boxes(values: Iterable[Mapping[str, Any]], parameter: str, ticked: Sequence[str]) -> list[Box]:
    boxes = [Box(one["value"], one["label"], one["count"], one["value"] in ticked) for one in values]
    known = {box.value for box in boxes}
    return boxes + [
        Box(value, value_name(parameter, value, {}), 0, True) for value in ticked if value not in known
    ]


def _laws(boxes: list[Box]) -> list[Box]:
    """States whose laws are known to reach across borders come first: those are what is asked for.

    The counts are of services in reach of a law, which is the contrary of what these boxes find.
    """
    reaching = {box.value: box for box in boxes}
    ordered = dict.fromkeys([*(law.country for law in laws.laws()), *reaching])
    return [
        replace(box, count=None)
        if (box := reaching.get(code))
        else Box(code, value_name("not_exposed_to", code, {}), None, False)
        for code in ordered
        if code != UNKNOWN
    ]


def _tree(broader: Callable[[str], Iterable[str]]) -> Callable[[list[Box]], list[Box]]:
    """Boxes inside the nearest broader one that is there; `broader` gives them, the nearest first."""

    def arrange(boxes: list[Box]) -> list[Box]:
        by_value = {box.value: box for box in boxes}
        top: list[Box] = []
        for box in boxes:
            above = next((by_value[name] for name in broader(box.value) if name in by_value), None)
            (top if above is None else above.inside).append(box)
        return top

    return arrange


def _broader_capabilities(value: str) -> Iterable[str]:
    while capabilities.is_capability(value) and (above := capabilities.concept(value).broader):
        yield above
        value = above


def _broader_certifications(value: str) -> Iterable[str]:
    if not certifications.is_certification(value):
        return ()
    above = certifications.certification(value).broader
    return (above,) if above else ()


def _answers(boxes: list[Box]) -> list[Box]:
    """Yes, no and not known stay where they are, whichever is frequent."""
    return sorted(boxes, key=lambda box: (*IMMUNITIES, box.value).index(box.value))


_ARRANGED: Mapping[str, Callable[[list[Box]], list[Box]]] = {
    "immune": _answers,
    "not_exposed_to": _laws,
    "capability": _tree(_broader_capabilities),
    "certification": _tree(_broader_certifications),
}
