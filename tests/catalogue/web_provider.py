"""A provider whose DID document and status lists are on a server of the test's own."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from https_servers import Web, page
from world import Clock, Provider

from credentials.signing import did_document
from credentials.times import to_rfc3339

HOST = "localhost"


class WebProvider(Provider):
    """A did:web on the test's server, with a status list of its own."""

    def __init__(self, clock: Clock, web: Web) -> None:
        super().__init__(clock)
        self.web = web
        self.did = f"did:web:{HOST}%3A{web.port}"
        self.method = f"{self.did}#k"
        self.serve_keys("k")

    def serve_keys(self, *names: str, assertion: bool = True) -> None:
        document = did_document(self.did, {name: self.key.public() for name in names})
        if not assertion:
            document["assertionMethod"] = []
        self.web.pages["/.well-known/did.json"] = page(json.dumps(document).encode())

    def go_away(self) -> None:
        self.web.pages["/.well-known/did.json"] = page(b"", 503)

    def serve_list(self, *bits: int, purpose: str = "revocation") -> None:
        data = bytearray(16_384)
        for bit in bits:
            data[bit // 8] |= 128 >> bit % 8
        packed = base64.urlsafe_b64encode(gzip.compress(bytes(data))).decode().rstrip("=")
        document = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.did,
            "validFrom": to_rfc3339(self.clock.now),
            "credentialSubject": {
                "type": "BitstringStatusList",
                "statusPurpose": purpose,
                "encodedList": f"u{packed}",
            },
        }
        self.web.pages[f"/{purpose}"] = page(self.sign(document))

    def status(self, index: int, purpose: str = "revocation") -> dict[str, Any]:
        return {
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": str(index),
            "statusListCredential": self.web.url(f"/{purpose}", HOST),
        }
