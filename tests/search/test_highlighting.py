"""Fragments are safe, bounded, and mark what search finds."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from search.highlighting import FRAGMENT_LENGTH, MAX_FRAGMENTS, Highlighter
from search.query import Matching
from search.text import MAX_WORD, analyse, query_words

_MARK = re.compile("</?mark>")
_listed_text = st.text(st.characters(exclude_characters="\x00\x01", exclude_categories=["Cs"]), max_size=600)


def highlights(asked: str, text: str, matching: Matching = Matching.ALL) -> tuple[str, ...]:
    (made,) = Highlighter(query_words(asked), matching).highlights([{"descriptions": {"en": text}}])
    return made.get("description", ())


@given(_listed_text, st.text(max_size=20), st.sampled_from(Matching))
def test_fragments_are_escaped_pieces_of_the_text(text: str, asked: str, matching: Matching) -> None:
    fragments = highlights(asked, text, matching)
    assert len(fragments) <= MAX_FRAGMENTS
    for fragment in fragments:
        rest = _MARK.sub("", fragment)
        assert not set(rest) & set("<>\"'")
        plain = html.unescape(rest).removeprefix("… ").removesuffix(" …")
        assert plain in text or html.unescape(rest) in text
        assert len(plain) <= FRAGMENT_LENGTH + MAX_WORD * 10
        assert fragment.count("<mark>") == fragment.count("</mark>") >= 1


@given(st.text(st.sampled_from("aeoubBÉüßœ\u0301 -'x1"), max_size=80))
def test_each_word_of_a_text_is_marked_when_asked_for(text: str) -> None:
    for word in query_words(text):
        for fragment in highlights(word.text, text):
            for marked in re.findall("<mark>(.*?)</mark>", fragment):
                assert set(analyse(marked, "en").terms) & set(word.stems)
    if text.strip("-' ").isalpha() and " " not in text.strip():
        assert highlights(text, text)


def test_two_fragments_at_most_the_first_found_words_first() -> None:
    text = " ".join(f"edge{'' if i % 40 == 0 else 'less'}" for i in range(200))
    fragments = highlights("edge", text)
    assert len(fragments) == 2
    assert fragments[0].startswith("<mark>edge</mark> edgeless")


def test_mark_up_in_a_text_stays_text() -> None:
    (fragment,) = highlights("edge", '<script>edge</script> <mark onclick="x">')
    assert fragment == "&lt;script&gt;<mark>edge</mark>&lt;/script&gt; &lt;mark onclick=&quot;x&quot;&gt;"


def test_whole_words_are_marked_with_the_accents_that_are_written_apart() -> None:
    text = "caf\u00e9teria cafe\u0301teria cafe\u0301 de\u0301cafe\u0301 caf\u00e9"
    (fragment,) = highlights("cafe", text)
    assert fragment == (
        "caf\u00e9teria cafe\u0301teria <mark>cafe\u0301</mark> de\u0301cafe\u0301 <mark>caf\u00e9</mark>"
    )


def test_words_of_another_language_are_compared_in_that_language() -> None:
    words = query_words("Dienste")
    (made,) = Highlighter(words, Matching.ALL).highlights([{"names": {"de": "Der Dienst", "en": "Dien"}}])
    assert made["name"][0] == "Der <mark>Dienst</mark>"
