"""The same questions answered by looking at every document: slow, and plain enough to be believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from search.document import Document, primary_name
from search.query import FACET_SIZE, Matching, Query, Sort
from search.text import Word, analyse, fold, query_words, similar


def found(documents: Iterable[Document], query: Query) -> tuple[Matching, list[Document]]:
    """All hits in their order (by relevance: in no order), and how they came about."""
    needed = [word for word in query_words(query.text) if word.needed]
    typos = any(_allowed(word.text) for word in needed)
    hits = _hits(documents, query, Matching.ALL)
    steps = [Matching.TYPOS] if typos and len(hits) < query.size else []
    steps += [Matching.MOST] if len(needed) > 2 else []
    steps += [Matching.ANY] if len(needed) > 1 else []
    steps += [Matching.ANY_TYPOS] if len(needed) > 1 and typos else []
    matching = Matching.ALL
    for step in steps:
        if step is Matching.TYPOS or not hits or (step is Matching.MOST and len(hits) < 3):
            looser = _hits(documents, query, step)
            if len(looser) > len(hits):
                matching, hits = step, looser
    if query.sort is Sort.NAME:
        hits.sort(key=lambda hit: (not _sort_name(hit), _sort_name(hit), hit.id))
    else:
        hits.sort(key=lambda hit: (-hit.listed_at.timestamp(), hit.id))
    return matching, hits


def facets(
    documents: Iterable[Document], query: Query, matching: Matching
) -> dict[str, list[tuple[str, int]]]:
    """Values and counts of each facet asked for."""
    counted = {}
    for facet in query.facets:
        filters = {name: values for name, values in query.filters.items() if name != facet}
        free = Query(kind=query.kind, text=query.text, filters=filters)
        counts = Counter(
            value for hit in _hits(documents, free, matching) for value in dict.fromkeys(_values(hit, facet))
        )
        counted[facet] = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:FACET_SIZE]
    return counted


def _hits(documents: Iterable[Document], query: Query, matching: Matching) -> list[Document]:
    return [
        document
        for document in documents
        if document.kind == query.kind
        and all(_passes(document, name, values, query) for name, values in query.filters.items() if values)
        and _has_text(document, query.text, matching)
    ]


def _passes(document: Document, name: str, values: tuple[str, ...], query: Query) -> bool:
    known = bool(query.filters.get("unknown")) or "unknown" not in document.exposed_to
    match name:
        case "basis" | "unknown":
            return True
        case "label" if query.filters.get("basis"):
            bases = query.filters["basis"]
            return any(label in values and basis in bases for label, basis in document.label_bases)
        case "level" | "eligible_for":
            return bool(set(values) & {*document.levels, *document.eligible_for})
        case "profile":
            return any(
                value.startswith(f"{profile}:")
                for value in (*document.levels, *document.eligible_for)
                for profile in values
            )
        case "exposed_to":
            return bool(set(values) & set(document.exposed_to)) or not known
        case "not_exposed_to":
            return bool(document.immune) and known and not set(values) & set(document.exposed_to)
        case "pue_max":
            return document.pue is not None and document.pue <= Decimal(values[0])
        case "renewable_min":
            return document.renewable_percent is not None and document.renewable_percent >= Decimal(values[0])
        case "valid_on":
            begin = datetime.fromisoformat(f"{values[0]}T00:00:00+00:00")
            return (document.valid_from is None or document.valid_from < begin + timedelta(days=1)) and (
                document.valid_until is None or document.valid_until > begin
            )
        case "consortium":
            return any(
                value in (one.did, *one.ids) or fold(value) == fold(one.name)
                for value in values
                for one in document.consortia
            )
        case "provider":
            return _has_provider(document, values)
    return bool(set(values) & set(_values(document, name)))


def _has_provider(document: Document, values: tuple[str, ...]) -> bool:
    return any(
        value == document.provider_did
        or (value == document.provider_id and value)
        or (
            not value.startswith("did:")
            and document.provider_name
            and fold(value) == fold(document.provider_name)
        )
        for value in values
    )


def _values(document: Document, name: str) -> tuple[str, ...]:
    return {
        "jurisdiction": document.jurisdictions,
        "capability": document.capabilities,
        "label": document.labels,
        "certification": document.certifications,
        "programme": document.programmes,
        "participant_kind": document.participant_kinds,
        "provider": (document.provider_did,),
        "identity": (document.identity,),
        "state": (document.state,),
        "subject": (document.subject,),
        "level": document.levels,
        "eligible_for": document.eligible_for,
        "exposed_to": document.exposed_to,
        "immune": (document.immune,) if document.immune else (),
        "hosted_in": document.hosted_in,
        "operated_from": document.operated_from,
        "technology_from": document.technology_from,
        "consortium": tuple(one.did for one in document.consortia),
        "listed_by": document.listed_by,
        "home": ("yes",) if "." in document.listed_by else ("no",),
    }[name]


def _has_text(document: Document, text: str, matching: Matching) -> bool:
    if not text.strip():
        return True
    words = [word for word in query_words(text) if word.needed]
    terms, plain = _terms(document)
    typos = matching in (Matching.TYPOS, Matching.MOST, Matching.ANY_TYPOS)
    present = sum(_has_word(word, terms, plain, typos=typos) for word in words)
    if matching is Matching.MOST:
        return 3 * present >= 2 * len(words)
    return present >= (1 if matching in (Matching.ANY, Matching.ANY_TYPOS) else max(1, len(words)))


def _has_word(word: Word, terms: set[str], plain: set[str], *, typos: bool) -> bool:
    if terms & set(word.stems) or (word.parts and all(terms & set(stems) for stems in word.parts)):
        return True
    allowed = _allowed(word.text) if typos else 0
    return bool(allowed and similar(word.text, list(plain), allowed))


def _allowed(word: str) -> int:
    if not word.isalpha():
        return 0
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def _terms(document: Document) -> tuple[set[str], set[str]]:
    texts = [
        *document.names.items(),
        *document.descriptions.items(),
        *document.capability_terms,
        *document.broader_terms,
        *document.fact_terms,
        *(("", keyword) for keyword in document.keywords),
        ("", document.provider_name),
    ]
    analysed = [analyse(text, language) for language, text in texts]
    terms = {term for part in analysed for term in part.terms}
    return terms, {word for part in analysed for word in part.words}


def _sort_name(document: Document) -> str:
    return " ".join(fold(primary_name(document.names)).split())[:64]
