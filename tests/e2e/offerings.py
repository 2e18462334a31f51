"""Signed offerings as a provider would make them, each different, for the tests in this folder."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from credentials.signing import PrivateKey, did_key, generate_key, inline_method, sign_credential
from credentials.times import to_rfc3339, utc_now

_numbers = itertools.count(1)


class Provider:
    """A provider with a did:key: nothing to resolve."""

    def __init__(self) -> None:
        self.key: PrivateKey = generate_key("Ed25519")
        self.did = did_key(self.key.public())
        self.method = inline_method(self.did)

    def offering(self, name: str, *, subject: str | None = None, age_seconds: int = 60) -> dict[str, Any]:
        """An unsigned offering called `name`, valid since `age_seconds` ago."""
        valid_from = utc_now() - timedelta(seconds=age_seconds)
        return {
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
            "id": f"urn:uuid:00000000-0000-4000-8000-{next(_numbers):012d}",
            "type": ["VerifiableCredential", "gx:ServiceOffering"],
            "issuer": self.did,
            "validFrom": to_rfc3339(valid_from.replace(microsecond=0)),
            "credentialSubject": {
                "id": subject or f"https://provider.example/offerings/{next(_numbers)}",
                "type": "gx:ServiceOffering",
                "gx:name": name,
                "gx:description": f"{name}, a service that a test publishes",
            },
        }

    def signed(self, name: str, form: str = "vc-jwt", **options: Any) -> bytes:
        """The same, signed."""
        document = self.offering(name, **options)
        return sign_credential(document, self.key, self.method, form=form, created=utc_now())
