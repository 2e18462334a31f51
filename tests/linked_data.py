"""Turtle and JSON-LD as rdflib reads them, for tests of what the program writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import rdflib
from pyld import jsonld


def from_turtle(text: str) -> rdflib.Graph:
    """The triples of a Turtle document."""
    return rdflib.Graph().parse(data=text, format="turtle")


def from_json_ld(document: Mapping[str, Any]) -> rdflib.Graph:
    """The triples of a JSON-LD document's default graph (by pyld: rdflib's own reader warns of itself)."""
    return from_triples(jsonld.to_rdf(document, {"format": "application/n-quads"}))


def from_triples(text: str) -> rdflib.Graph:
    """The triples of N-Quads that are all in the default graph."""
    return rdflib.Graph().parse(data=text, format="nt")
