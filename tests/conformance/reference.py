"""Where outside suites lie: a folder beside the repository, which not everybody has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[3] / "shared/reference"


def reference(name: str) -> Path:
    """A file or folder of the reference data. Skips where it is absent, fails there under CI=true."""
    path = REFERENCE / name
    if not path.exists():
        reason = f"the reference data {name} is not beside this repository (../shared/reference)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
