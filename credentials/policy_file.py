"""An operator's own policies: a JSON file of names, each with what it requires and what it only reports.

{"version": 1, "policies": {"tender": {"required": ["shapes", "status"], "reported": ["chain"]}}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from credentials.policies import POLICY_NAMES, Policy, demanding
from vocab.json_file import JsonFileUnusable, read_json_file

#: The only version of the file format so far.
FORMAT_VERSION = 1
#: A file that people write and read; a policy takes some hundred bytes.
MAX_FILE_BYTES = 100_000
#: As long as the store's column for it, which remembers under which policy something was accepted.
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_MEMBERS = frozenset({"required", "reported", "about"})


class PolicyFileInvalid(ValueError):
    """The file can't be used: `where` is the file, the policy or its member, `problem` what to put right."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


def read_policies(path: Path) -> Mapping[str, Policy]:
    """The policies of a file, by name. Raises `PolicyFileInvalid`; an unknown member or check is an error,
    so that a misspelt one doesn't leave something unchecked in silence.
    """
    try:
        document = read_json_file(path, MAX_FILE_BYTES)
    except JsonFileUnusable as error:
        raise PolicyFileInvalid(str(path), error.problem) from error
    if not isinstance(document, dict) or set(document) - {"about"} != {"version", "policies"}:
        raise PolicyFileInvalid(str(path), "must be a JSON object with the members version and policies")
    if document["version"] != FORMAT_VERSION or isinstance(document["version"], bool):
        raise PolicyFileInvalid("version", f"must be {FORMAT_VERSION}, the version of the format")
    policies = document["policies"]
    if not isinstance(policies, dict):
        raise PolicyFileInvalid("policies", "must be an object: a policy's name, and what it asks")
    return MappingProxyType({name: _policy(name, body) for name, body in policies.items()})


def _policy(name: str, body: object) -> Policy:
    where = f"policies.{name[:80]}"
    if not _NAME.fullmatch(name):
        raise PolicyFileInvalid(where, "a name is up to 64 lower-case letters, digits and hyphens")
    if name in POLICY_NAMES:
        raise PolicyFileInvalid(where, "is built in and means the same on every node: choose another name")
    if not isinstance(body, dict) or set(body) - _MEMBERS:
        raise PolicyFileInvalid(where, f"must be an object; it may have {', '.join(sorted(_MEMBERS))}")
    lists = {member: _checks(body, member, where) for member in ("required", "reported")}
    try:
        return demanding(name, required=lists["required"], reported=lists["reported"])
    except ValueError as error:
        raise PolicyFileInvalid(where, str(error)) from error


def _checks(body: Mapping[str, object], member: str, where: str) -> tuple[str, ...]:
    value = body.get(member, [])
    if not isinstance(value, list) or not all(isinstance(check, str) for check in value):
        raise PolicyFileInvalid(f"{where}.{member}", "must be a list of names of checks")
    return tuple(value)
