"""Gathers what bears on one offering: its own words, its provider's, other participants', and what counts.

Nothing is concluded here. A participant speaks for itself only by a credential whose issuer owns its subject
(`vocab.ownership`), so that nobody becomes somebody else's parent, holder or member by taking its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import TypeVar

from vocab.answers import Source
from vocab.attestations import certified, participating
from vocab.evidence import Evidence, Statement, labels_of, own_labels_of
from vocab.fact_reading import (
    certifications_of,
    consortia_of,
    declared_criteria_of,
    declared_labels_of,
    does_without_of,
    energy_of,
    licences_of,
    members_of,
    memberships_of,
    operators_of,
    ownership_of,
    participant_kinds_of,
    places_of,
)
from vocab.facts import CertificationFact
from vocab.gaia_x_reading import claims_of, countries_of, parents_of, sub_contractors_of
from vocab.graph import Graph, Node
from vocab.model import Basis, Identity
from vocab.namespaces import HEADQUARTERS_ADDRESS, LEGAL_ADDRESS, LEGAL_NAME, NAME, PROVIDED_BY
from vocab.ownership import owns
from vocab.reading import MAX_IRI, MAX_NAME, MAX_VALUES, iri, objects, texts
from vocab.service_facts import Party, Said, ServiceFacts

#: Other participants that one offering is read with. Chains of owners and consortia have a few dozen.
MAX_OTHERS = 200
#: Identifiers followed from one subject: a participant with more owners than this names no one to follow.
MAX_NAMED = 100
#: What stands before the name of a claim that the provider makes of itself.
OF_PARTICIPANT = "participant:"

_NAMES = (*LEGAL_NAME, *NAME)
_NOTHING = Node(id="")
_T = TypeVar("_T")


def draws_on(graph: Graph, subject: str) -> tuple[str, ...]:
    """The identifiers of other participants whose word bears on this one or on this offering.

    Those that it names as parents, holders, members, operators, licensors, subcontractors or consortia.
    """
    node = graph.nodes.get(subject)
    if node is None:
        return ()
    named = (
        *parents_of(node),
        *(share.holder for share in ownership_of(graph, node)),
        *(member.participant for member in members_of(graph, node)),
        *(operator.participant for operator in operators_of(graph, node)),
        *(licence.licensor for licence in licences_of(graph, node)),
        *(contractor.participant for contractor in sub_contractors_of(graph, node)),
        *consortia_of(node),
    )
    found = dict.fromkeys(name for name in named if 0 < len(name) <= MAX_IRI and name != subject)
    return tuple(found)[:MAX_NAMED]


def own_participants(node: Node, issuer: str, evidence: Evidence) -> list[Statement]:
    """The provider as it describes itself: its own participant credentials.

    An issuer may hold credentials of several participants; those count that are the issuer itself or that
    the offering says it is provided by, and all of them where it names none.
    """
    own = [
        statement
        for statement in evidence.participants[:MAX_VALUES]
        if statement.issuer == issuer and statement.is_valid(evidence.on)
    ]
    named = {issuer, *(iri(value) for value in objects(node, PROVIDED_BY))}
    return [one for one in own if one.subject in named] or own


def gather(
    subject: str,
    graph: Graph,
    *,
    own: Source,
    identity: Identity,
    evidence: Evidence,
    digests: frozenset[str] = frozenset(),
) -> ServiceFacts:
    """All that bears on an offering at the moment of the evidence.

    `own` is the offering's credential, `identity` how far that of its issuer, who is its provider, is
    established, `digests` as in `vocab.describe.describe`.
    """
    issuer = own.issuer
    node = graph.nodes.get(subject, _NOTHING)
    participants = own_participants(node, issuer, evidence)
    owned = (one.subject for one in participants if owns(issuer, one.subject))
    provider = _party(issuer, participants, (issuer, *owned))
    names = {subject, graph.root, issuer, *(statement.subject for statement in participants)}

    def said(values: Iterable[_T]) -> tuple[Said[_T], ...]:
        return tuple(Said(value, own) for value in values)

    return ServiceFacts(
        subject=subject,
        provider=provider,
        identity=identity,
        on=evidence.on,
        own=own,
        parties=_parties(provider, participants, evidence),
        claims=_claims(graph, node, own, participants),
        declared_criteria=dict.fromkeys(declared_criteria_of(graph, node), own),
        labels=tuple(labels_of(subject, graph, issuer=issuer, digests=digests, evidence=evidence)),
        declared_labels=(
            *said(declared_labels_of(graph, node)),
            *own_labels_of(subject, graph, issuer=issuer, evidence=evidence),
        ),
        certifications=tuple(certified(names, issuer, evidence)),
        declared_certifications=tuple(
            _declared_certifications(graph, node, own, participants, evidence.on.date())
        ),
        participations=tuple(participating(names, issuer, evidence)),
        operators=said(operators_of(graph, node)),
        operation_places=said(places_of(graph, node, "operationPlace")),
        data_places=said(places_of(graph, node, "dataPlace")),
        metadata_places=said(places_of(graph, node, "metadataPlace")),
        licences=said(licences_of(graph, node)),
        sub_contractors=said(sub_contractors_of(graph, node)),
        energy=said(energy_of(graph, node)),
        consortia=said(consortia_of(node)),
        does_without=said(does_without_of(graph, node)),
    )


def _claims(graph: Graph, node: Node, own: Source, participants: Iterable[Statement]) -> dict[str, Source]:
    found = dict.fromkeys(claims_of(graph, node), own)
    for statement in participants:
        source = statement.source(Basis.DECLARED)
        for name in claims_of(statement.graph, _node(statement)):
            found.setdefault(OF_PARTICIPANT + name, source)
    return found


def _declared_certifications(
    graph: Graph, node: Node, own: Source, participants: Iterable[Statement], on: date
) -> Iterator[Said[CertificationFact]]:
    """Those of known schemes that the offering or its provider says it has today."""
    for fact in certifications_of(graph, node):
        if fact.ids and fact.period.covers(on):
            yield Said(fact, own)
    for statement in participants:
        for fact in certifications_of(statement.graph, _node(statement)):
            if fact.ids and fact.period.covers(on):
                yield Said(fact, statement.source(Basis.DECLARED))


def _parties(provider: Party, participants: Sequence[Statement], evidence: Evidence) -> dict[str, Party]:
    """Everybody who speaks for itself here, by each identifier; the provider before others."""
    found = dict.fromkeys(provider.names, provider)
    for issuer, subjects in _speaking_for_themselves(participants, evidence).items():
        alone = len(subjects) == 1 and issuer != provider.did
        for subject, about in subjects.items():
            party = _party(issuer, about, (subject, issuer) if alone else (subject,))
            found.setdefault(subject, party)
            if alone:
                found.setdefault(issuer, party)
        if issuer not in found:
            everything = [statement for about in subjects.values() for statement in about]
            found[issuer] = _party(issuer, everything, (issuer, *subjects))
    return found


def _speaking_for_themselves(
    participants: Sequence[Statement], evidence: Evidence
) -> dict[str, dict[str, list[Statement]]]:
    """By issuer and subject, the participant credentials that count, but for those of the provider itself.

    Of two DIDs that own one IRI the nearer one's statement comes first: a host also owns its tenants' places.
    """
    taken = {id(statement) for statement in participants}
    candidates = (*evidence.participants[:MAX_VALUES], *evidence.others[:MAX_OTHERS])
    counting = (
        one
        for one in candidates
        if id(one) not in taken and one.is_valid(evidence.on) and owns(one.issuer, one.subject)
    )
    found: dict[str, dict[str, list[Statement]]] = {}
    for one in sorted(counting, key=lambda one: (-len(one.issuer), one.issuer, one.subject, one.content_id)):
        found.setdefault(one.issuer, {}).setdefault(one.subject, []).append(one)
    return found


def _party(did: str, statements: Sequence[Statement], names: Iterable[str]) -> Party:
    """One participant by its own credentials."""
    return Party(
        did=did,
        names=frozenset(names),
        name=next((name for one in statements for name in texts(_node(one), _NAMES, MAX_NAME).values()), ""),
        seats=_all(statements, _countries(LEGAL_ADDRESS)),
        headquarters=_all(statements, _countries(HEADQUARTERS_ADDRESS)),
        central_administration=_all(statements, _places("centralAdministration")),
        main_establishment=_all(statements, _places("mainEstablishment")),
        kinds=_all(statements, participant_kinds_of),
        parents=_all(statements, lambda _, node: parents_of(node)),
        owners=_all(statements, ownership_of),
        members=_all(statements, members_of),
        member_of=_all(statements, lambda _, node: memberships_of(node)),
    )


def _all(
    statements: Sequence[Statement], read: Callable[[Graph, Node], Iterable[_T]]
) -> tuple[Said[_T], ...]:
    """What any of the statements says, each value once."""
    found: dict[_T, Source] = {}
    for statement in statements:
        for value in read(statement.graph, _node(statement)):
            if value not in found:
                found[value] = statement.source(Basis.DECLARED)
    return tuple(Said(value, source) for value, source in found.items())


def _countries(predicates: tuple[str, ...]) -> Callable[[Graph, Node], Iterator[str]]:
    return lambda graph, node: (code for code, _ in countries_of(graph, node, predicates))


def _places(name: str) -> Callable[[Graph, Node], Iterator[str]]:
    return lambda graph, node: (place.country for place in places_of(graph, node, name))


def _node(statement: Statement) -> Node:
    return statement.graph.nodes.get(statement.subject, _NOTHING)
