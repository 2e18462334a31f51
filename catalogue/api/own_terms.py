"""The federation's own terms by their names, for the endpoint and for the page."""

from __future__ import annotations

from catalogue.api import kinds
from catalogue.api.problems import Problem
from vocab import terms
from vocab.terms import Term


def own_term(name: str) -> Term:
    """The term of that name. Problem `not-found` where there is none, or where it is somebody else's."""
    try:
        term = terms.term(name)
    except KeyError as error:
        raise Problem(kinds.NOT_FOUND, f"no term {name[:60]!r}", {"where": "name"}) from error
    if not term.is_own:
        raise Problem(kinds.NOT_FOUND, f"{name} is borrowed from {term.iri}", {"where": "name"})
    return term
