"""pyshacl as the oracle: the same statements, the same shapes, and what each says is wrong."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable

import rdflib
from pyshacl import validate

from credentials.shapes.bridging import Statements
from credentials.shapes.engine import Result
from credentials.shapes.values import STRING, comparable, parts_of

# It tells of each ill-formed value with a traceback.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)

SH = rdflib.Namespace("http://www.w3.org/ns/shacl#")
#: Focus node, path ("" for none) and constraint component.
Found = tuple[str, str, str]


def rdf_term(term: str) -> rdflib.term.Identifier:
    if term[0] == "<":
        return rdflib.URIRef(term[1:-1])
    if term[0] == "_":
        return rdflib.BNode(term[2:])
    text, datatype, language = parts_of(term)
    if language:
        return rdflib.Literal(text, lang=language)
    with warnings.catch_warnings():
        # Ill-formed values are what is tested; rdflib warns of some.
        warnings.simplefilter("ignore", UserWarning)
        return rdflib.Literal(
            text, datatype=None if datatype == STRING else rdflib.URIRef(datatype[1:-1]), normalize=False
        )


def our_term(term: rdflib.term.Identifier) -> str:
    return f"_:{term}" if isinstance(term, rdflib.BNode) else f"<{term}>"


def graph_of(statements: Statements) -> rdflib.Graph:
    graph = rdflib.Graph()
    for subject, predicates in statements.items():
        for predicate, objects in predicates.items():
            for item in objects:
                graph.add((rdf_term(subject), rdf_term(predicate), rdf_term(item)))
    return graph


class Oracle:
    """One shapes graph, read once."""

    def __init__(self, shapes: Iterable[bytes], hierarchy: Iterable[bytes] = ()) -> None:
        self.shapes = rdflib.Graph()
        for data in shapes:
            self.shapes.parse(data=data, format="turtle")
        self.hierarchy = rdflib.Graph()
        for data in hierarchy:
            self.hierarchy.parse(data=data, format="turtle")

    def check(self, statements: Statements) -> set[Found]:
        conforms, report, _ = validate(
            graph_of(statements), shacl_graph=self.shapes, ont_graph=self.hierarchy, inference="none"
        )
        found = set()
        for result in report.objects(None, SH.result):
            path = report.value(result, SH.resultPath)
            component = str(report.value(result, SH.sourceConstraintComponent)).removeprefix(str(SH))
            found.add(
                (
                    our_term(report.value(result, SH.focusNode)),
                    our_term(path) if path is not None else "",
                    component.removesuffix("ConstraintComponent"),
                )
            )
        assert conforms is not bool(found)
        return found


def found_in(results: Iterable[Result]) -> set[Found]:
    return {(result.focus, result.path or "", result.component) for result in results}


def comparable_only(found: set[Found], statements: Statements) -> set[Found]:
    """Without bounds on values that have no order.

    SHACL (sections 4.3.1 to 4.3.4) finds such a value outside of every bound; pyshacl 0.40 compares it by
    rdflib's order over all terms, and finds it outside of one end only.
    """
    return {
        (focus, path, component)
        for focus, path, component in found
        if not component.endswith("clusive")
        or all(comparable(value) is not None for value in statements[focus].get(path, ()))
    }
