"""Reads the values of `vocab.facts` out of a graph whose author may be hostile: bounded, never raising.

What is missing, of a wrong type or out of its range is left empty; a node that says nothing usable is left
out. See `vocab.reading` for how text is cleaned and cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from vocab.certifications import identifiers
from vocab.facts import (
    DOES_WITHOUT,
    PROGRAMME_ROLES,
    SITE_KINDS,
    CertificationFact,
    EnergyFigures,
    Membership,
    Operator,
    OwnershipShare,
    ParticipationFact,
    Period,
    Place,
    TechnologyLicence,
)
from vocab.graph import Graph, Literal, Node, Object, Ref
from vocab.jurisdictions import normalise
from vocab.labels import is_label
from vocab.namespaces import CF, CONSORTIUM, RDF, schema_org
from vocab.participant_kinds import is_participant_kind
from vocab.programmes import is_programme
from vocab.reading import MAX_DESCRIPTION, MAX_NAME, clean, iri, nodes, objects, token

#: Nodes read for one property: owners, operators, places of one subject. Real ones have a few dozen.
MAX_FACTS = 100
#: No figure of these terms comes near: it is a mistake or an attack on arithmetic.
MAX_FIGURE = Decimal(1_000_000)

_HUNDRED = Decimal(100)
_ONE = Decimal(1)
# Enough digits for any percentage; exponents would let a few bytes stand for a million digits.
_DECIMAL = re.compile(r"\+?[0-9]{1,12}(?:\.[0-9]{1,12})?", re.ASCII)
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.{1,40})?", re.ASCII)
# An id of a profile, perhaps with its version, and one of a criterion in it.
_CRITERION = re.compile(r"[a-z0-9-]{1,40}(?::[A-Za-z0-9._-]{1,30}){1,2}", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_START, _END = schema_org("startDate"), schema_org("endDate")
_Fact = TypeVar("_Fact")


def ownership_of(graph: Graph, node: Node) -> tuple[OwnershipShare, ...]:
    """The shares in a participant, as it states them."""
    return _facts(graph, node, "ownership", _share)


def members_of(graph: Graph, node: Node) -> tuple[Membership, ...]:
    """The members of a consortium, as it names them; each must confirm it (`memberships_of`)."""
    return _facts(graph, node, "member", _membership)


def memberships_of(node: Node) -> tuple[str, ...]:
    """The consortia that a participant says it is a member of."""
    return _iris(node, "memberOf")


def consortia_of(node: Node) -> tuple[str, ...]:
    """The consortia that a service says it is offered by."""
    return _iris(node, "consortium")


def participant_kinds_of(graph: Graph, node: Node) -> dict[str, str]:
    """The known kinds that a participant says it is of, with the path; a consortium also by its type."""
    said = (token(graph, value).removeprefix(CF) for value in objects(node, (CF + "participantKind",)))
    found = dict.fromkeys(filter(is_participant_kind, said), CF + "participantKind")
    if CONSORTIUM in node.types:
        found.setdefault("consortium", RDF + "type")
    return found


def declared_criteria_of(graph: Graph, node: Node) -> tuple[str, ...]:
    """The criteria (`profile:criterion`) that a service says it meets."""
    found = (token(graph, value) for value in objects(node, (CF + "declaresCriterion",)))
    return tuple(dict.fromkeys(filter(_CRITERION.fullmatch, found)))


def declared_labels_of(graph: Graph, node: Node) -> tuple[str, ...]:
    """The known labels that a service says it deserves."""
    found = (token(graph, value) for value in objects(node, (CF + "declaresLabel",)))
    return tuple(dict.fromkeys(filter(is_label, found)))


def operators_of(graph: Graph, node: Node) -> tuple[Operator, ...]:
    """Who runs a service, as it states."""
    return _facts(graph, node, "operator", _operator)


def licences_of(graph: Graph, node: Node) -> tuple[TechnologyLicence, ...]:
    """The technology under licence in a service, as it states."""
    return _facts(graph, node, "technologyLicence", _licence)


def does_without_of(graph: Graph, node: Node) -> tuple[str, ...]:
    """What a service says that it has none of, of the things that may be said so."""
    found = (token(graph, value).removeprefix(CF) for value in objects(node, (CF + "doesWithout",)))
    return tuple(dict.fromkeys(one for one in found if one in DOES_WITHOUT))


def places_of(graph: Graph, node: Node, name: str) -> tuple[Place, ...]:
    """The places under one of the properties that have them, by its name: `dataPlace`, for one."""
    return _facts(graph, node, name, _place)


def energy_of(graph: Graph, node: Node) -> tuple[EnergyFigures, ...]:
    """The energy figures that a service states."""
    return _facts(graph, node, "energy", _energy)


def certifications_of(graph: Graph, node: Node) -> tuple[CertificationFact, ...]:
    """The certifications that a service or participant says it has."""
    return _facts(graph, node, "certification", certification_in)


def certification_in(graph: Graph, node: Node) -> CertificationFact | None:
    """The certification that a node describes; None when it names no scheme or a day that can't be read."""
    scheme, period = _short(graph, node, "scheme"), _period(node)
    if not scheme or period is None:
        return None
    version, level = _short(graph, node, "schemeVersion"), _short(graph, node, "level")
    return CertificationFact(
        ids=identifiers(scheme, version, level),
        scheme=scheme,
        version=version,
        level=level,
        scope=_text(node, "scope", MAX_DESCRIPTION),
        covers=_iris(node, "covers"),
        number=_text(node, "certificateNumber"),
        body=_iri(node, "certificationBody"),
        period=period,
    )


def participation_in(graph: Graph, node: Node) -> ParticipationFact | None:
    """The participation that a node describes; None without a known programme and a participant."""
    programme, participant = _short(graph, node, "programme").lower(), _iri(node, "participant")
    period = _period(node)
    if not is_programme(programme) or not participant or period is None:
        return None
    role = _short(graph, node, "role")
    return ParticipationFact(
        programme=programme,
        participant=participant,
        role=role if role in PROGRAMME_ROLES else "",
        project=_text(node, "project"),
        period=period,
    )


def _facts(
    graph: Graph, node: Node, name: str, read: Callable[[Graph, Node], _Fact | None]
) -> tuple[_Fact, ...]:
    predicate = CF + name
    if predicate not in node.properties:
        return ()
    found = (read(graph, one) for one in islice(nodes(graph, node, (predicate,)), MAX_FACTS))
    return tuple(dict.fromkeys(fact for fact in found if fact is not None))


def _share(graph: Graph, node: Node) -> OwnershipShare | None:
    share = OwnershipShare(
        holder=_iri(node, "holder"),
        holder_name=_text(node, "holderName"),
        country=_country(graph, node, "country"),
        capital_percent=_figure(node, "capitalPercent", _HUNDRED),
        voting_percent=_figure(node, "votingPercent", _HUNDRED),
        has_veto=_answer(node, "hasVeto"),
        appoints_majority=_answer(node, "appointsMajority"),
        as_of=_day(node, (CF + "asOf",)),
    )
    return share if share.holder or share.holder_name or share.country else None


def _membership(graph: Graph, node: Node) -> Membership | None:
    participant = _iri(node, "participant")
    if not participant:
        return None
    return Membership(participant, _text(node, "role"), _text(node, "part"), _iri(node, "service"))


def _operator(graph: Graph, node: Node) -> Operator | None:
    operator = Operator(
        participant=_iri(node, "participant"),
        legal_name=_text(node, "legalName"),
        country=_country(graph, node, "country"),
        task=_text(node, "task"),
    )
    return operator if operator.participant or operator.legal_name or operator.country else None


def _licence(graph: Graph, node: Node) -> TechnologyLicence | None:
    licence = TechnologyLicence(
        technology=_text(node, "technology"),
        licensor=_iri(node, "licensor"),
        licensor_name=_text(node, "licensorName"),
        licensor_country=_country(graph, node, "licensorCountry"),
        sees_customer_data=_answer(node, "seesCustomerData"),
        sees_metadata=_answer(node, "seesMetadata"),
        continues_without_licensor=_answer(node, "continuesWithoutLicensor"),
        updates_vetted_by_provider=_answer(node, "updatesVettedByProvider"),
    )
    return licence if licence.technology or licence.licensor or licence.licensor_name else None


def _place(graph: Graph, node: Node) -> Place | None:
    country = _country(graph, node, "country")
    if not country:
        return None
    kind = _short(graph, node, "siteKind").removeprefix(CF)
    return Place(
        country=country,
        subdivision=_text(node, "subdivision"),
        locality=_text(node, "locality"),
        site_kind=kind if kind in SITE_KINDS else "",
    )


def _energy(graph: Graph, node: Node) -> EnergyFigures:
    return EnergyFigures(
        pue=_figure(node, "pue"),
        pue_standard=_text(node, "pueStandard"),
        renewable_percent=_figure(node, "renewablePercent", _HUNDRED),
        green_energy_coefficient=_figure(node, "greenEnergyCoefficient", _ONE),
        energy_reuse_factor=_figure(node, "energyReuseFactor", _ONE),
        carbon_usage_effectiveness=_figure(node, "carbonUsageEffectiveness"),
        water_usage_effectiveness=_figure(node, "waterUsageEffectiveness"),
        standards=tuple(islice(_texts(node, "standard"), MAX_FACTS)),
        start=_day(node, _START),
        end=_day(node, _END),
        site=next(iter(places_of(graph, node, "site")), None),
    )


def _period(node: Node) -> Period | None:
    """The days that all that is said leaves; None when a day can't be read: it must not mean "for ever"."""
    starts, ends = (_days(node, predicates) for predicates in (_START, _END))
    if None in starts or None in ends:
        return None
    return Period(max(filter(None, starts), default=None), min(filter(None, ends), default=None))


def _texts(node: Node, name: str, limit: int = MAX_NAME) -> Iterator[str]:
    for value in objects(node, (CF + name,)):
        if (
            isinstance(value, Literal)
            and isinstance(value.value, str)
            and (text := clean(value.value, limit))
        ):
            yield text


def _text(node: Node, name: str, limit: int = MAX_NAME) -> str:
    return next(_texts(node, name, limit), "")


def _short(graph: Graph, node: Node, name: str) -> str:
    return next(filter(None, (token(graph, value) for value in objects(node, (CF + name,)))), "")


def _iris(node: Node, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (iri(value) for value in objects(node, (CF + name,))))))


def _iri(node: Node, name: str) -> str:
    return next(iter(_iris(node, name)), "")


def _country(graph: Graph, node: Node, name: str) -> str:
    return normalise(_short(graph, node, name)) or ""


def _values(node: Node, predicates: tuple[str, ...]) -> Iterator[str | int | float | bool]:
    return (
        value.value for value in objects(node, predicates) if not isinstance(value, Ref) and value.value != ""
    )


def _figure(node: Node, name: str, most: Decimal = MAX_FIGURE) -> Decimal | None:
    for value in _values(node, (CF + name,)):
        # JSON's own numbers are read by their shortest text, which is what their author wrote.
        if not isinstance(value, bool) and _DECIMAL.fullmatch(text := str(value)[:MAX_NAME].strip()):
            figure = Decimal(text)
            if figure <= most:
                return figure
    return None


def _answer(node: Node, name: str) -> bool | None:
    for value in _values(node, (CF + name,)):
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value in _BOOLEANS:
            return _BOOLEANS[value]
    return None


def _day(node: Node, predicates: tuple[str, ...]) -> date | None:
    return next(filter(None, _days(node, predicates)), None)


def _days(node: Node, predicates: tuple[str, ...]) -> list[date | None]:
    return [_date(value) for value in objects(node, predicates)]


def _date(value: Object) -> date | None:
    if isinstance(value, Ref) or not isinstance(value.value, str):
        return None
    found = _DATE.fullmatch(value.value)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
