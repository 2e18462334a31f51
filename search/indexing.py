"""The indexed form of a document: the same fields, terms and sort keys for every engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from itertools import chain

from search.concluded import Consortium
from search.document import Document, primary_name
from search.suggesting import starts_of
from search.text import Analysed, analyse
from search.values import COPIED, HERE, HOME, SCALE, label_on, named

#: Grows when the terms or the keys of a document change: an index of another version is made anew.
INDEX_VERSION = 9

#: Text fields and what a word found there weighs: a service's name tells more than what is said of it.
TEXT_FIELDS: Mapping[str, float] = {
    "name": 6.0,
    "capability": 3.0,
    "keyword": 2.5,
    "fact": 2.5,
    "provider_text": 2.0,
    "description": 1.0,
    "broader": 0.6,
}
#: The unstemmed words of all text fields, in which typos are forgiven: a stem hides half of the letters.
WORDS_FIELD = "words"
#: Those of the fields that say what a service is and whose: a slip of one of them was more likely meant.
TELLING_WORDS_FIELD = "telling_words"
#: What a word weighs that is only similar, among those that tell most and among all: less than an exact find.
SIMILAR_WORDS: Mapping[str, float] = {TELLING_WORDS_FIELD: 0.5, WORDS_FIELD: 0.05}
#: What a word found in several fields adds beyond its best field.
OTHER_FIELDS = 0.2
_TELLING_FIELDS = ("name", "capability", "keyword", "fact", "provider_text")
#: The stems of all text fields: whether a document has a word at all is asked of one field, not of six.
TERMS_FIELD = "terms"

#: Characters of a folded name that count for the order; names alike so far are ordered by id.
_SORTED_CHARACTERS = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MIDDLE = 2**63
#: Figures above are no PUE and no percentage.
_MOST = Decimal(1_000_000)
#: Short texts that are analysed once: names and synonyms of concepts and facts, keywords, providers' names.
#: Every document brings the same few thousand.
_SHORT_TEXTS = 8_000


@dataclass(frozen=True, slots=True)
class Indexed:
    """What an engine indexes of one document.

    `texts` maps each of `TEXT_FIELDS` to its terms in order; `terms` are the distinct ones of all, `words`
    the distinct unstemmed words, `telling_words` those of the fields that tell most; `starts` the
    beginnings of names (see `search.suggesting`). `values` maps filter fields and facets to exact values,
    `concept` to the record's own concepts without those above them, and the look-up fields `provider_id`,
    `provider_named`, `subject`, `label_basis` (see `label_on`), `profile` (of which it reaches a level),
    `consortium_id` and `consortium_named`. `numbers` has those of `NUMBER_FIELDS` that are known. `name_key`
    and `listed_key` are unique, and their order as ASCII text is the order of a list: by folded name, and
    newest first, each then by id.
    """

    texts: Mapping[str, tuple[str, ...]]
    terms: tuple[str, ...]
    words: tuple[str, ...]
    telling_words: tuple[str, ...]
    starts: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, int]
    name_key: str
    listed_key: str


def indexed(document: Document) -> Indexed:
    """The indexed form of `document`."""
    texts: dict[str, list[Analysed]] = {
        "name": [analyse(text, language) for language, text in document.names.items()],
        "capability": [_short_text(text, language) for language, text in document.capability_terms],
        "keyword": [_short_text(keyword, "") for keyword in document.keywords],
        "fact": [_short_text(text, language) for language, text in document.fact_terms],
        "provider_text": [_short_text(document.provider_name, "")],
        "description": [analyse(text, language) for language, text in document.descriptions.items()],
        "broader": [_short_text(text, language) for language, text in document.broader_terms],
    }
    terms = {name: tuple(chain.from_iterable(part.terms for part in texts[name])) for name in texts}
    words = {name: tuple(chain.from_iterable(part.words for part in texts[name])) for name in texts}
    return Indexed(
        texts=terms,
        terms=_distinct(chain.from_iterable(terms.values())),
        words=_distinct(chain.from_iterable(words.values())),
        telling_words=_distinct(chain.from_iterable(words[name] for name in _TELLING_FIELDS)),
        starts=starts_of(document.names.values()),
        values={
            "jurisdiction": _distinct(document.jurisdictions),
            "capability_id": _distinct(document.capabilities),
            "concept": _distinct(document.concepts),
            "label": _distinct(document.labels),
            "certification": _distinct(document.certifications),
            "programme": _distinct(document.programmes),
            "participant_kind": _distinct(document.participant_kinds),
            "provider": (document.provider_did,),
            "provider_id": (document.provider_id,) if document.provider_id else (),
            "provider_named": (named(document.provider_name),) if named(document.provider_name) else (),
            "identity": (document.identity,),
            "state": (document.state,),
            "subject": (document.subject,) if document.subject else (),
            "label_basis": _distinct(label_on(label, basis) for label, basis in document.label_bases),
            "level": _distinct(document.levels),
            "eligible_for": _distinct(document.eligible_for),
            "profile": _distinct(
                value.partition(":")[0] for value in (*document.levels, *document.eligible_for)
            ),
            "exposed_to": _distinct(document.exposed_to),
            "immune": (document.immune,) if document.immune else (),
            "hosted_in": _distinct(document.hosted_in),
            "operated_from": _distinct(document.operated_from),
            "technology_from": _distinct(document.technology_from),
            "listed_by": _distinct(document.listed_by),
            "home": (HOME if HERE in document.listed_by else COPIED,),
            **_consortia(document),
        },
        numbers=_numbers(document),
        name_key=name_key(document),
        listed_key=listed_key(document),
    )


@lru_cache(maxsize=_SHORT_TEXTS)
def _short_text(text: str, language: str) -> Analysed:
    return analyse(text, language)


def name_key(document: Document) -> str:
    """Sort key by name, in hex. Records without a name come last."""
    name = named(primary_name(document.names))[:_SORTED_CHARACTERS]
    # 0xff is in no UTF-8 text and after all of it; a NUL ends the name, so that a shorter one comes first.
    start = name.replace("\x00", " ").encode("utf-8", "replace") if name else b"\xff"
    return (start + b"\x00" + document.id.encode()).hex()


def listed_key(document: Document) -> str:
    """Sort key by time of listing, newest first, in hex."""
    age = _MIDDLE - (document.listed_at - _EPOCH) // _MICROSECOND
    return (b"%020d" % age + document.id.encode()).hex()


def consortium_values(consortium: Consortium) -> Iterator[tuple[str, str]]:
    """The fields and values by which a consortium is found; see `search.values.consortium_lookup`."""
    yield "consortium", consortium.did
    yield from (("consortium_id", record) for record in consortium.ids)
    if name := named(consortium.name):
        yield "consortium_named", name


def _consortia(document: Document) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {"consortium": {}, "consortium_id": {}, "consortium_named": {}}
    for consortium in document.consortia:
        for field, value in consortium_values(consortium):
            found[field][value] = None
    return {field: tuple(values) for field, values in found.items()}


def _numbers(document: Document) -> dict[str, int]:
    """What is rounded is rounded to the worse, so that nobody passes a limit that it doesn't keep."""
    figures = (("pue", document.pue, ROUND_CEILING), ("renewable", document.renewable_percent, ROUND_FLOOR))
    found = {
        field: int((figure * SCALE).to_integral_value(rounding))
        for field, figure, rounding in figures
        if figure is not None and 0 <= figure <= _MOST
    }
    begins, ends = document.valid_from, document.valid_until
    found["valid_from"] = (begins or date.min).toordinal()
    # The moment it ends at is the first that it isn't valid in: at midnight, a day has not begun.
    found["valid_until"] = ends.toordinal() - (ends.time() == time.min) if ends else date.max.toordinal()
    return found


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
