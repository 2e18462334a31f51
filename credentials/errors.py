"""The one way in which a part of the verification says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Rejection(Exception):
    """A check failed. `check` is one of `report.CHECKS`.

    `detail` is a sentence that tells a provider what to change; `evidence` is small JSON for a machine.
    The verifier turns it into a failed line of the report; nothing else may swallow it.
    """

    def __init__(self, check: str, detail: str, evidence: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{check}: {detail}")
        self.check = check
        self.detail = detail
        self.evidence: Mapping[str, Any] = dict(evidence or {})
