"""The samples use the federation's own terms as their shapes ask, by pyshacl."""

from __future__ import annotations

import pyshacl
import rdflib
from linked_data import from_triples, from_turtle

from catalogue.samples import sample_files
from credentials.contexts import ContextStore
from credentials.envelope import statements_in
from credentials.jsonld import JsonLd
from vocab import ontology, rdf
from vocab.namespaces import CF


def test_samples_conform_to_the_shapes_of_the_federations_terms() -> None:
    shapes = from_turtle(rdf.turtle(ontology.shapes(), ontology.PREFIXES))
    jsonld = JsonLd(ContextStore())
    everything = rdflib.Graph()
    for number, file in enumerate(sample_files()):
        for index, statement in enumerate(statements_in(file.read_bytes())):
            # Blank nodes of different documents are different nodes; subjects stated twice are one.
            triples = jsonld.quads(statement.claims).replace("_:c14n", f"_:s{number}x{index}x")
            everything += from_triples(triples)
    conforms, _, text = pyshacl.validate(everything, shacl_graph=shapes)
    assert conforms, text
    used = {str(predicate) for predicate in everything.predicates() if str(predicate).startswith(CF)}
    assert len(used) > 40
