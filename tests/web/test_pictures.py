"""The pictures of the documentation, of the samples: `make screenshots` puts them in their place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from browser import View

PROJECT = Path(__file__).parents[2]
#: What each picture shows: an address and a language.
PICTURES = {
    "start": ("/", "en"),
    "search": ("/offerings?q=storage&hosted_in=EU", "en"),
    "search-fr": ("/offerings?q=sauvegarde&certification=hds&why=true", "fr"),
    "which": ("/which?whose=state&kind=essential-missions", "en"),
    "service": ("/offerings/9e3b073ac677a707268cbf28aa5f009c#reach", "en"),
    "compare": (
        "/offerings/compare?id=9e3b073ac677a707268cbf28aa5f009c&id=c5a7170ff3c0d23c529a593e427f5508",
        "de",
    ),
    "publish": ("/publish", "en"),
    "mine": ("/mine?did=did:web:brumelac.example", "en"),
    "programmes": ("/vocabulary/programmes", "en"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_taken(look: Callable[..., View], name: str) -> None:
    path, language = PICTURES[name]
    view = look(path, language=language)
    assert view.errors == []
    view.picture(name)


def test_every_picture_is_shown_and_every_picture_shown_is_one_of_them() -> None:
    shown = set()
    for document in [PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")]:
        for alternative, name in re.findall(
            r"!\[([^\]]*)\]\((?:docs/)?pictures/([a-z-]+)\.png\)", document.read_text(encoding="utf-8")
        ):
            assert alternative, f"{document.name}: {name} has no text for who doesn't see it"
            shown.add(name)
    assert shown == set(PICTURES)
