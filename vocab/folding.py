"""One way of comparing words: case, accents, ligatures and punctuation don't tell two terms apart."""

from __future__ import annotations

import unicodedata

#: Letters that Unicode doesn't decompose but that people write in both ways.
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


def fold(text: str) -> str:
    """`text` in lower case and without accents, words parted by single spaces (`E-Mail` as `e mail`)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    letters = "".join(
        character if character.isalnum() else " "
        for character in decomposed
        if not unicodedata.combining(character)
    )
    return " ".join(letters.split())
