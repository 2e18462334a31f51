"""From a verified credential's graph to what the catalogue says of its subject, with a reason for each claim.

Gaia-X's three current namespaces, its older ones and the plain schema.org and Dublin Core names are read
into one model. Nothing is taken from free text, nothing a provider says of itself becomes a label, and
nothing a document can contain makes this raise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vocab.answers import Outcome, Source
from vocab.attestations import certified, participating
from vocab.capabilities import is_capability, match, of_class
from vocab.concluding import conclude, rule_of
from vocab.conclusions import Conclusions
from vocab.evidence import (
    Evidence,
    Statement,
    doubts_of,
    effective_types,
    evidence_keys,
    identity_of,
    mentions,
)
from vocab.fact_reading import certifications_of, participant_kinds_of
from vocab.facts import CertificationFact, ParticipationFact
from vocab.gaia_x_reading import countries_of, sub_contractor_laws_of
from vocab.gathering import gather, own_participants
from vocab.graph import Graph, Node
from vocab.model import Basis, Description, Doubt, Identity, Kind, Reason
from vocab.namespaces import (
    CAPABILITIES,
    CAPABILITY,
    CF,
    DESCRIPTION,
    GAIA_X,
    HEADQUARTERS_ADDRESS,
    KEYWORD,
    LEGAL_ADDRESS,
    LEGAL_NAME,
    NAME,
    OFFERING_TYPES,
    PARTICIPANT_TYPES,
    PROVIDED_BY,
    RDF,
    RDFS,
    schema_org,
)
from vocab.reading import (
    MAX_DESCRIPTION,
    MAX_NAME,
    iri,
    keywords,
    local_name,
    objects,
    texts,
    token,
)
from vocab.service_facts import Said, ServiceFacts

__all__ = [
    "Evidence",
    "Statement",
    "describe",
    "evidence_keys",
    "identity_of",
    "kind_of",
    "mentions",
]

#: Types kept with a description; real subjects have one to three.
MAX_TYPES = 20
#: Reasons kept with one description: what is shown and stored must stay readable and small.
MAX_REASONS = 300

_OFFERING_NAME = (*NAME, *LEGAL_NAME)
_PARTICIPANT_NAME = (*LEGAL_NAME, *NAME)
_DESCRIPTION = (*DESCRIPTION, RDFS + "comment")
_TYPE = RDF + "type"
_NEVER_DECLARED = ("certification", "label")
_NOTHING = Node(id="")


def kind_of(subject: str, graph: Graph) -> Kind:
    """What a self-description is about, by its types: an offering, a participant, or else evidence."""
    types = effective_types(graph, subject)
    if not OFFERING_TYPES.isdisjoint(types):
        return Kind.OFFERING
    if not PARTICIPANT_TYPES.isdisjoint(types):
        return Kind.PARTICIPANT
    return Kind.EVIDENCE


def describe(
    subject: str,
    graph: Graph,
    *,
    own: Source,
    evidence: Evidence,
    identity: Identity = Identity.SELF_ASSERTED,
    digests: frozenset[str] = frozenset(),
) -> Description:
    """Read one subject of a verified credential, with the evidence that bears on it.

    `own` is that credential, whose issuer is the provider, and `identity` how far the issuer's is
    established. `digests` are the credential's own `sha256-<hex>` values, over the RFC 8785 form of its
    document, by which a clearing house may name it. Without them a label is bound by the identifier alone.
    """
    node = graph.nodes.get(subject, _NOTHING)
    kind = kind_of(subject, graph)
    titles, descriptions = _texts(node, graph, kind)
    declared = keywords(node, KEYWORD)
    reasons: list[Reason] = []
    doubts: tuple[Doubt, ...] = ()
    facts: ServiceFacts | None = None
    conclusions: Conclusions | None = None
    if kind is not Kind.EVIDENCE:
        reasons += (
            _reason("capability", value, own, path)
            for value, path in _capabilities(node, graph, subject, declared)
        )
    if kind is Kind.OFFERING:
        facts = gather(subject, graph, own=own, identity=identity, evidence=evidence, digests=digests)
        reasons += _of_offering(node, graph, facts, own_participants(node, own.issuer, evidence))
        conclusions = conclude(facts)
        reasons += _concluded(facts, conclusions)
        doubts = tuple(doubts_of(subject, graph, issuer=own.issuer, digests=digests, evidence=evidence))
    elif kind is Kind.PARTICIPANT:
        reasons += _of_participant(node, graph, own)
        names = {subject, graph.root, own.issuer}
        reasons += _attested(
            certified(names, own.issuer, evidence), participating(names, own.issuer, evidence)
        )
    reasons = list(dict.fromkeys(reasons))[:MAX_REASONS]
    return Description(
        kind=kind,
        subject=subject,
        issuer=own.issuer,
        types=effective_types(graph, subject)[:MAX_TYPES],
        names=titles,
        descriptions=descriptions,
        keywords=tuple(keyword for keyword, _ in declared),
        capabilities=_values(reasons, "capability"),
        jurisdictions=tuple(sorted(_values(reasons, "jurisdiction"))),
        labels=tuple(sorted(_values(reasons, "label"))),
        certifications=tuple(sorted(_values(reasons, "certification"))),
        programmes=tuple(sorted(_values(reasons, "programme"))),
        participant_kinds=_values(reasons, "participant_kind"),
        provided_by=next(filter(None, (iri(value) for value in objects(node, PROVIDED_BY))), None),
        reasons=tuple(reasons),
        doubts=tuple(dict.fromkeys(doubts))[:MAX_REASONS],
        facts=facts,
        conclusions=conclusions,
    )


def _values(reasons: list[Reason], field: str) -> tuple[str, ...]:
    """The values of a field; of labels and certifications those that rest on more than its own word."""
    return tuple(
        dict.fromkeys(
            reason.value
            for reason in reasons
            if reason.field == field and not (field in _NEVER_DECLARED and reason.basis is Basis.DECLARED)
        )
    )


def _texts(node: Node, graph: Graph, kind: Kind) -> tuple[dict[str, str], dict[str, str]]:
    """Names and descriptions by language; those of the credential itself only where the subject has none."""
    predicates = _PARTICIPANT_NAME if kind is Kind.PARTICIPANT else _OFFERING_NAME
    root = graph.nodes.get(graph.root, _NOTHING)
    names = texts(node, predicates, MAX_NAME) or texts(root, schema_org("name"), MAX_NAME)
    descriptions = texts(node, _DESCRIPTION, MAX_DESCRIPTION) or texts(
        root, schema_org("description"), MAX_DESCRIPTION
    )
    return names, descriptions


def _capabilities(
    node: Node, graph: Graph, subject: str, declared: tuple[tuple[str, str], ...]
) -> Iterator[tuple[str, str]]:
    """From typed claims, service classes, and keywords that are a concept's name as a whole."""
    for predicate in CAPABILITY:
        for value in objects(node, (predicate,)):
            claimed = token(graph, value).removeprefix(CAPABILITIES)
            if is_capability(claimed):
                yield claimed, predicate
    for type_ in effective_types(graph, subject)[:MAX_TYPES]:
        if type_.startswith(GAIA_X) and (meant := of_class(local_name(type_))):
            yield meant, _TYPE
    for keyword, predicate in declared:
        if meant := match(keyword):
            yield meant, predicate


def _of_offering(
    node: Node, graph: Graph, facts: ServiceFacts, participants: Iterable[Statement]
) -> Iterator[Reason]:
    for code, path in sub_contractor_laws_of(graph, node):
        yield _reason("jurisdiction", code, facts.own, path)
    for said in facts.declared_certifications:
        yield from _certifications(said)
    yield from _attested(facts.certifications, facts.participations)
    # What an offering has of its provider: where it has its seat and headquarters, and what it is.
    for statement in participants:
        participant = statement.graph.nodes.get(statement.subject, _NOTHING)
        yield from _seats_and_kinds(participant, statement.graph, statement.source(Basis.DECLARED))
    # A label is a service's; the participant credential it also names was only examined with it.
    for label in facts.labels:
        yield _reason("label", label.value.label, label.source, label.value.path)


def _concluded(facts: ServiceFacts, conclusions: Conclusions) -> Iterator[Reason]:
    """The labels that don't stand in an attestation, and the consortia that count."""
    declared = {said.value: said.source for said in facts.declared_labels}
    for held in conclusions.labels:
        if held.basis is Basis.DECLARED and held.label in declared:
            yield _reason("label", held.label, declared[held.label], CF + "declaresLabel")
        elif held.basis is not Basis.ATTESTED:
            yield Reason("label", held.label, held.basis, "", "", "", rule_of(held.label, facts.on.date()))
    for standing in conclusions.consortia:
        if standing.outcome is Outcome.MET:
            signed = f"Each member of {standing.name or standing.consortium} has signed its part."
            yield Reason("consortium", standing.consortium, Basis.COMPUTED, "", "", "", signed)


def _of_participant(node: Node, graph: Graph, own: Source) -> Iterator[Reason]:
    for fact in certifications_of(graph, node):
        yield from _certifications(Said(fact, own))
    yield from _seats_and_kinds(node, graph, own)


def _seats_and_kinds(node: Node, graph: Graph, source: Source) -> Iterator[Reason]:
    for code, path in countries_of(graph, node, (*LEGAL_ADDRESS, *HEADQUARTERS_ADDRESS)):
        yield _reason("jurisdiction", code, source, path)
    for value, path in participant_kinds_of(graph, node).items():
        yield _reason("participant_kind", value, source, path)


def _attested(
    certifications: Iterable[Said[CertificationFact]], participations: Iterable[Said[ParticipationFact]]
) -> Iterator[Reason]:
    for said in certifications:
        yield from _certifications(said)
    for participation in participations:
        yield _reason("programme", participation.value.programme, participation.source, CF + "programme")


def _certifications(said: Said[CertificationFact]) -> Iterator[Reason]:
    path = CF + ("certification" if said.source.basis is Basis.DECLARED else "scheme")
    return (_reason("certification", identifier, said.source, path) for identifier in said.value.ids)


def _reason(field: str, value: str, source: Source, path: str) -> Reason:
    return Reason(field, value, source.basis, source.content_id, source.issuer, path)
