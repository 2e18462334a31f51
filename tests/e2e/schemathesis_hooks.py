"""What schemathesis has to know of this API beyond its OpenAPI document; loaded by SCHEMATHESIS_HOOKS."""

from __future__ import annotations

import json
from typing import Any

import schemathesis

from catalogue.api.media import JSON_TYPES, SELF_DESCRIPTION_TYPES, WITHDRAWAL_TYPES

#: The problem types that answer what no schema can rule out.
_UNSIGNED = ("refused", "withdrawal-refused", "profile-refused", "peer-refused")

#: Parameters that say how another one is meant, and those: OpenAPI has no words for it.
_NEEDING = {"basis": ("label",), "unknown": ("exposed_to", "not_exposed_to")}


# All of them, application/json too: schemathesis takes application/jwt for a kind of JSON otherwise.
@schemathesis.serializer(*dict.fromkeys(SELF_DESCRIPTION_TYPES + WITHDRAWAL_TYPES))
def signed_bytes(context: Any, value: Any) -> bytes:
    """Tokens as they are, documents as JSON."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str) and context.case.media_type not in JSON_TYPES:
        return value.encode("utf-8", "surrogatepass")
    return json.dumps(value).encode()


@schemathesis.hook
def before_call(_context: Any, case: Any, _arguments: Any) -> None:
    """Leave out of valid requests what only the node can give, and what needs or excludes something else."""
    if case.meta is None or case.meta.generation.mode.is_positive:
        case.headers.pop("If-Match", None)
        _leave_possible(case.query)
        if case.operation.label == "POST /evaluations" and isinstance(case.body, dict):
            _leave_one_kind(case.body)


def _leave_possible(parameters: Any) -> None:
    """A search without cursors of nobody's, and without filters that need another one."""
    parameters.pop("cursor", None)
    if parameters.get("state") or parameters.get("status"):
        parameters.pop("scope", None)
    for name, needed in _NEEDING.items():
        if not any(parameters.get(other) for other in needed):
            parameters.pop(name, None)
    if any(":" not in level for level in parameters.get("level", ())):
        del parameters["level"]


def _leave_one_kind(form: Any) -> None:
    """Either services or a query, and a version only of what comes with the catalogue."""
    if "offerings" in form or "query" not in form:
        form.pop("query", None)
        form.setdefault("offerings", ["0" * 32])
    else:
        _leave_possible(form["query"])
    if not isinstance(form["profile"], str):
        form.pop("version", None)


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, _case: Any, response: Any) -> bool:
    """Keep every failure but the refusal of what the schema allows and can't describe any closer.

    A generated document has no valid signature, and parameters that are each short enough can make an
    address that is too long.
    """
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    return response.json()["type"].rsplit("/", 1)[1] not in (*_UNSIGNED, "uri-too-long")
