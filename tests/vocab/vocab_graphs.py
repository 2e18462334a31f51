"""Graphs written by hand: `graph_of({"id": {"type": [...], "predicate": value, ...}})`."""

from datetime import UTC, datetime

from vocab.answers import Source
from vocab.evidence import Evidence, Statement
from vocab.graph import Graph, Literal, Node, Ref
from vocab.model import Basis
from vocab.namespaces import DEVELOPMENT as GX
from vocab.trust import TrustEntry, TrustList

ON = datetime(2026, 6, 1, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
PROVIDER = "did:web:provider.example"
NOTARY = "did:web:notary.example"
CLEARING_HOUSE = "did:web:clearing.example"
ROOT = "https://provider.example/offering.json"
OFFERING = ROOT + "#service"
TRUST = TrustList(
    (
        TrustEntry(NOTARY, ("registration-number",), START),
        TrustEntry(CLEARING_HOUSE, ("gaia-x-label",), START),
    )
)


def source(issuer=PROVIDER):
    """A provider's own credential, as what it says is read from it."""
    return Source("a" * 64, "d" * 64, issuer, Basis.DECLARED, START, None)


def lang(text, language):
    return Literal(text, "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString", language)


def ref(identifier):
    return Ref(identifier)


def _objects(value):
    values = value if isinstance(value, list) else [value]
    return tuple(one if isinstance(one, (Literal, Ref)) else Literal(one) for one in values)


def graph_of(nodes, root=ROOT):
    """Text becomes a literal; use `ref` and `lang` for the rest."""
    return Graph(
        root,
        {
            name: Node(
                name,
                tuple(properties.get("type", ())),
                {key: _objects(value) for key, value in properties.items() if key != "type"},
            )
            for name, properties in nodes.items()
        },
    )


def statement(issuer, subject, nodes, *, root="https://issuer.example/vc", start=START, until=None):
    return Statement(issuer, subject, "c" * 64, graph_of(nodes, root), start, until)


def evidence(participants=(), attestations=(), trust=TRUST, on=ON, others=()):
    return Evidence(on, trust, tuple(participants), tuple(attestations), tuple(others))


def participant(country="FR", *, subject=PROVIDER, issuer=PROVIDER, gx=GX, **more):
    return statement(
        issuer,
        subject,
        {
            subject: {"type": [gx + "LegalPerson"], gx + "legalAddress": ref("_:a"), **more},
            "_:a": {"type": [gx + "Address"], gx + "countryCode": country},
        },
    )
