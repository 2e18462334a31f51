"""Checks of text made by taking letters out agree with the patterns of the grammars, on any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from credentials.encoding import from_base64url, to_base64url
from credentials.errors import Rejection
from credentials.nquads import literal, parse_nquads
from credentials.parsing import Unrecognised, sniff
from credentials.statements import check_iri

COMPACT_JWS = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")
NOT_IN_IRIREF = re.compile(r'[\x00-\x20<>"{}|^`\\]')
IN_LITERALS_ESCAPED = re.compile(r'[\x00-\x1f"\\\x7f]')

#: Mostly what tokens consist of, and what almost does.
TOKEN_LIKE = st.text(st.sampled_from("Az09-_.=+/ \n{é"), max_size=12).map(str.encode)


@given(st.one_of(TOKEN_LIKE, st.binary(max_size=12)))
@example(b"..")
@example(b".a.b")
@example(b"a..")
@example(b"a.b.c.d")
@example(b"a.b")
def test_token_is_what_the_grammar_of_compact_jws_says(data: bytes) -> None:
    content = data.strip(b" \t\r\n")
    try:
        found = sniff(data)
    except Unrecognised:
        found = None  # type: ignore[assignment]
    assert (found == "jws") == (COMPACT_JWS.fullmatch(content) is not None)


@given(st.text(st.sampled_from("AQgw09-_+/= \né\ud800"), max_size=9))
def test_base64url_has_one_spelling(text: str) -> None:
    try:
        data = from_base64url(text)
    except ValueError:
        assert not re.fullmatch("(?:[A-Za-z0-9_-]{4})*", text)
    else:
        assert re.fullmatch("[A-Za-z0-9_-]*", text)
        assert to_base64url(data) == text


@given(st.text(max_size=20))
@example("urn:\x7f:\x85:\u2028:\ud800")
def test_iri_is_refused_for_the_letters_that_the_grammar_excludes(text: str) -> None:
    if NOT_IN_IRIREF.search(text):
        with pytest.raises(Rejection):
            check_iri(text)
    else:
        check_iri(text)


@given(st.text(st.one_of(st.characters(), st.sampled_from('\x00\x1f"\\\x7f\x80\x85\u2028')), max_size=20))
def test_literal_escapes_what_canonical_form_says_and_nothing_else(text: str) -> None:
    written = literal(text)
    assert not IN_LITERALS_ESCAPED.search(re.sub(r'\\(u[0-9A-F]{4}|[btnfr"\\])', "", written[1:-1]))
    assert written.count("\\") - written.count("\\\\") == len(IN_LITERALS_ESCAPED.findall(text))
    ((_, _, object_, _),) = parse_nquads(f"<urn:s> <urn:p> {written} .")
    assert object_ == written
