"""The pages speak each language wholly: nothing is missing, unsure, left over or differently filled in."""

from __future__ import annotations

import re

import pytest
from messages import missing, translated, used

from catalogue.web.language import translations
from vocab.languages import LANGUAGES

OTHERS = LANGUAGES[1:]
_PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    assert list(missing(language)) == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_empty_or_unsure(language: str) -> None:
    for entries in translated(language).values():
        for one in entries:
            texts = one.message.string
            assert all(texts) if isinstance(texts, tuple | list) else texts, (one.file, one.message.id)
            assert not one.message.fuzzy, (one.file, one.message.id)


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_left_over(language: str) -> None:
    shown = used()
    left = [
        (key, one.file)
        for key, entries in translated(language).items()
        for one in entries
        if key not in shown
    ]
    assert left == []


@pytest.mark.parametrize("language", OTHERS)
def test_one_text_is_translated_in_one_way(language: str) -> None:
    for key, entries in translated(language).items():
        assert len({str(one.message.string) for one in entries}) == 1, key


@pytest.mark.parametrize("language", OTHERS)
def test_translations_fill_in_the_same_values(language: str) -> None:
    for (_, text, plural), entries in translated(language).items():
        for one in entries:
            found = one.message.string
            for form in found if isinstance(found, tuple | list) else (found,):
                # The singular may leave the number out, and in French it stands for nought too.
                assert sorted(_PLACEHOLDER.findall(form)) == sorted(_PLACEHOLDER.findall(plural or text)), (
                    text
                )


def test_a_text_is_found_with_its_context_and_its_plural() -> None:
    assert translations("fr").gettext("Services") == "Services"
    assert translations("de").pgettext("basis", "declared") == "erklärt"
    assert translations("de").ngettext("%(count)s service", "%(count)s services", 2) == "%(count)s Dienste"
    assert translations("fr").ngettext("%(count)s service", "%(count)s services", 0) == "%(count)s service"
