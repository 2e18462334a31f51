"""The languages that this project's own vocabulary speaks."""

from __future__ import annotations

from collections.abc import Mapping

#: Every label of the vocabulary is there in each of these (ISO 639-1), the fallback first.
LANGUAGES = ("en", "fr", "de")


def primary(tag: str) -> str:
    """The primary subtag of a BCP 47 tag in lower case: `fr` for `fr-BE`."""
    return tag.split("-", 1)[0].lower()


def choose(labels: Mapping[str, str], language: str) -> str:
    """The label in `language` (any BCP 47 tag), else in the fallback language."""
    return labels.get(primary(language)) or labels[LANGUAGES[0]]
