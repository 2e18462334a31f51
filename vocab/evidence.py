"""What other parties' credentials say about a subject, and whether it counts.

An attestation counts when the trust list let its issuer attest this kind of thing at the time of its
statement, when it is valid now, when it isn't the provider's own word, and when what it names belongs to
the provider (`vocab.ownership`) or is named by the digest of exactly this credential.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from vocab.answers import Source
from vocab.graph import Graph, Node
from vocab.labels import GAIA_X_PREFIX, is_label
from vocab.model import Basis, Doubt, Identity
from vocab.namespaces import (
    CF,
    COMPLIANCE_TYPES,
    COMPLIANT_CREDENTIALS,
    CREDENTIALS,
    LABEL_CREDENTIAL_TYPES,
    LABEL_LEVEL,
    RDF,
    REGISTRATION_NUMBER_TYPES,
    gaia_x,
)
from vocab.ownership import owners, owns
from vocab.reading import MAX_IRI, clean, iri, local_name, objects, token
from vocab.service_facts import LabelGiven, Said
from vocab.trust import TrustList

#: What a trust list calls the kinds of attestation.
REGISTRATION_NUMBER = "registration-number"
GAIA_X_LABEL = "gaia-x-label"
CERTIFIES = "certification"
PARTICIPATES = "programme-participation"
#: Tagus conformity has one level; the later rules call it Standard Compliance.
TAGUS_LEVEL = "SC"

#: Characters of a stated digest that are shown: one of the longest kind.
MAX_DIGESTS_SHOWN = 140

_LEVEL_TYPES = {
    type_: f"L{level}" for level in (1, 2, 3) for type_ in gaia_x(f"ServiceOfferingLabelLevel{level}")
}
_ASSIGNED_TO = gaia_x("assignedTo")
_SPEAKS_OF = (*COMPLIANT_CREDENTIALS, *_ASSIGNED_TO, CF + "covers", CF + "participant")
_RULES_VERSION, _VALIDATED = gaia_x("rulesVersion"), gaia_x("validatedCriteria")
# `https://w3id.org/gaia-x/specs/cd25.10/criterion/P1.1.1`, or the last part alone.
_CRITERION = re.compile(r"(?:.{0,200}[/#:])?(P[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2})", re.ASCII)
_DIGEST = (CREDENTIALS + "digestSRI", *gaia_x("digestSRI", "integrity"))


@dataclass(frozen=True, slots=True)
class Statement:
    """One verified credential, about one subject, that bears on another. Times are aware.

    `digest` names the bytes received (64 hex), "" where the caller has none.
    """

    issuer: str
    subject: str
    content_id: str
    graph: Graph
    valid_from: datetime
    valid_until: datetime | None
    digest: str = ""

    def is_valid(self, on: datetime) -> bool:
        """Whether the statement's own period of validity covers that moment."""
        return self.valid_from <= on and (self.valid_until is None or on < self.valid_until)

    def source(self, basis: Basis) -> Source:
        """The statement as what a fact rests on."""
        return Source(self.content_id, self.digest, self.issuer, basis, self.valid_from, self.valid_until)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The other current credentials that a description draws on, whom to believe, and for which moment.

    `participants` are the issuer's own participant credentials; `attestations` are anybody's credentials
    that mention the subject, its credential or its issuer (see `mentions` and `evidence_keys`). `others` are
    participant credentials of those that the subject or its provider names (`vocab.gathering.draws_on`), and
    of those that these name in turn.
    """

    on: datetime
    trust: TrustList
    participants: tuple[Statement, ...] = ()
    attestations: tuple[Statement, ...] = ()
    others: tuple[Statement, ...] = ()


def effective_types(graph: Graph, subject: str) -> tuple[str, ...]:
    """The types of a subject; those of its credential where the subject has none (as Loire issuers do)."""
    for name in (subject, graph.root):
        node = graph.nodes.get(name)
        if node is not None and node.types:
            return node.types
    return ()


def evidence_keys(
    subject: str, graph: Graph, issuer: str, participants: Iterable[str] = ()
) -> tuple[str, ...]:
    """The identifiers under which evidence about a subject is found among others' `mentions`.

    `participants` are the subjects of the issuer's own participant credentials: what is attested of a
    provider counts for its services.
    """
    keys = (subject, graph.root, issuer, *participants)
    return tuple(dict.fromkeys(key for key in keys if key and not key.startswith("_:")))


def mentions(graph: Graph, subject: str) -> tuple[str, ...]:
    """The identifiers that a credential speaks about, to be found by `evidence_keys`, a few hundred at most.

    For a registration number these include every DID that may own its subject's IRI: the participant
    chose that IRI, and only its owner may draw on it.
    """
    found = {subject: None} if 0 < len(subject) <= MAX_IRI and not subject.startswith("_:") else {}
    types = all_types(graph, subject)
    if types & REGISTRATION_NUMBER_TYPES:
        found.update(dict.fromkeys(owners(subject)))
    node = graph.nodes.get(subject)
    if node is not None:
        for value in objects(node, _SPEAKS_OF):
            if name := iri(value):
                found[name] = None
    return tuple(found)


def identity_of(did: str, *, obtained: str, evidence: Evidence) -> tuple[Identity, str]:
    """How far a participant's identity is established, and the sentence that says why.

    `obtained` is how its DID document came here: `https`, `folder`, `derived` or `inline`.
    """
    for statement in evidence.attestations:
        if (
            all_types(statement.graph, statement.subject) & REGISTRATION_NUMBER_TYPES
            and counts(statement, REGISTRATION_NUMBER, did, evidence)
            and owns(did, statement.subject)
        ):
            return (
                Identity.NOTARISED,
                f"{statement.issuer}, trusted for registration numbers, attests one for "
                f"{statement.subject} in credential {statement.content_id}.",
            )
    if did.startswith("did:web:") and obtained == "https":
        return (
            Identity.DOMAIN,
            "The DID document was obtained over https from the host that the DID names; no registration "
            "number is attested by a trusted issuer.",
        )
    return (
        Identity.SELF_ASSERTED,
        "Neither is a registration number attested by a trusted issuer, nor was the DID document obtained "
        f"over https from the DID's own host (obtained: {obtained}).",
    )


def labels_of(
    subject: str, graph: Graph, *, issuer: str, digests: frozenset[str], evidence: Evidence
) -> Iterator[Said[LabelGiven]]:
    """Each label that a trusted issuer, other than the provider, gives to this very subject."""
    own = {subject, graph.root}
    for statement, label, path, named in _labels_given(issuer, evidence):
        if _is_named(named, statement.graph, own, issuer, digests):
            yield Said(_label_given(statement, label, path), statement.source(Basis.ATTESTED))


def own_labels_of(subject: str, graph: Graph, *, issuer: str, evidence: Evidence) -> Iterator[Said[str]]:
    """The labels that a provider gives to its own service, as a clearing house that offers services might."""
    own = {subject, graph.root}
    for statement in evidence.attestations:
        if statement.issuer == issuer and statement.is_valid(evidence.on):
            for level, _, named in _levels(statement):
                if is_label(label := GAIA_X_PREFIX + level) and not own.isdisjoint(named):
                    yield Said(label, statement.source(Basis.DECLARED))


def doubts_of(
    subject: str, graph: Graph, *, issuer: str, digests: frozenset[str], evidence: Evidence
) -> Iterator[Doubt]:
    """The labels that a trusted issuer gave to another version of this subject, by the digest it names."""
    own = {subject, graph.root}
    for statement, label, _, named in _labels_given(issuer, evidence):
        # A name that somebody else controls was never about this subject.
        names = [name for name in named if name in own and owns(issuer, name)]
        if _is_named(named, statement.graph, own, issuer, digests):
            continue
        for name in names:
            stated = ", ".join(sorted(_stated_digests(statement.graph.nodes.get(name))))
            yield Doubt(
                "label",
                label,
                f"{statement.issuer} gave it to another version of {name}: its digest there is "
                f"{clean(stated, MAX_DIGESTS_SHOWN)}, of this version {', '.join(sorted(digests))}.",
                statement.content_id,
                statement.issuer,
            )


def _labels_given(provider: str, evidence: Evidence) -> Iterator[tuple[Statement, str, str, tuple[str, ...]]]:
    """Each known label that trusted issuers give, to whomever: by which statement, the path, the names."""
    for statement in evidence.attestations:
        if counts(statement, GAIA_X_LABEL, provider, evidence):
            for level, path, named in _levels(statement):
                if is_label(label := GAIA_X_PREFIX + level):
                    yield statement, label, path, named


def _levels(statement: Statement) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each label level that a statement gives, the path to it, and the identifiers it is given to."""
    graph, subject = statement.graph, statement.subject
    node = graph.nodes.get(subject)
    if node is None:
        return
    types = all_types(graph, subject)
    if types & LABEL_CREDENTIAL_TYPES:
        named = tuple(filter(None, (iri(value) for value in objects(node, COMPLIANT_CREDENTIALS))))
        for predicate in LABEL_LEVEL:
            for value in objects(node, (predicate,)):
                yield local_name(token(graph, value)), predicate, named
    if types & COMPLIANCE_TYPES:
        yield TAGUS_LEVEL, RDF + "type", (subject,)
    for type_ in types & _LEVEL_TYPES.keys():
        named = tuple(filter(None, (iri(value) for value in objects(node, _ASSIGNED_TO))))
        yield _LEVEL_TYPES[type_], RDF + "type", named


def _label_given(statement: Statement, label: str, path: str) -> LabelGiven:
    graph, node = statement.graph, statement.graph.nodes[statement.subject]
    rules = filter(None, (token(graph, value) for value in objects(node, _RULES_VERSION)))
    validated = (_CRITERION.fullmatch(token(graph, value)) for value in objects(node, _VALIDATED))
    return LabelGiven(
        label=label,
        rules_version=next(rules, ""),
        criteria=frozenset(found[1] for found in validated if found),
        path=path,
    )


def _is_named(
    named: tuple[str, ...], graph: Graph, own: set[str], issuer: str, digests: frozenset[str]
) -> bool:
    for name in named:
        if name not in own:
            continue
        stated = _stated_digests(graph.nodes.get(name))
        if digests and stated:
            # The label was given to one version of the text; what was changed since doesn't inherit it.
            if stated & digests:
                return True
        elif owns(issuer, name):
            return True
    return False


def _stated_digests(node: Node | None) -> frozenset[str]:
    if node is None:
        return frozenset()
    values = (getattr(value, "value", None) for value in objects(node, _DIGEST))
    return frozenset(value for value in values if isinstance(value, str))


def counts(statement: Statement, what: str, provider: str, evidence: Evidence, about: str = "") -> bool:
    """Whether a statement may attest `what` (of the scheme or programme `about`) to a provider now."""
    return (
        statement.issuer != provider
        and statement.is_valid(evidence.on)
        and evidence.trust.trusts(statement.issuer, what, statement.valid_from, about)
    )


def all_types(graph: Graph, subject: str) -> set[str]:
    """The types of a subject and of its credential."""
    names = (graph.nodes.get(name) for name in (subject, graph.root))
    return {type_ for node in names if node is not None for type_ in node.types}
