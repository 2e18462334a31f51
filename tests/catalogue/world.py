"""A small world for the catalogue's tests: a clock that obeys and providers with real keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from credentials.signing import (
    PrivateKey,
    did_document,
    did_key,
    generate_key,
    inline_method,
    sign_credential,
    sign_presentation,
)
from credentials.times import to_rfc3339
from credentials.withdrawal import sign_withdrawal

START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


class Clock:
    """Stands still until told to move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


class Provider:
    """Somebody who signs: with a did:key, or with a did:web whose document is written to a folder."""

    def __init__(self, clock: Clock, *, host: str | None = None, folder: Path | None = None) -> None:
        self.clock = clock
        self.key: PrivateKey = generate_key("Ed25519")
        if host is None:
            self.did = did_key(self.key.public())
            self.method = inline_method(self.did)
            return
        assert folder is not None
        self.did = f"did:web:{host}"
        self.method = f"{self.did}#k"
        document = did_document(self.did, {"k": self.key.public()})
        (folder / f"{host}.json").write_text(json.dumps(document), encoding="utf-8")

    def credential(
        self,
        subject: dict[str, Any],
        *,
        types: tuple[str, ...] = (),
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        **members: Any,
    ) -> dict[str, Any]:
        """An unsigned VC 2.0 credential about `subject` in the Loire vocabulary."""
        return {
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
            "type": ["VerifiableCredential", *types],
            "issuer": self.did,
            "validFrom": to_rfc3339(valid_from or self.clock.now),
            **({"validUntil": to_rfc3339(valid_until)} if valid_until else {}),
            "credentialSubject": subject,
            **members,
        }

    def offering(
        self, name: str = "Nuage", *, subject: str = "https://p.example/o/1", **options: Any
    ) -> dict[str, Any]:
        """An unsigned service offering."""
        about = {
            "id": subject,
            "type": "gx:ServiceOffering",
            "gx:name": name,
            "gx:description": f"{name}: stockage souverain",
            **options.pop("claims", {}),
        }
        return self.credential(about, types=("gx:ServiceOffering",), **options)

    def participant(self, name: str, *, country: str = "FR", **options: Any) -> dict[str, Any]:
        """An unsigned self-description of the provider as a legal person."""
        about = {
            "id": self.did,
            "type": "gx:LegalPerson",
            "gx:name": name,
            "gx:legalAddress": {"type": "gx:Address", "gx:countryCode": country},
            "gx:headquartersAddress": {"type": "gx:Address", "gx:countryCode": country},
        }
        return self.credential(about, types=("gx:LegalPerson",), **options)

    def federation_credential(self, subject: dict[str, Any], **options: Any) -> dict[str, Any]:
        """An unsigned credential about `subject` in the federation's own terms."""
        document = self.credential(subject, **options)
        document["@context"].append("https://w3id.org/cloud-federation/v1")
        return document

    def certificate(self, covers: str | list[str], **claims: Any) -> dict[str, Any]:
        """An unsigned certification by this body, SecNumCloud 3.2 if nothing else is said."""
        about = {"id": f"{self.did}#certificate", "type": "Certification", "scheme": "secnumcloud"}
        return self.federation_credential({**about, "schemeVersion": "3.2", "covers": covers, **claims})

    def sign(self, document: dict[str, Any], form: str = "vc-jwt") -> bytes:
        """The document, signed now."""
        return sign_credential(document, self.key, self.method, form=form, created=self.clock.now)  # type: ignore[arg-type]

    def present(self, *credentials: bytes, form: str = "vp-jwt") -> bytes:
        """A presentation of signed credentials."""
        return sign_presentation(
            credentials,
            self.key,
            self.method,
            holder=self.did,
            form=form,
            created=self.clock.now,  # type: ignore[arg-type]
        )

    def withdrawal(self, content_id: str, reason: str | None = None) -> bytes:
        """A signed withdrawal, made now."""
        token = sign_withdrawal(content_id, self.did, self.key, self.method, self.clock.now, reason)
        return token.encode("ascii")
