from __future__ import annotations

from typing import Any

import pytest
from pyld.canon import URDNA2015

from credentials.nquads import parse_nquads
from credentials.rdf_canon import TooMuchWork, canonicalise, issue_labels


def test_both_ways_to_count_related_nodes_serialise_the_same_dataset() -> None:
    dataset = parse_nquads(
        "_:n0 <a:q> _:n2 _:g .\n_:n0 <a:q> _:n3 <g:1> .\n_:n1 <a:q> _:n0 _:g .\n_:n2 <a:q> _:n1 _:g .\n"
    )
    most, some = canonicalise(dataset), canonicalise(dataset, related="distinct")
    assert most != some
    assert canonicalise(parse_nquads(some)) == most
    graphs: dict[str, list[Any]] = {}
    kinds = {"_": "blank node", "<": "IRI"}
    for subject, predicate, object_, graph in dataset:
        triple = {
            place: {"type": kinds[term[0]], "value": term.strip("<>")}
            for place, term in (("subject", subject), ("predicate", predicate), ("object", object_))
        }
        graphs.setdefault(graph.strip("<>"), []).append(triple)
    assert URDNA2015().main(graphs, {"format": "application/n-quads"}) == most


def test_a_repeated_quad_counts_once() -> None:
    quads = parse_nquads("_:a <x:p> _:b .\n")
    assert canonicalise([*quads, *quads]) == canonicalise(quads) == "_:c14n0 <x:p> _:c14n1 .\n"


def test_labels_do_not_depend_on_names_or_order() -> None:
    text = '_:a <x:p> _:b .\n_:b <x:p> _:c .\n_:c <x:q> "z" .\n_:d <x:p> _:a _:b .\n'
    other = text.replace("_:a", "_:zz").replace("_:c", "_:a")
    backwards = "".join(reversed(other.splitlines(keepends=True)))
    assert canonicalise(parse_nquads(text)) == canonicalise(parse_nquads(backwards))


def test_the_work_limit_is_a_limit() -> None:
    twins = parse_nquads("".join(f"_:n{i} <x:p> _:n{(i + 1) % 8} .\n" for i in range(8)))
    assert len(issue_labels(twins)) == 8
    with pytest.raises(TooMuchWork):
        issue_labels(twins, max_work=20)


@pytest.mark.parametrize(
    "text", ["_:a <p> .", '<a:b> <a:b> "x', "_:a _:b _:c .", '<a:b> <a:b> "\\x" .', "<a b> <a:b> <a:b> ."]
)
def test_text_that_is_no_quad_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        parse_nquads(text)
