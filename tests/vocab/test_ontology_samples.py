"""The samples keep to the shapes of the federation's own terms, with pyshacl as the judge."""

import pyshacl
import pytest
from linked_data import from_triples, from_turtle
from rdflib import SH

from catalogue.samples import sample_files
from credentials.contexts import ContextStore
from credentials.envelope import statements_in
from credentials.jsonld import JsonLd
from vocab import ontology, rdf


@pytest.fixture(scope="module")
def shapes():
    return from_turtle(rdf.turtle(ontology.shapes(), ontology.PREFIXES))


def test_every_sample_conforms(shapes):
    jsonld = JsonLd(ContextStore())
    found = {}
    for path in sample_files():
        for envelope in statements_in(path.read_bytes()):
            data = from_triples(jsonld.quads(envelope.claims))
            _, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=False)
            found[path.name, envelope.claims["id"]] = [
                str(one) for one in report.objects(None, SH.resultPath)
            ]
    assert {name: paths for name, paths in found.items() if paths} == {}
