"""What a reader asks the holder of a presentation to sign, so that an old one can't be shown again elsewhere.

`challenge` and `domain` of a proof (Data Integrity 1.0 section 2.1), `nonce` and `aud` of a token (OpenID for
Verifiable Presentations 1.0 section 14.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from credentials.envelope import Envelope
from credentials.errors import Rejection

#: A challenge is random text of some dozen letters, a domain a URL; both are compared, never kept.
MAX_ASKED = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What must be signed; None for what wasn't asked."""

    challenge: str | None = None
    domain: str | None = None

    def answered(self, envelope: Envelope, proof: Mapping[str, Any]) -> Mapping[str, str]:
        """What was asked and is in the signature of `envelope`. Rejection of `purpose` for another answer."""
        if self == NOTHING_ASKED:
            return {}
        if envelope.form != "vp":
            raise Rejection(
                "purpose", "A challenge or domain was asked for; only a presentation answers that."
            )
        given, names = (proof, ("challenge", "domain"))
        if envelope.jws is not None:
            given, names = (envelope.document, ("nonce", "aud"))
        evidence = {}
        for name, asked in zip(names, (self.challenge, self.domain), strict=True):
            if asked is None:
                continue
            value = given.get(name)
            # A domain or audience may be one of several; a challenge is one.
            if value != asked and not (
                name in ("domain", "aud") and isinstance(value, list) and asked in value
            ):
                shown = "none" if value is None else repr(value)[:80]
                raise Rejection("purpose", f"Its {name} is not the one asked for: {shown}.", {name: shown})
            evidence[name] = asked
        return evidence


#: Of what is published nobody is asked anything: it is for everybody, and stays.
NOTHING_ASKED = Asked()
