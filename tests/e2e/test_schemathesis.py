"""The whole OpenAPI document against a running node: nothing undocumented, nothing unexpected, no 500."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from offerings import Provider
from running import RunningNode, eventually

from credentials.times import utc_now
from credentials.withdrawal import sign_withdrawal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TOKEN = "a token that is long enough"
#: Requests at most for each operation, of the whole API and of reading what there is. By number and not by
#: the clock: a quicker machine would look further, and find what was no concern of the change.
WHOLE, READING = 40, 40
#: Where the drawing of requests starts: the same each time, so that a change is refused for what it changed;
#: `make soak` draws anew each time.
SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
#: Statuses that refuse data which the document forbids; the usual ones and those of length and size.
REFUSALS = [400, 401, 403, 404, 405, 413, 414, 415, 422, 431]


@pytest.fixture
def node(make_node: Any) -> RunningNode:
    """A node without limits that obeys an operator."""
    running: RunningNode = make_node(
        environment={
            "CATALOGUE_OPERATOR_TOKEN_SHA256": hashlib.sha256(TOKEN.encode()).hexdigest(),
            "CATALOGUE_RATE_VERIFY": "1000000/minute",
        }
    )
    running.start()
    return running


def run(node: RunningNode, folder: Path, config: str, *arguments: str) -> None:
    """Run schemathesis; AssertionError with its output when it found something."""
    folder.mkdir()
    (folder / "schemathesis.toml").write_text(
        f"[checks.negative_data_rejection]\nexpected-statuses = {json.dumps(REFUSALS)}\n{config}"
    )
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            *("--config-file", str(folder / "schemathesis.toml")),
            *("run", node.url + "/openapi.json", "--header", f"Authorization: Bearer {TOKEN}"),
            *(() if SEED == "random" else ("--seed", SEED)),
            *arguments,
        ],
        cwd=folder,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            "PYTHONPATH": str(Path(__file__).parent),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    assert "internal error" not in node.output()


def test_nothing_is_found_in_the_whole_api(node: RunningNode, tmp_path: Path) -> None:
    run(node, tmp_path / "whole", "", "--max-examples", str(WHOLE), "--max-failures", "20")


def test_nothing_is_found_in_reading_what_there_is(node: RunningNode, tmp_path: Path) -> None:
    provider = Provider()
    record = node.client.publish(provider.signed("Read by a machine")).body["records"][0]
    withdrawn = node.client.publish(provider.signed("Withdrawn for a machine")).body["records"][0]
    token = sign_withdrawal(withdrawn["content_id"], provider.did, provider.key, provider.method, utc_now())
    receipt = node.client.withdraw(token).body
    eventually("it is found", lambda: node.is_found("Read by a machine"))
    existing = {
        "/self-descriptions/{digest}": {"digest": record["digest"]},
        "/self-descriptions/{digest}/report": {"digest": record["digest"]},
        "/withdrawals/{digest}": {"digest": receipt["digest"]},
        "/offerings/{id}": {"id": record["id"]},
        "/offerings": {"provider": provider.did},
        "/self-descriptions": {"issuer": provider.did},
        "/issuers": {"did": provider.did},
    }
    # A parameter that is fixed stays right where schemathesis believes to have made it wrong: that wrong ones
    # are refused is the other test's to show.
    config = "".join(
        f'\n[[operations]]\ninclude-path = "{path}"\nparameters = {{ {name} = "{value}" }}\n'
        "checks = { negative_data_rejection = { enabled = false } }\n"
        for path, parameters in existing.items()
        for name, value in parameters.items()
    )
    names = [part for path in existing for part in ("--include-name", f"GET {path}")]
    run(node, tmp_path / "reading", config, *names, "--max-examples", str(READING))
