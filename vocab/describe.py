"""From a verified credential's graph to what the catalogue says of its subject, with a reason for each claim.

Gaia-X's three current namespaces, its older ones and the plain schema.org and Dublin Core names are read
into one model. Nothing is taken from free text, nothing a provider says of itself becomes a label, and
nothing a document can contain makes this raise.
"""

from __future__ import annotations

from collections.abc import Iterator

from vocab.attestations import certified, declared_certifications, participating
from vocab.capabilities import is_capability, match, of_class
from vocab.evidence import (
    Evidence,
    Statement,
    doubts_of,
    effective_types,
    evidence_keys,
    identity_of,
    labels_of,
    mentions,
)
from vocab.fact_reading import participant_kinds_of
from vocab.graph import Graph, Node
from vocab.jurisdictions import normalise
from vocab.model import Basis, Description, Doubt, Kind, Reason
from vocab.namespaces import (
    APPLICABLE_JURISDICTION,
    CAPABILITIES,
    CAPABILITY,
    CF,
    CONSORTIUM,
    COUNTRY_CODE,
    COUNTRY_NAME,
    COUNTRY_SUBDIVISION,
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
    SUB_CONTRACTORS,
    schema_org,
)
from vocab.reading import (
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_VALUES,
    iri,
    keywords,
    local_name,
    nodes,
    objects,
    texts,
    token,
)

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
    issuer: str,
    content_id: str,
    evidence: Evidence,
    digests: frozenset[str] = frozenset(),
) -> Description:
    """Read one subject of a verified credential, with the evidence that bears on it.

    `digests` are the credential's own `sha256-<hex>` values, over the RFC 8785 form of its document, by
    which a clearing house may name it. Without them a label is bound by the identifier alone.
    """
    node = graph.nodes.get(subject, _NOTHING)
    kind = kind_of(subject, graph)
    titles, descriptions = _texts(node, graph, kind)
    declared = keywords(node, KEYWORD)
    reasons: list[Reason] = []
    doubts: list[Doubt] = []
    if kind is not Kind.EVIDENCE:
        declarations = (
            *_capabilities(node, graph, subject, declared),
            *_jurisdictions(node, graph, kind),
            *declared_certifications(graph, node),
        )
        reasons += (
            Reason(field, value, Basis.DECLARED, content_id, issuer, path)
            for field, value, path in declarations
        )
        provider = _own_participants(node, issuer, evidence) if kind is Kind.OFFERING else []
        names = {subject, graph.root, issuer, *(statement.subject for statement in provider)}
        reasons += certified(names, issuer, evidence)
        reasons += participating(names, issuer, evidence)
        if kind is Kind.PARTICIPANT:
            reasons += _kinds(node, graph, content_id, issuer)
        if kind is Kind.OFFERING:
            for statement in provider:
                reasons += _of_provider(statement)
            # A label is a service's; the participant credential it also names was only examined with it.
            reasons += labels_of(subject, graph, issuer=issuer, digests=digests, evidence=evidence)
            doubts += doubts_of(subject, graph, issuer=issuer, digests=digests, evidence=evidence)
    reasons = list(dict.fromkeys(reasons))[:MAX_REASONS]
    return Description(
        kind=kind,
        subject=subject,
        issuer=issuer,
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
    )


def _values(reasons: list[Reason], field: str) -> tuple[str, ...]:
    """The values of a field; of certifications those that somebody else than the provider stands for."""
    return tuple(
        dict.fromkeys(
            reason.value
            for reason in reasons
            if reason.field == field and not (field == "certification" and reason.basis is Basis.DECLARED)
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
) -> Iterator[tuple[str, str, str]]:
    """From typed claims, service classes, and keywords that are a concept's name as a whole."""
    for predicate in CAPABILITY:
        for value in objects(node, (predicate,)):
            claimed = token(graph, value).removeprefix(CAPABILITIES)
            if is_capability(claimed):
                yield "capability", claimed, predicate
    for type_ in effective_types(graph, subject)[:MAX_TYPES]:
        if type_.startswith(GAIA_X) and (meant := of_class(local_name(type_))):
            yield "capability", meant, _TYPE
    for keyword, predicate in declared:
        if meant := match(keyword):
            yield "capability", meant, predicate


def _jurisdictions(node: Node, graph: Graph, kind: Kind) -> Iterator[tuple[str, str, str]]:
    """Of a participant its seat and headquarters; of an offering those of its subcontractors."""
    if kind is Kind.PARTICIPANT:
        yield from _seats(node, graph)
        return
    for predicate in SUB_CONTRACTORS:
        for contractor in nodes(graph, node, (predicate,)):
            for property_ in APPLICABLE_JURISDICTION:
                for value in objects(contractor, (property_,)):
                    if code := normalise(local_name(token(graph, value))):
                        yield "jurisdiction", code, _path(predicate, property_)


def _seats(node: Node, graph: Graph) -> Iterator[tuple[str, str, str]]:
    for predicate in (*LEGAL_ADDRESS, *HEADQUARTERS_ADDRESS):
        for address in nodes(graph, node, (predicate,)):
            codes = [*_codes(address, graph, (*COUNTRY_CODE, *COUNTRY_SUBDIVISION))]
            # A name ("Georgia") says less than a code, and is only asked where there is no code.
            for property_, code in codes or _codes(address, graph, COUNTRY_NAME):
                yield "jurisdiction", code, _path(predicate, property_)


def _codes(address: Node, graph: Graph, predicates: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for property_ in predicates:
        for value in objects(address, (property_,)):
            if code := normalise(local_name(token(graph, value))):
                yield property_, code


def _own_participants(node: Node, issuer: str, evidence: Evidence) -> list[Statement]:
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


def _of_provider(statement: Statement) -> Iterator[Reason]:
    """What an offering has of its provider: where it has its seat and headquarters, and what it is."""
    participant = statement.graph.nodes.get(statement.subject, _NOTHING)
    for field, value, path in _seats(participant, statement.graph):
        yield Reason(field, value, Basis.DECLARED, statement.content_id, statement.issuer, path)
    yield from _kinds(participant, statement.graph, statement.content_id, statement.issuer)


def _kinds(node: Node, graph: Graph, content_id: str, issuer: str) -> Iterator[Reason]:
    """The kinds that a participant says it is of; a consortium says so by its type as well."""
    for value in participant_kinds_of(graph, node):
        yield Reason("participant_kind", value, Basis.DECLARED, content_id, issuer, CF + "participantKind")
    if CONSORTIUM in node.types:
        yield Reason("participant_kind", "consortium", Basis.DECLARED, content_id, issuer, _TYPE)


def _path(*predicates: str) -> str:
    """A SPARQL property path over the predicates, for a value that lies deeper than one step."""
    return "/".join(f"<{predicate}>" for predicate in predicates)
