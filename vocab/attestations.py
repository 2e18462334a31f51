"""Certifications and programme participations: what trusted issuers attest to a service or its provider.

An attestation is a credential of its own. It counts by the rules of `vocab.evidence`, on the days that it
says, and for what it names: this very service, its credential, or the provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from vocab.evidence import CERTIFIES, PARTICIPATES, Evidence, Statement, all_types, counts
from vocab.fact_reading import certification_in, certifications_of, participation_in
from vocab.facts import CertificationFact, ParticipationFact, Period
from vocab.graph import Graph
from vocab.model import Basis
from vocab.namespaces import CERTIFICATION, PROGRAMME_PARTICIPATION
from vocab.ownership import owns
from vocab.service_facts import Said

_LAST_DAY = date.max


def certified(names: set[str], issuer: str, evidence: Evidence) -> Iterator[Said[CertificationFact]]:
    """Each certificate of a known scheme that a trusted body gives to any of `names` and that runs today.

    `names` identify the service and its provider; those count that the provider (`issuer`) owns.
    """
    for statement in evidence.attestations:
        fact = _certification(statement)
        if (
            fact is not None
            and fact.ids
            and fact.period.covers(evidence.on.date())
            and counts(statement, CERTIFIES, issuer, evidence, fact.ids[0])
            and any(name in names and owns(issuer, name) for name in fact.covers)
        ):
            yield Said(fact, statement.source(Basis.CERTIFIED))


def participating(names: set[str], issuer: str, evidence: Evidence) -> Iterator[Said[ParticipationFact]]:
    """Each participation that a programme's authority attests to the provider, known by `names`, today."""
    for statement in evidence.attestations:
        fact = _participation(statement)
        if (
            fact is not None
            and fact.period.covers(evidence.on.date())
            and counts(statement, PARTICIPATES, issuer, evidence, fact.programme)
            and fact.participant in names
            and owns(issuer, fact.participant)
        ):
            yield Said(fact, statement.source(Basis.ATTESTED))


def turning_days(graph: Graph, subject: str) -> tuple[date, ...]:
    """The days on which something that is said begins or ceases to hold, in order.

    The period of an attestation; of services and participants those of the certificates that they say they
    have.
    """
    types, node = all_types(graph, subject), graph.nodes.get(subject)
    if node is None:
        return ()
    facts: Iterable[CertificationFact | ParticipationFact | None]
    if CERTIFICATION in types:
        facts = (certification_in(graph, node),)
    elif PROGRAMME_PARTICIPATION in types:
        facts = (participation_in(graph, node),)
    else:
        facts = certifications_of(graph, node)
    return tuple(sorted({day for fact in facts if fact is not None for day in _turns(fact.period)}))


def _turns(period: Period) -> Iterator[date]:
    if period.start is not None:
        yield period.start
    if period.end is not None and period.end < _LAST_DAY:
        yield period.end + timedelta(days=1)


def _certification(statement: Statement) -> CertificationFact | None:
    node = statement.graph.nodes.get(statement.subject)
    if node is None or CERTIFICATION not in all_types(statement.graph, statement.subject):
        return None
    return certification_in(statement.graph, node)


def _participation(statement: Statement) -> ParticipationFact | None:
    node = statement.graph.nodes.get(statement.subject)
    if node is None or PROGRAMME_PARTICIPATION not in all_types(statement.graph, statement.subject):
        return None
    return participation_in(statement.graph, node)
