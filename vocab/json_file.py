"""Reading a JSON file that an operator wrote, with a bound on its size and its faults in words."""

from __future__ import annotations

import json
from pathlib import Path


class JsonFileUnusable(ValueError):
    """The file isn't there, too large, or not JSON: `problem` says which."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def read_json_file(path: Path | str, max_bytes: int) -> object:
    """What the file holds. Raises `JsonFileUnusable`; of a larger file no more than `max_bytes` is read."""
    try:
        with open(path, "rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise JsonFileUnusable(f"can't be read: {error.strerror}") from error
    if len(data) > max_bytes:
        raise JsonFileUnusable(f"is larger than {max_bytes} bytes")
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise JsonFileUnusable(f"is not JSON: {error}") from error
    return document
