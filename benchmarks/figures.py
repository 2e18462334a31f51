"""A figure: what was measured, several times, and what was wanted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`values` in `unit`; `target` is the bound that the median should keep, at least or at most."""

    name: str
    values: Sequence[float]
    unit: str
    target: float | None = None
    at_least: bool = True

    @property
    def median(self) -> float:
        """The value to quote."""
        return statistics.median(self.values)

    def line(self) -> str:
        """One line: minimum, median, maximum, and whether the target is met."""
        spread = f"{min(self.values):.4g} / {self.median:.4g} / {max(self.values):.4g} {self.unit}"
        if self.target is None:
            return f"{self.name}: {spread}"
        met = self.median >= self.target if self.at_least else self.median <= self.target
        bound = f"{'at least' if self.at_least else 'at most'} {self.target:g} {self.unit}"
        return f"{self.name}: {spread}; wanted {bound}: {'met' if met else 'MISSED'}"
