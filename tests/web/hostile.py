"""Providers who would rather take over a page than be listed on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from credentials.signing import did_key, generate_key, inline_method, sign_credential
from credentials.times import to_rfc3339, utc_now

MARKUP = '"><script>window.taken = 1</script><img src=x onerror="window.taken = 1"><b>bold'
#: Turns the direction of all that follows, unless it is contained.
TURNED = "Safe \u202egnihtyna"
LONG = "unbroken" * 1_250
SCHEME = "javascript:window.taken=1"
TEMPLATE = "{{ 7 * 7 }} {% raw %} %(count)s %s %"
NAMES = (MARKUP, TURNED, LONG, SCHEME, TEMPLATE)
#: Providers that only fill up a facet.
CROWD = 60


def published() -> Iterator[bytes]:
    """Signed self-descriptions: a participant and an offering for each hostile name, then the crowd's."""
    for number, name in enumerate(NAMES):
        yield from _provider(number, name, keywords=[name, "hostile"])
    for number in range(CROWD):
        yield from _provider(len(NAMES) + number, f"Somebody {number}, with a name that takes room", [])


def _provider(number: int, name: str, keywords: list[str]) -> Iterator[bytes]:
    key = generate_key("Ed25519")
    did = did_key(key.public())
    for kind, subject in (
        ("gx:LegalPerson", did),
        ("gx:ServiceOffering", f"https://hostile.example/{number}"),
    ):
        document: dict[str, Any] = {
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
            "id": f"https://hostile.example/credentials/{number}/{kind}",
            "type": ["VerifiableCredential", kind],
            "issuer": did,
            "validFrom": to_rfc3339((utc_now() - timedelta(minutes=1)).replace(microsecond=0)),
            "credentialSubject": {
                "id": subject,
                "type": kind,
                "gx:name": name,
                "gx:description": f"{name} {name}",
                **({"gx:keyword": keywords} if keywords and kind == "gx:ServiceOffering" else {}),
            },
        }
        yield sign_credential(document, key, inline_method(did), form="ed25519-2020", created=utc_now())
