"""The kinds of participant that a programme or a buyer tells apart, by id, with their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from vocab.data import load
from vocab.languages import choose


@dataclass(frozen=True, slots=True)
class ParticipantKind:
    """A kind of participant with its names by language."""

    id: str
    labels: Mapping[str, str]

    def label(self, language: str) -> str:
        """The name for a reader of `language`."""
        return choose(self.labels, language)


@lru_cache(maxsize=1)
def _kinds() -> Mapping[str, ParticipantKind]:
    return MappingProxyType(
        {
            entry["id"]: ParticipantKind(entry["id"], MappingProxyType(entry["labels"]))
            for entry in load("participant-kinds.json")["kinds"]
        }
    )


def participant_kinds() -> tuple[ParticipantKind, ...]:
    """All kinds, in the order in which they are shown."""
    return tuple(_kinds().values())


def is_participant_kind(identifier: str) -> bool:
    """Whether `identifier` is the id of a kind."""
    return identifier in _kinds()


def name(identifier: str, language: str) -> str:
    """The name of a kind for a reader of `language`; KeyError if there is none."""
    return _kinds()[identifier].label(language)
