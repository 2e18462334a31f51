"""Services side by side: where they differ first, what is the same folded away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask import Response
from markupsafe import Markup

from catalogue.api.blueprint import node
from catalogue.api.evaluation_schemas import ComparisonArguments
from catalogue.api.negotiation import languages
from catalogue.evaluating import Measure
from catalogue.web.asking import arguments, given
from catalogue.web.hits import Hit, hit_of
from catalogue.web.language import gettext as _
from catalogue.web.language import language
from catalogue.web.pages import beside, page
from catalogue.web.rendering import at, own_address, render
from catalogue.web.texts import listed, named, number, percent, plain, said
from search.query import Query
from vocab.model import Kind
from vocab.profiles import Profile

#: Services side by side on a page: more columns than that can't be read at once.
MAX_COLUMNS = 4
#: Services that are offered to be added.
MAX_CANDIDATES = 6
#: Characters of a cell.
_MAX_CELL = 400
#: What stands in a cell where nothing is stated.
_NOTHING = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one service has: in words, with a tone for what is good or bad, "" for neither."""

    text: str
    tone: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that services are compared by; `note` says more about it."""

    title: str
    cells: tuple[Cell, ...]
    note: str = ""

    @property
    def is_same(self) -> bool:
        """Whether all have the same."""
        return len(set(self.cells)) == 1


@dataclass(frozen=True, slots=True)
class Group:
    """Rows about one subject; those in which services differ first."""

    title: str
    rows: tuple[Row, ...]

    @property
    def different(self) -> list[Row]:
        """Where they differ."""
        return [row for row in self.rows if not row.is_same]

    @property
    def same(self) -> list[Row]:
        """Where they don't."""
        return [row for row in self.rows if row.is_same]


@dataclass(frozen=True, slots=True)
class Column:
    """A service: its name, its page, and the comparison without it ("" where it is the only one)."""

    name: Markup
    href: str
    without: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A profile that could be compared over, and the address of that; of the one that is, without it."""

    name: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service that could be added, and the address of the comparison with it."""

    hit: Hit
    href: str


@beside("evaluations.compare")
def compare() -> Response:
    """GET /offerings/compare for people. Of nothing, the way to choose something."""
    if not given().get("id"):
        return Response(status=303, headers={"Location": at("/compare")})
    asked = arguments(ComparisonArguments())
    ids = list(dict.fromkeys(asked["id"]))
    wanted = list(dict.fromkeys(asked.get("profile", ())))
    found = node().evaluations.compared(ids, _measures(wanted, asked.get("on")), asked.get("on"), languages())
    return render(
        "compare.html",
        offerings=[_column(one, ids) for one in found["offerings"]],
        groups=[_known(found), *(_profile(one) for one in found["profiles"] if wanted)],
        over=[_choice(one, wanted) for one in node().evaluations.profiles(asked.get("on") or _today())],
        candidates=_alike(found["offerings"], ids) if len(ids) < MAX_COLUMNS else [],
        ids=ids,
        room=MAX_COLUMNS - len(ids),
    )


@page("/compare", parameters={"id": True, "q": False})
def choose() -> Response:
    """GET /compare: find a service by words, to be put beside those that are there."""
    asked = given()
    ids, text = asked.get("id", [])[:MAX_COLUMNS], asked.get("q", [""])[0]
    found = _candidates(Query(text=text, size=MAX_CANDIDATES + MAX_COLUMNS), ids) if text else []
    return render("compare-add.html", alternates=(), ids=ids, text=text, candidates=found)


def _today() -> date:
    return node().clock().date()


def _measures(wanted: Sequence[str], on: date | None) -> list[Measure]:
    """By which profiles: those asked for, else the newest in force of each."""
    evaluations = node().evaluations
    names = wanted or list(dict.fromkeys(one.id for one in evaluations.profiles(on or _today())))
    parted = (name.partition(":") for name in names)
    return [evaluations.measure(identifier, version, on=on) for identifier, _colon, version in parted]


def _column(one: Mapping[str, Any], ids: Sequence[str]) -> Column:
    others = [other for other in ids if other != one["id"]]
    return Column(
        said(one["name"] or one["id"], 90),
        at(f"/offerings/{one['id']}"),
        own_address(id=others) if others else "",
    )


def _choice(profile: Profile, wanted: Sequence[str]) -> Choice:
    """A profile to compare over, criterion by criterion, one at a time."""
    name = f"{profile.id}:{profile.version}"
    chosen = name in wanted or profile.id in wanted
    return Choice(
        f"{profile.name(language())} {profile.version}",
        own_address(profile=None if chosen else name),
        chosen,
    )


def _alike(offerings: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> list[Candidate]:
    """Services that can do the same as the first of these."""
    abilities = tuple(offerings[0]["capabilities"][:5])
    if not abilities:
        return []
    return _candidates(Query(filters={"capability": abilities}, size=MAX_CANDIDATES + MAX_COLUMNS), ids)


def _candidates(query: Query, ids: Sequence[str]) -> list[Candidate]:
    query = replace(query, kind=Kind.OFFERING.value)
    items = node().discovery.search(query, languages())["items"]
    return [
        Candidate(hit_of(item), at("/offerings/compare", id=[*ids, item["id"]]))
        for item in items
        if item["id"] not in ids
    ][:MAX_CANDIDATES]


def _names(field: str) -> Callable[[Iterable[str]], str]:
    return lambda values: listed(named(one, field) for one in values)


def _known(found: Mapping[str, Any]) -> Group:
    """What is known of each, and which level of each profile it reaches."""
    levels = (_reached(one, one["profile"]["name"]) for one in found["profiles"])
    return Group(_("What is known of each"), (*_rows(found["offerings"]), *levels))


def _reached(found: Mapping[str, Any], title: str) -> Row:
    names = {level["id"]: level["name"] for level in found["profile"]["levels"]}
    return Row(title, tuple(Cell(names[one], "good") if one else Cell(_("none")) for one in found["reached"]))


def _rows(offerings: Sequence[Mapping[str, Any]]) -> Iterator[Row]:
    def row(title: str, cell: Callable[[Mapping[str, Any]], Cell]) -> Row:
        return Row(title, tuple(cell(one) for one in offerings))

    def values(name: str, field: str, empty: str = _NOTHING) -> Callable[[Mapping[str, Any]], Cell]:
        names = _names(field)
        return lambda one: Cell(plain(names(one[name]), _MAX_CELL) or empty)

    yield row(_("Immune to law from outside the EU"), _immunity)
    yield row(_("Law that reaches it"), _reach)
    yield row(_("Laws outside the EU that reach data"), _laws)
    yield row(_("Trust labels"), _labels)
    yield row(_("Certifications"), values("certifications", "certification", _("none")))
    yield row(_("Provider"), lambda one: Cell(plain(one["provider"]["name"] or one["provider"]["did"], 80)))
    yield row(
        _("Provider's identity"),
        lambda one: Cell(
            named(one["provider"]["identity"], "identity"),
            {"notarised": "good", "domain": ""}.get(one["provider"]["identity"], "warn"),
        ),
    )
    yield row(_("Data in"), values("hosted_in", "hosted_in"))
    yield row(_("Operated from"), values("operated_from", "operated_from"))
    yield row(_("Technology from"), values("technology_from", "technology_from"))
    yield row(_("Capabilities"), values("capabilities", "capability"))
    yield row(
        _("Consortium"),
        lambda one: Cell(
            plain(listed(each["name"] or each["id"] for each in one["consortia"]), _MAX_CELL) or _("none")
        ),
    )
    yield row(_("Power usage effectiveness (PUE)"), lambda one: Cell(_figure(one["pue"], number)))
    yield row(_("Renewable energy"), lambda one: Cell(_figure(one["renewable_percent"], percent)))


def _figure(value: float | None, shown: Callable[[float], str]) -> str:
    return _NOTHING if value is None else shown(value)


def _immunity(one: Mapping[str, Any]) -> Cell:
    immunity = one["exposure"]["immunity"]
    return Cell(named(immunity, "immune"), {"yes": "good", "no": "bad"}.get(immunity, "warn"))


def _reach(one: Mapping[str, Any]) -> Cell:
    countries = listed(reach["label"] for reach in one["exposure"]["reaches"])
    if one["exposure"]["complete"]:
        return Cell(countries)
    return Cell(
        _("%(countries)s, perhaps others") % {"countries": countries} if countries else _("not known")
    )


def _laws(one: Mapping[str, Any]) -> Cell:
    found = dict.fromkeys(
        law["label"].partition(" (")[0] for reach in one["exposure"]["reaches"] for law in reach["laws"]
    )
    if found:
        return Cell(listed(found), "bad")
    return Cell(_("none")) if one["exposure"]["complete"] else Cell(_("none known"), "warn")


def _labels(one: Mapping[str, Any]) -> Cell:
    return Cell(listed(named(held["label"], "label") for held in one["labels"]) or _("none"))


def _profile(found: Mapping[str, Any]) -> Group:
    profile = found["profile"]
    texts = {criterion["id"]: criterion["text"] for criterion in profile["criteria"]}
    criteria = (Row(texts[row["id"]], tuple(map(_met, row["cells"])), row["id"]) for row in found["criteria"])
    return Group(f"{profile['name']} {profile['version']}", (_reached(found, _("Level reached")), *criteria))


def _met(cell: Mapping[str, Any]) -> Cell:
    text, tone = {
        "met": (_("met"), "good"),
        "not_met": (_("not met"), "bad"),
    }.get(cell["outcome"], (_("not known"), "warn"))
    return Cell(text, tone, cell["basis"] or "")
