"""What schemathesis has to know of this API beyond its OpenAPI document; loaded by SCHEMATHESIS_HOOKS."""

from __future__ import annotations

import json
from typing import Any

import schemathesis

from catalogue.api.media import SELF_DESCRIPTION_TYPES, WITHDRAWAL_TYPES

_BUILT_IN = ("application/json", "application/ld+json")


@schemathesis.serializer(*(set(SELF_DESCRIPTION_TYPES + WITHDRAWAL_TYPES) - set(_BUILT_IN)))
def signed_bytes(_context: Any, value: Any) -> bytes:
    """Tokens as they are, documents as JSON."""
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, _case: Any, response: Any) -> bool:
    """Keep every failure but a refusal for what no schema can say.

    A generated document has no valid signature, and a generated cursor is none that the node has given.
    """
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    body = response.json()
    kind = body["type"].rsplit("/", 1)[1]
    unsigned = kind in ("refused", "withdrawal-refused") and response.status_code == 422
    cursor = kind == "invalid-parameter" and body["where"] == "cursor"
    return not unsigned and not cursor
