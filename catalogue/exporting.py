"""The whole answer to a search, within bounds: as a table for people's spreadsheets, or for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalogue.discovery import Discovery
from catalogue.wording import facet_label, spoken
from search.query import MAX_RELEVANCE_HITS, MAX_SIZE, Query
from vocab.languages import choose

#: Hits of one export. Relevance ends there too, and a longer list is for programs, which follow `next`.
MAX_EXPORTED = MAX_RELEVANCE_HITS
#: How spreadsheets in each language separate columns and write decimals.
_SEPARATORS = {"en": (",", "."), "fr": (";", ","), "de": (";", ",")}
#: What a spreadsheet takes for the beginning of a formula, in half and in full width, and what hides it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Tells spreadsheets that the text is UTF-8.
_MARK = "\ufeff"

Item = Mapping[str, Any]
Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exported:
    """The first hits of a search, and how many there are in all."""

    items: Sequence[Item]
    total: int


def export(discovery: Discovery, query: Query, languages: Sequence[str]) -> Exported:
    """At most `MAX_EXPORTED` hits, page by page. QueryInvalid, IndexUnavailable."""
    items: list[Item] = []
    asked = replace(query, size=MAX_SIZE, facets=(), cursor=None)
    while True:
        page = discovery.search(asked, languages)
        items += page["items"]
        if page["next"] is None or len(items) >= MAX_EXPORTED:
            return Exported(items[:MAX_EXPORTED], page["total"])
        asked = replace(asked, cursor=page["next"])


def table(items: Iterable[Item], url: str, languages: Sequence[str]) -> bytes:
    """The items as CSV (RFC 4180) for a reader of these languages, on the node at `url`, in UTF-8.

    No cell is taken for a formula: one that would be starts with an apostrophe.
    """
    language = spoken(languages)
    separator, point = _SEPARATORS[language]
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator, lineterminator="\r\n")
    writer.writerow([choose(column.names, language) for column in COLUMNS])
    for item in items:
        writer.writerow([_cell(column.value(item, url, language), point) for column in COLUMNS])
    return (_MARK + written.getvalue()).encode()


def _cell(value: object, point: str) -> str:
    if isinstance(value, float):
        return str(value).replace(".", point)
    # NUL ends a file for some programs; nobody's text needs it.
    text = str(value or "").replace("\x00", "")
    return f"'{text}" if text.startswith(_FORMULA) else text


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name by language, and its value of an item at a node's URL in a language."""

    names: Names
    value: Callable[[Item, str, str], object]


def _plain(member: str) -> Callable[[Item, str, str], object]:
    return lambda item, _url, _language: item[member]


def _of_provider(member: str) -> Callable[[Item, str, str], object]:
    return lambda item, _url, _language: item["provider"][member]


def _named(member: str, field: str) -> Callable[[Item, str, str], object]:
    return lambda item, _url, language: _all(item[member], field, language)


def _all(values: Iterable[str], field: str, language: str) -> str:
    return " | ".join(facet_label(field, value, (language,)) for value in values)


def _reach(item: Item, _url: str, language: str) -> str:
    exposure = item["exposure"]
    if exposure is None:
        return ""
    others = [] if exposure["complete"] else ["unknown"]
    return _all([*exposure["exposed_to"], *others], "exposed_to", language)


def _immune(item: Item, _url: str, language: str) -> str:
    exposure = item["exposure"]
    return facet_label("immune", exposure["immunity"], (language,)) if exposure else ""


COLUMNS = (
    Column({"en": "Name", "fr": "Nom", "de": "Name"}, _plain("name")),
    Column({"en": "Provider", "fr": "Fournisseur", "de": "Anbieter"}, _of_provider("name")),
    Column(
        {"en": "Provider's DID", "fr": "DID du fournisseur", "de": "DID des Anbieters"}, _of_provider("did")
    ),
    Column(
        {"en": "Provider's identity", "fr": "Identité du fournisseur", "de": "Identität des Anbieters"},
        lambda item, _url, language: facet_label("identity", item["provider"]["identity"], (language,)),
    ),
    Column({"en": "Labels", "fr": "Labels", "de": "Labels"}, _named("labels", "label")),
    Column(
        {"en": "Certifications", "fr": "Certifications", "de": "Zertifizierungen"},
        _named("certifications", "certification"),
    ),
    Column(
        {"en": "Capabilities", "fr": "Capacités", "de": "Fähigkeiten"}, _named("capabilities", "capability")
    ),
    Column({"en": "Data in", "fr": "Lieu des données", "de": "Daten in"}, _named("hosted_in", "hosted_in")),
    Column(
        {"en": "Law that may reach it", "fr": "Droit qui peut l’atteindre", "de": "Recht, das greifen kann"},
        _reach,
    ),
    Column(
        {
            "en": "Immune to law from outside the EU",
            "fr": "À l’abri du droit extra-européen",
            "de": "Vor Recht von außerhalb der EU geschützt",
        },
        _immune,
    ),
    Column({"en": "PUE", "fr": "PUE", "de": "PUE"}, _plain("pue")),
    Column(
        {"en": "Renewable energy, %", "fr": "Énergie renouvelable, %", "de": "Erneuerbare Energie, %"},
        _plain("renewable_percent"),
    ),
    Column({"en": "Valid until", "fr": "Valable jusqu’au", "de": "Gültig bis"}, _plain("valid_until")),
    Column(
        {"en": "Address", "fr": "Adresse", "de": "Adresse"},
        lambda item, url, _language: f"{url}/offerings/{item['id']}",
    ),
    Column(
        {"en": "Signed document", "fr": "Document signé", "de": "Signiertes Dokument"},
        lambda item, url, _language: f"{url}/self-descriptions/{item['digest']}",
    ),
)
