"""A hit of a search as a card shows it: what matters of an item, in an order that can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from catalogue.web.rendering import at
from catalogue.web.texts import MAX_TEASER, listed, marked, named, said, unmarked
from search.values import BASES
from vocab import capabilities, certifications, labels

#: Capabilities and certifications on a card; the offering's own page has all.
MAX_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Named:
    """A value by its name, on whose word it is ("" where that isn't told here)."""

    value: str
    text: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """What a card shows. `why` is None where it wasn't asked for."""

    id: str
    href: str
    name: Markup
    text: Markup
    provider: Mapping[str, Any]
    provider_href: str
    labels: Sequence[Named]
    certifications: Sequence[Named]
    capabilities: Sequence[Named]
    exposure: Mapping[str, Any] | None
    hosted_in: str
    pue: float | None
    renewable_percent: float | None
    why: Sequence[Mapping[str, Any]] | None


def hit_of(item: Mapping[str, Any]) -> Hit:
    """The card of an item of `Discovery.search`."""
    provider = item["provider"]
    return Hit(
        id=item["id"],
        href=at(f"/offerings/{item['id']}"),
        name=_name(item),
        text=_text(item),
        provider=provider,
        provider_href=at(f"/participants/{provider['id']}") if provider["id"] else "",
        labels=_labels(item["label_bases"]),
        certifications=_certifications(item["certifications"], item["labels"]),
        capabilities=_capabilities(item["capabilities"]),
        exposure=item["exposure"],
        hosted_in=listed(named(code, "hosted_in") for code in item["hosted_in"]),
        pue=item["pue"],
        renewable_percent=item["renewable_percent"],
        why=item.get("why"),
    )


def _name(item: Mapping[str, Any]) -> Markup:
    """The name with the found words marked, where they were found in the name that this reader is shown."""
    for fragment in item["highlights"].get("name", ()):
        if unmarked(fragment) == item["name"]:
            return marked(fragment)
    return said(item["name"] or item["subject"])


def _text(item: Mapping[str, Any]) -> Markup:
    """Where the words were found, else the beginning: in the language that is shown."""
    fragments = item["highlights"].get("description", ())
    own = [fragment for fragment in fragments if unmarked(fragment).strip(" …") in item["description"]]
    return Markup(" … ").join(map(marked, own)) if own else said(item["description"], MAX_TEASER)


def _labels(bases: Mapping[str, Sequence[str]]) -> list[Named]:
    """The highest label of each scheme, with the strongest word on which it is held."""
    known = [identifier for identifier in bases if labels.is_label(identifier)]
    implied = {lower for identifier in known for lower in labels.label(identifier).below}
    return [
        Named(identifier, named(identifier, "label"), min(bases[identifier], key=BASES.index))
        for identifier in known
        if identifier not in implied
    ]


def _certifications(held: Sequence[str], as_labels: Sequence[str]) -> list[Named]:
    """The exact versions and levels; their schemes, and what is a label already, say nothing more."""
    schemes = {
        certifications.certification(one).broader for one in held if certifications.is_certification(one)
    }
    return [
        Named(one, named(one, "certification"))
        for one in held
        if one not in schemes and one not in as_labels and one.partition(":")[0] not in as_labels
    ][:MAX_SHOWN]


def _capabilities(held: Sequence[str]) -> list[Named]:
    """The most exact ones: what is broader than another that is there says nothing more."""
    implied = set()
    for one in held:
        above = capabilities.concept(one).broader if capabilities.is_capability(one) else None
        while above:
            implied.add(above)
            above = capabilities.concept(above).broader
    return [Named(one, named(one, "capability")) for one in held if one not in implied][:MAX_SHOWN]
