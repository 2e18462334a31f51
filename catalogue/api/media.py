"""Media types of signed documents, and reading a body without trusting what its headers say of it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import current_app, request
from gunicorn.http.errors import ParseException

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
#: Bytes asked of the connection at once.
_READ_BYTES = 65_536
WITHDRAWAL_TYPES = ("application/jose", "application/jwt", "application/catalogue-withdrawal+jwt")


def read_body(accepted: Sequence[str]) -> bytes:
    """The request's body of one of the `accepted` media types, at most MAX_CONTENT_LENGTH bytes of it.

    Raises Problem 415 for another media type or an encoded body, 413 and 400 as `read_bounded`.
    """
    if request.mimetype not in accepted:
        given = f"{request.mimetype[:100]!r} is not taken" if request.mimetype else "there is no Content-Type"
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
    return read_bounded()


def read_bounded() -> bytes:
    """The request's body, whatever its headers claim: of a longer one, one byte too many is read.

    Raises Problem 413 when it is longer than MAX_CONTENT_LENGTH, chunked or not, and 400 when it is shorter
    than announced. (werkzeug's own stream silently cuts a chunked body at the limit.)
    """
    limit: int = current_app.config["MAX_CONTENT_LENGTH"]
    announced = request.content_length
    if announced is None and not request.environ.get("wsgi.input_terminated"):
        return b""
    if announced is not None and announced > limit:
        raise _too_large(limit)
    stream = request.environ["wsgi.input"]
    wanted = limit + 1 if announced is None else announced
    parts: list[bytes] = []
    while wanted > 0:
        try:
            part = stream.read(min(wanted, _READ_BYTES))
        except (OSError, ValueError, ParseException) as error:
            # Chunks that are no chunks (gunicorn names them itself) and connections that break.
            raise Problem(kinds.MALFORMED_REQUEST, "the body can't be read", {"where": "body"}) from error
        if not part:
            break
        parts.append(part)
        wanted -= len(part)
    if announced is None and wanted <= 0:
        raise _too_large(limit)
    if announced is not None and wanted > 0:
        raise Problem(
            kinds.MALFORMED_REQUEST, "the body is shorter than announced", {"where": "Content-Length"}
        )
    return b"".join(parts)


def _too_large(limit: int) -> Problem:
    return Problem(kinds.TOO_LARGE, f"more than {limit} bytes", {"max_bytes": limit})
