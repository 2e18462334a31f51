"""One model for the Gaia-X vocabulary, which was published under several namespaces.

Tagus, Loire's development line and Loire 25.11 name the same things; here they are told apart no longer, so
that shapes of one of them can judge statements in another. Shapes and statements go through the same bridge.
"""

from __future__ import annotations

from collections.abc import Iterable

from credentials.nquads import Quad
from credentials.statements import once
from vocab.namespaces import CREDENTIALS, DEVELOPMENT, RDF, TAGUS, V2511

#: Names that changed between Tagus and Loire without changing what they mean.
TAGUS_NAMES = {
    "LegalParticipant": "LegalPerson",
    "headquarterAddress": "headquartersAddress",
    "legalRegistrationNumber": "registrationNumber",
    "parentOrganization": "parentOrganizationOf",
    "subOrganization": "subOrganisationOf",
    "termsAndConditions": "serviceOfferingTermsAndConditions",
    "policy": "servicePolicy",
}
#: Terms kept translated; a hostile document may bring any number of them.
_MAX_KEPT = 20_000

TYPE = f"<{RDF}type>"
_SUBJECT = f"<{CREDENTIALS}credentialSubject>"
_OF_CREDENTIALS = f"<{CREDENTIALS}"
_NO_NAMES: dict[str, str] = {}
_BRIDGED = ((f"<{DEVELOPMENT}", _NO_NAMES), (f"<{TAGUS}", TAGUS_NAMES))
_kept: dict[str, str] = {}

#: Statements by subject and predicate, as terms of N-Quads.
Statements = dict[str, dict[str, list[str]]]


def bridged(term: str) -> str:
    """A term (as in `Quad`) in the one model: in the namespace of Loire 25.11 where it is Gaia-X's."""
    answer = _kept.get(term)
    if answer is None:
        if len(_kept) >= _MAX_KEPT:
            _kept.clear()
        answer = _kept[term] = _bridge(term)
    return answer


def _bridge(term: str) -> str:
    term = f"<{once(term[1:-1])}>"
    for namespace, names in _BRIDGED:
        if term.startswith(namespace):
            name = term[len(namespace) : -1]
            return f"<{V2511}{names.get(name, name)}>"
    return term


def statements_in(quads: Iterable[Quad]) -> Statements:
    """What a credential states of its subjects, in the one model; each statement once.

    The credential's own node is left out: shapes speak of what is described, not of the envelope. Its types
    go to subjects that have none, since Loire's issuers write `gx:ServiceOffering` on the credential.
    Statements of named graphs (other credentials' proofs) don't count either.
    """
    found: dict[str, dict[str, dict[str, None]]] = {}
    for subject, predicate, object_, graph in quads:
        if graph:
            continue
        # Only terms that can be in a bridged namespace: what is a name, not what is said.
        if object_[0] == "<":
            object_ = bridged(object_)
        predicates = found.setdefault(bridged(subject) if subject[0] == "<" else subject, {})
        predicates.setdefault(bridged(predicate), {})[object_] = None
    statements = {
        subject: {predicate: [*objects] for predicate, objects in predicates.items()}
        for subject, predicates in found.items()
    }
    for credential in [name for name, predicates in statements.items() if _SUBJECT in predicates]:
        envelope = statements.pop(credential)
        types = [type_ for type_ in envelope.get(TYPE, ()) if not type_.startswith(_OF_CREDENTIALS)]
        for subject in envelope[_SUBJECT]:
            if types and subject != credential and TYPE not in statements.get(subject, {}):
                statements.setdefault(subject, {})[TYPE] = types
    return statements
