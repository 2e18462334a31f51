"""Media types of signed documents, and reading a body without trusting what its headers say of it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from catalogue.api import kinds
from catalogue.api.problems import Problem

#: Signed JSON documents (W3C VC 1.1 and 2.0 with an embedded proof).
JSON_TYPES = (
    "application/ld+json",
    "application/json",
    "application/vc",
    "application/vp",
    "application/vc+ld+json",
    "application/vp+ld+json",
)
#: Signed tokens: the registered types and those in use by Gaia-X and its clearing houses.
TOKEN_TYPES = (
    "application/vc+jwt",
    "application/vp+jwt",
    "application/vc+ld+json+jwt",
    "application/vp+ld+json+jwt",
    "application/vc+ld+jwt",
    "application/vp+ld+jwt",
    "application/jwt",
    "application/jose",
)
SELF_DESCRIPTION_TYPES = JSON_TYPES + TOKEN_TYPES
WITHDRAWAL_TYPES = ("application/jose", "application/jwt", "application/catalogue-withdrawal+jwt")


def read_body(accepted: Sequence[str]) -> bytes:
    """The request's body, at most MAX_CONTENT_LENGTH bytes of it, whatever its headers claim.

    Raises Problem 415 for another media type or an encoded body; werkzeug raises 413 as soon as the limit is
    passed (chunked bodies too) and 400 when fewer bytes come than Content-Length announced.
    """
    if request.mimetype not in accepted:
        given = (
            f"{request.mimetype[:100]!r} is not taken" if request.mimetype else "the body has no Content-Type"
        )
        raise Problem(
            kinds.UNSUPPORTED_MEDIA_TYPE,
            given,
            {"where": "Content-Type", "accepted": list(accepted)},
            {"Accept-Post": ", ".join(accepted)},
        )
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Problem(
            kinds.UNSUPPORTED_ENCODING,
            f"Content-Encoding {encoding[:100]!r} would change the bytes that were signed",
            {"where": "Content-Encoding"},
            {"Accept-Encoding": "identity"},
        )
    return request.stream.read()
