"""What README and docs tell people to type works as written.

A fenced block that opens with "```sh test" is run by bash, block after block in one folder, with `$URL` as
the address of a running node: what one block makes, the next may use. A command that fails fails the test.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from running import console_script, eventually

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
#: ```sh test ... ``` at the start of a line.
BLOCK = re.compile(r"^```sh test\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = sorted(
    path
    for path in [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]
    if path.is_file() and BLOCK.search(path.read_text(encoding="utf-8"))
)


def test_readme_has_commands_to_run() -> None:
    assert PROJECT / "README.md" in DOCUMENTS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_documented_commands_work(document: Path, make_node: Any, tmp_path: Path) -> None:
    node = make_node(environment={"CATALOGUE_SAMPLES": "1", "CATALOGUE_POLICY": "default"})
    node.start("--samples")
    # Nobody types before the node has said that it runs; until then samples are still going in.
    eventually("the invitation is printed", lambda: "Stop it" in node.output())
    folder = tmp_path / "work"
    folder.mkdir()
    environment = {
        **node.environment,
        "URL": node.url,
        "PATH": f"{Path(console_script()).parent}:{node.environment['PATH']}",
    }
    for block in BLOCK.findall(document.read_text(encoding="utf-8")):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, f"{document.name}:\n{block}\n{done.stdout[-1000:]}{done.stderr[-1000:]}"
