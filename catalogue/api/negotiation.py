"""In which form and language an answer is wanted: one way to read it, for the API and for the pages."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from catalogue.api import kinds
from catalogue.api.problems import Problem
from vocab.languages import LANGUAGES

JSON, HTML, JSON_LD, TURTLE = "application/json", "text/html", "application/ld+json", "text/turtle"
#: The query parameter that chooses a language whatever Accept-Language says, so that links can carry it.
LANG = "lang"
#: Languages of an Accept-Language header that are looked at; nobody reads more.
MAX_LANGUAGES = 10
_READS = frozenset({"GET", "HEAD"})
#: The blueprint of addresses that have nothing but pages: what is posted to them is answered by pages too.
PAGES = "web"


def preferred(media_types: Sequence[str]) -> str:
    """The form that the reader prefers, the first where it doesn't say or wants none of them."""
    return request.accept_mimetypes.best_match(media_types) or media_types[0]


def wants_page() -> bool:
    """Whether this reader prefers a page to JSON; who takes anything gets JSON."""
    return (request.method in _READS or request.blueprint == PAGES) and preferred((JSON, HTML)) == HTML


def languages() -> tuple[str, ...]:
    """The reader's languages (primary subtags), best first, then the fallback: names are chosen by them."""
    chosen = request.args.get(LANG)
    first = [chosen] if chosen in LANGUAGES else []
    if "Accept-Language" not in request.headers:
        return tuple(dict.fromkeys([*first, LANGUAGES[0]]))
    wanted = [
        tag.partition("-")[0].lower()
        for tag, quality in request.accept_languages
        if quality > 0 and tag != "*"
    ]
    return tuple(dict.fromkeys([*first, *wanted[:MAX_LANGUAGES], LANGUAGES[0]]))


def check_language() -> None:
    """Problem `invalid-parameter` when a language is asked for that there isn't."""
    chosen = request.args.get(LANG, LANGUAGES[0])
    if chosen not in LANGUAGES:
        problem = f"must be one of {', '.join(LANGUAGES)}"
        raise Problem(
            kinds.INVALID_PARAMETER,
            f"{LANG}: {problem}",
            {"where": LANG, "errors": [{"where": LANG, "problem": problem}]},
        )
