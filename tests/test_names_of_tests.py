"""Test modules are found by their names alone, so that two of one name can't be collected together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path


def test_no_two_test_modules_have_one_name() -> None:
    names = Counter(file.name for file in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, number in names.items() if number > 1] == []
