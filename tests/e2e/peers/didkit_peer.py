"""didkit, asked from a test in a process of its own: its native part may end the process on an error.

Tasks on standard input, results on standard output, as `peer.mjs` has them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import didkit


async def answer(task: dict[str, Any]) -> object:
    """Issue the task's document, or verify it."""
    if task["operation"] == "sign":
        options = {
            "type": task["suite"],
            "proofPurpose": "assertionMethod",
            "verificationMethod": task["method"],
            "created": task["date"],
        }
        signed = await didkit.issue_credential(
            json.dumps(task["document"]), json.dumps(options), json.dumps(task["jwk"])
        )
        return json.loads(signed)
    options = {"proofPurpose": "assertionMethod"}
    found = json.loads(await didkit.verify_credential(json.dumps(task["document"]), json.dumps(options)))
    if found["errors"]:
        raise ValueError("; ".join(found["errors"]))
    return None


async def main() -> None:
    """All tasks in order."""
    results = []
    for task in json.load(sys.stdin):
        try:
            results.append({"value": await answer(task)})
        except (ValueError, didkit.DIDKitException) as error:
            results.append({"error": str(error)})
    print(json.dumps(results), flush=True)
    # Its threads outlive the interpreter and bring the process down on the way out.
    os._exit(0)


asyncio.run(main())
