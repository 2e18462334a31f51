"""The node's own terms in the reader's language: states of statements, degrees of identity, facet values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from vocab import capabilities, certifications, jurisdictions, labels, participant_kinds, profiles, programmes
from vocab.languages import LANGUAGES, choose

Names = Mapping[str, str]
#: Names of facet values that are remembered: the vocabulary's, in three languages, and room for more.
_LABELS = 4_000

IDENTITIES: Mapping[str, Names] = {
    "notarised": {"en": "notarised", "fr": "notariée", "de": "notariell bestätigt"},
    "domain": {"en": "domain shown", "fr": "domaine prouvé", "de": "Domäne nachgewiesen"},
    "self_asserted": {"en": "self-asserted", "fr": "auto-déclarée", "de": "selbst behauptet"},
}
#: Whether a service is immune to extra-European law, and that other states may reach it than those named.
ANSWERS: Mapping[str, Names] = {
    "yes": {"en": "yes", "fr": "oui", "de": "ja"},
    "no": {"en": "no", "fr": "non", "de": "nein"},
    "unknown": {"en": "not known", "fr": "non connu", "de": "nicht bekannt"},
}
#: Whether something was submitted to the node that answers.
HOMES: Mapping[str, Names] = {
    "yes": {"en": "submitted here", "fr": "déposée ici", "de": "hier eingereicht"},
    "no": {"en": "copied from others", "fr": "copiée d'autres nœuds", "de": "von anderen übernommen"},
}
STATES: Mapping[str, Names] = {
    "listed": {"en": "listed", "fr": "publiée", "de": "gelistet"},
    "superseded": {"en": "superseded", "fr": "remplacée", "de": "ersetzt"},
    "withdrawn": {"en": "withdrawn", "fr": "retirée", "de": "zurückgezogen"},
    "expired": {"en": "expired", "fr": "expirée", "de": "abgelaufen"},
    "blocked": {"en": "blocked", "fr": "bloquée", "de": "gesperrt"},
    "revoked": {"en": "revoked", "fr": "révoquée", "de": "widerrufen"},
    "suspended": {"en": "suspended", "fr": "suspendue", "de": "ausgesetzt"},
    "unverifiable": {"en": "unverifiable", "fr": "invérifiable", "de": "nicht mehr prüfbar"},
}


def facet_label(field: str, value: str, languages: Sequence[str]) -> str:
    """The name of a facet's value for a reader; the value itself where it has no other name."""
    return _facet_label(field, value, spoken(languages))


@lru_cache(maxsize=_LABELS)
def _facet_label(field: str, value: str, language: str) -> str:
    try:
        match field:
            case "capability":
                return choose(capabilities.concept(value).labels, language)
            case "exposed_to" | "immune" if value in ANSWERS:
                return choose(ANSWERS[value], language)
            case "jurisdiction" | "exposed_to" | "hosted_in" | "operated_from" | "technology_from":
                return jurisdictions.name(value, language)
            case "level" | "eligible_for":
                return _level_name(value, language)
            case "label":
                return labels.name(value, language)
            case "certification":
                return certifications.name(value, language)
            case "programme":
                return programmes.name(value, language)
            case "participant_kind":
                return participant_kinds.name(value, language)
            case "identity":
                return choose(IDENTITIES[value], language)
            case "home":
                return choose(HOMES[value], language)
            case "state":
                return choose(STATES[value], language)
    except KeyError:
        # A value of an older index that the vocabulary no longer has.
        return value
    return value


def _level_name(value: str, language: str) -> str:
    """The name of a profile, with its version where the value names one, and of its level. KeyError."""
    identifier, _, rest = value.partition(":")
    version, _, level = rest.rpartition(":")
    found = profiles.profile(identifier, version)
    told = f" ({version})" if version else ""
    return f"{found.name(language)}{told}: {found.level(level).name(language)}"


def spoken(languages: Sequence[str]) -> str:
    """The first of the reader's languages that the vocabulary speaks, else its fallback."""
    for language in languages:
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def pick(texts: Mapping[str, str], languages: Sequence[str]) -> str:
    """The text for a reader: in one of its languages, else without a tag, else English, else the first."""
    if languages and (text := texts.get(languages[0])):
        return text
    by_primary: dict[str, str] = {}
    for tag, text in texts.items():
        by_primary.setdefault(tag.split("-", 1)[0].lower(), text)
    for language in (*languages, "", LANGUAGES[0]):
        if by_primary.get(language):
            return by_primary[language]
    return next(iter(texts.values()), "")
