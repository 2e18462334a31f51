"""The written form of a profile: its JSON Schema, and what may be refused before anything is read."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from typing import Any

#: A written profile of the largest kind (Gaia-X in three languages) has about a quarter as many values.
MAX_VALUES = 20_000
#: Values within values: of rules within rules two each, and of what surrounds them.
MAX_DEPTH = 60
#: A validator quotes what it refuses, and that may be long.
MAX_PROBLEM = 300
#: The faults that are looked at for the first in the document; an author puts them right one by one.
MAX_FAULTS = 100
#: A file of that form with as many values as are allowed.
MAX_BYTES = 1_000_000
#: Of a member's name in a place; a longer one is wrong anyway.
MAX_STEP = 64


class ProfileInvalid(ValueError):
    """The profile can't be used: `path` is the place in its document, `problem` what to put right there."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'profile'}: {problem}")
        self.path = path
        self.problem = problem


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a profile."""
    document: dict[str, Any] = json.loads(
        files(__package__).joinpath("profile.schema.json").read_text(encoding="utf-8")
    )
    return document


def check(document: object) -> None:
    """Refuse what isn't of the written form or is too large. Raises `ProfileInvalid`."""
    _measure(document)
    # Imported here: a process that reads no profiles but the shipped ones has no need of it.
    from jsonschema_rs import Draft202012Validator

    try:
        found = Draft202012Validator(schema()).iter_errors(document)
    except UnicodeEncodeError as error:
        raise ProfileInvalid("", "holds half a character, which is no text") from error
    faults = sorted(
        (list(map(str, fault.instance_path)), fault.message) for fault in islice(found, MAX_FAULTS)
    )
    if faults:
        steps, problem = faults[0]
        raise ProfileInvalid(place(steps), problem[:MAX_PROBLEM])


def place(steps: list[str]) -> str:
    """A place in a document as people write it: `criteria[3].rule.any[0]`."""
    written = "".join(f"[{step}]" if step.isdecimal() else f".{step[:MAX_STEP]}" for step in steps)
    return written.removeprefix(".")


def _measure(document: object) -> None:
    count = 0
    layer = [document]
    for _ in range(MAX_DEPTH):
        count += len(layer)
        if count > MAX_VALUES:
            raise ProfileInvalid("", f"has more than {MAX_VALUES} values")
        below: list[object] = []
        for value in layer:
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, list):
                below += value
        if not below:
            return
        layer = below
    raise ProfileInvalid("", f"has values within values more than {MAX_DEPTH} deep")
