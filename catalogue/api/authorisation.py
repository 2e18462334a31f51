"""Who the operator is: whoever holds the token, of which the settings know only the hash."""

from __future__ import annotations

import hashlib
import hmac

from catalogue.api import kinds
from catalogue.api.blueprint import node
from catalogue.api.problems import Problem


def check_token(token: str) -> None:
    """Only the operator's token will do: Problem 403 where there is none, 401 for another.

    The hash is compared in constant time, though the token is never what is compared.
    """
    expected = node().settings.operator_token_sha256
    if not expected:
        raise Problem(kinds.COMMAND_LINE_ONLY, "this node has no operator token")
    given = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
    if not hmac.compare_digest(given, expected):
        raise Problem(
            kinds.OPERATOR_TOKEN_REQUIRED,
            "the token is missing or wrong",
            {"where": "Authorization"},
            {"WWW-Authenticate": 'Bearer realm="operator"'},
        )
