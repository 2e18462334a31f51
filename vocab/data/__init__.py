"""The vocabulary's data files and the one way in which they are read."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any


def load(name: str) -> dict[str, Any]:
    """The JSON object in the data file `name` of this package, parsed anew: callers keep what they need."""
    document: dict[str, Any] = json.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))
    return document
