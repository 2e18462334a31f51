"""On a running node a label goes when the certificate that it rests on ends, and the history says why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from offerings import Provider
from running import eventually
from test_trust_lists import certificate

from credentials.times import from_rfc3339, to_rfc3339, utc_now

pytestmark = pytest.mark.slow

LABEL = "cloud-de-confiance"
#: Within which it shows: a look for what has expired, a description, a look at the index, and time to spare.
SECONDS = 10.0
#: From now to the certificate's end: time enough to find the service with it on a busy machine.
LASTS = timedelta(seconds=20)


def test_label_ends_with_its_certificate_and_the_history_says_why(make_node: Any, tmp_path: Path) -> None:
    trust = tmp_path / "trust.json"
    trust.write_text('{"version": 1, "entries": []}', encoding="utf-8")
    provider, body = Provider(), Provider()
    node = make_node(environment={"CATALOGUE_TRUST_LIST": str(trust)})
    node.run("trust", "add", body.did, "--attests", "certification", "--from", "2020-01-01")
    node.start()
    node.client.publish(provider.signed("Certified cloud"))
    eventually("it is found", lambda: node.is_found("Certified cloud"))
    until = (utc_now() + LASTS).replace(microsecond=0)
    node.client.publish(certificate(body, provider, valid_until=to_rfc3339(until)))

    def labelled() -> bool:
        return bool(node.offerings(label=LABEL)["total"] == 1)

    eventually("it has the label", labelled, SECONDS)
    waits = (until - utc_now()).total_seconds()
    eventually("the label is gone", lambda: not labelled(), waits + SECONDS)
    (item,) = node.offerings()["items"]
    history = node.client.get(f"/offerings/{item['id']}/history", [("order", "oldest")])["items"]
    gained, lost = (one for one in history if one["value"] == LABEL)
    assert (gained["kind"], lost["kind"]) == ("label_gained", "label_lost")
    assert gained["content_id"] == lost["content_id"]
    assert from_rfc3339(lost["since"]) == until
    assert f"{body.did}'s statement {lost['content_id']} has expired" in lost["reason"]
