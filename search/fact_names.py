"""The names of what is known of a record, as text to search by: `stockage objet Allemagne`, `backup C5`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

from vocab import certifications, jurisdictions, labels, participant_kinds, programmes
from vocab.languages import LANGUAGES

#: Facts of which the names are remembered: every country, label, certification, programme and kind.
_CACHE = 1_000

Names = tuple[tuple[str, str], ...]
#: What buyers call that; the rules call it immunity to extra-European law.
_IMMUNE: Names = (
    ("en", "immune to extra-European law"),
    ("fr", "immunisé contre les lois extra-européennes"),
    ("de", "immun gegen außereuropäisches Recht"),
)


def fact_terms(
    *,
    places: Iterable[str] = (),
    trust_labels: Iterable[str] = (),
    certificates: Iterable[str] = (),
    in_programmes: Iterable[str] = (),
    kinds: Iterable[str] = (),
    immune: bool = False,
) -> Names:
    """`(language, text)` for every name of the facts, each once.

    `places` are alpha-2 codes and groups of them, all others the vocabulary's ids; what the vocabulary
    doesn't know has no names. `immune` is whether no law of a state outside the EU reaches the service.
    """
    facts: tuple[tuple[Callable[[str], Names], Iterable[str]], ...] = (
        (_of_place, places),
        (_of_label, trust_labels),
        (_of_certification, certificates),
        (_of_programme, in_programmes),
        (_of_kind, kinds),
    )
    found = (pair for names_of, values in facts for value in values for pair in names_of(value))
    return tuple(dict.fromkeys((*found, *(_IMMUNE if immune else ()))))


@lru_cache(maxsize=_CACHE)
def _of_place(code: str) -> Names:
    known = jurisdictions.is_country(code) or code in jurisdictions.GROUPS
    return jurisdictions.spoken_names(code) if known else ()


@lru_cache(maxsize=_CACHE)
def _of_label(identifier: str) -> Names:
    return _named(identifier, labels.name) if labels.is_label(identifier) else ()


@lru_cache(maxsize=_CACHE)
def _of_certification(identifier: str) -> Names:
    if not certifications.is_certification(identifier):
        return ()
    return (
        *_named(identifier, certifications.name),
        ("", certifications.certification(identifier).authority),
    )


@lru_cache(maxsize=_CACHE)
def _of_programme(identifier: str) -> Names:
    known = next((one for one in programmes.programmes() if one.id == identifier), None)
    return (*known.labels.items(), *known.short.items()) if known else ()


@lru_cache(maxsize=_CACHE)
def _of_kind(identifier: str) -> Names:
    is_known = participant_kinds.is_participant_kind(identifier)
    return _named(identifier, participant_kinds.name) if is_known else ()


def _named(identifier: str, name: Callable[[str, str], str]) -> Names:
    """The names, and the id too: people write "Gaia-X L2", "SME" and "BSI C5"."""
    return (("", identifier), *((language, name(identifier, language)) for language in LANGUAGES))
