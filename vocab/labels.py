"""The trust labels that the catalogue knows by id, with their names. Who may attest one is not said here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from vocab.data import load
from vocab.languages import choose

#: The prefix of label ids that stand for Gaia-X levels: `gaia-x:L1` and so on.
GAIA_X_PREFIX = "gaia-x:"


@dataclass(frozen=True, slots=True)
class Label:
    """A label with its names by language; `scheme` groups the levels of one scheme, lowest first.

    Whoever holds it holds those that are `below` it as well, at whatever depth, the nearest first.
    """

    id: str
    scheme: str
    below: tuple[str, ...]
    labels: Mapping[str, str]

    def label(self, language: str) -> str:
        """The name for a reader of `language`."""
        return choose(self.labels, language)


@lru_cache(maxsize=1)
def _labels() -> Mapping[str, Label]:
    found: dict[str, Label] = {}
    for entry in load("labels.json")["labels"]:
        # The data names the nearest ones, which stand before it.
        nearest = [found[identifier] for identifier in entry["below"]]
        below = dict.fromkeys(id_ for label in nearest for id_ in (label.id, *label.below))
        found[entry["id"]] = Label(
            entry["id"], entry["scheme"], tuple(below), MappingProxyType(entry["labels"])
        )
    return MappingProxyType(found)


def labels() -> tuple[Label, ...]:
    """All labels, the levels of one scheme together and lowest first."""
    return tuple(_labels().values())


def label(identifier: str) -> Label:
    """The label with this id; KeyError if there is none."""
    return _labels()[identifier]


def is_label(identifier: str) -> bool:
    """Whether `identifier` is a label's id."""
    return identifier in _labels()


def below(identifier: str) -> tuple[str, ...]:
    """The labels that whoever holds this one holds as well; KeyError if there is no such label.

    "At least this label" is asked by what stands here: a service with `gaia-x:L2` has SC and L1 too.
    """
    return label(identifier).below


def name(identifier: str, language: str) -> str:
    """The name of a label for a reader of `language`; KeyError if there is no such label."""
    return label(identifier).label(language)
