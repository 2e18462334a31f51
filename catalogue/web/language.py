"""The pages' texts in the reader's language, from the catalogues in `locale/`.

English is written in the templates; French and German stand in `locale/LANGUAGE/*.po`, which are read as they
are: nothing has to be compiled. A test refuses a text that is missing in one of them.
"""

from __future__ import annotations

import io
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import g

from catalogue.api.negotiation import languages
from catalogue.wording import spoken
from vocab.languages import LANGUAGES

#: How each language calls itself, for the switch.
OWN_NAMES = {"en": "English", "fr": "Français", "de": "Deutsch"}
#: Texts that are remembered: there are fewer, and a page of a search asks for some hundred.
_TEXTS = 4_000
#: Whose dates and numbers are written how: the English of readers in Europe, not of the United States.
_LOCALES = {"en": "en_150", "fr": "fr", "de": "de"}


def language() -> str:
    """The language of this answer: one of `LANGUAGES`."""
    if "language" not in g:
        g.language = spoken(languages())
    found: str = g.language
    return found


@cache
def locale_of(code: str) -> Locale:
    """How a language writes dates and numbers."""
    return Locale.parse(_LOCALES[code])


def locale() -> Locale:
    """How dates and numbers are written in this answer."""
    return locale_of(language())


@cache
def translations(code: str) -> NullTranslations:
    """The texts of one language, from all of its files."""
    if code == LANGUAGES[0]:
        return NullTranslations()
    folder = files("catalogue.web").joinpath("locale", code)
    first, *others = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".po")), key=lambda file: file.name
    )
    # The rule of plurals is that of the first file.
    found = _read(first, code)
    for file in others:
        found.merge(_read(file, code))
    return found


def _read(file: Traversable, code: str) -> Translations:
    compiled = io.BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return Translations(compiled)


def gettext(message: str) -> str:
    """The text in the reader's language."""
    return _text(language(), message)


@lru_cache(maxsize=_TEXTS)
def _text(code: str, message: str) -> str:
    return translations(code).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """The text for a number of things in the reader's language."""
    return translations(language()).ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    """The text where one English word has several meanings."""
    return _text_in(language(), context, message)


@lru_cache(maxsize=_TEXTS)
def _text_in(code: str, context: str, message: str) -> str:
    return str(translations(code).pgettext(context, message))


def npgettext(context: str, singular: str, plural: str, number: int) -> str:
    """Both of these."""
    return str(translations(language()).npgettext(context, singular, plural, number))
