"""A running node takes up whom its operator comes to believe, in all of its processes, without a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from offerings import Provider
from running import eventually

from credentials.signing import sign_credential
from credentials.times import utc_now

pytestmark = pytest.mark.slow

#: Within which a changed list shows: a look at the file, at the store and at the index, and time to spare.
SECONDS = 10.0
SERVICE = "https://provider.example/services/certified"


def certificate(body: Provider, provider: Provider, *, valid_until: str = "") -> bytes:
    """A certificate for everything that the provider offers."""
    document = body.offering("A certificate")
    document["@context"][1] = "https://w3id.org/cloud-federation/v1"
    document["type"] = ["VerifiableCredential"]
    document["credentialSubject"] = {
        "id": f"{body.did}#certificate",
        "type": "Certification",
        "scheme": "secnumcloud",
        "schemeVersion": "3.2",
        "covers": provider.did,
    }
    if valid_until:
        document["validUntil"] = valid_until
    return sign_credential(document, body.key, body.method, form="vc-jwt", created=utc_now())


def test_changed_trust_list_shows_within_seconds_and_after_a_restart(make_node: Any, tmp_path: Path) -> None:
    trust = tmp_path / "trust.json"
    trust.write_text('{"version": 1, "entries": []}', encoding="utf-8")
    node = make_node(environment={"CATALOGUE_TRUST_LIST": str(trust)})
    provider, body = Provider(), Provider()
    node.start()
    node.client.publish(certificate(body, provider))
    node.client.publish(provider.signed("Certified cloud", subject=SERVICE))
    eventually("it is found", lambda: node.is_found("Certified cloud"))

    def certified() -> bool:
        return bool(node.offerings(certification="secnumcloud:3.2")["total"] == 1)

    assert not certified()
    node.run("trust", "add", body.did, "--attests", "certification", "--from", "2020-01-01")
    eventually("the body is believed", certified, SECONDS)
    (item,) = node.offerings()["items"]
    detail = node.client.get(f"/offerings/{item['id']}")
    assert detail["certifications"] == ["secnumcloud", "secnumcloud:3.2"]
    node.stop()
    node.run("trust", "remove", body.did)
    node.start()
    eventually("the body is believed no longer", lambda: not certified(), SECONDS)
