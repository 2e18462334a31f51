"""What an authority says of a certificate that it issued, in a CRL or by OCSP, and when that can be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import HashAlgorithm

from credentials.certificate_paths import WEAK_HASHES
from credentials.checks import CLOCK_SKEW
from credentials.times import to_rfc3339

#: How long an OCSP answer counts that names no end: its responder says that there may be news at any time
#: (RFC 6960 section 4.2.2.1).
MAX_AGE_WITHOUT_END = timedelta(hours=24)

Kind = TypeVar("Kind", bound=x509.ExtensionType)


class AnswerUnusable(Exception):
    """An answer from which nothing follows; `problem` is a clause, such as "it ended at ..."."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answer:
    """What the authority says of one certificate. `revoked_at` is None while it is not revoked.

    `reason` is one of RFC 5280 section 5.3.1, empty where none is given. `until` is when the next answer is
    due, None where it may come at any time.
    """

    made_at: datetime
    until: datetime | None
    revoked_at: datetime | None = None
    reason: str = ""


def check_times(made_at: datetime, until: datetime | None, at: datetime) -> None:
    """AnswerUnusable unless an answer of `made_at` still counts at `at`."""
    if made_at > at + CLOCK_SKEW:
        raise AnswerUnusable(f"it is of {to_rfc3339(made_at)}, still to come")
    if until is None and at - made_at > MAX_AGE_WITHOUT_END:
        raise AnswerUnusable(f"it is of {to_rfc3339(made_at)} and names no end")
    if until is not None and until <= at:
        raise AnswerUnusable(f"it ended at {to_rfc3339(until)}")


def check_hash(algorithm: HashAlgorithm | None) -> None:
    """AnswerUnusable for a signature over a hash that can be forged. None: the algorithm brings its own."""
    if algorithm is not None and algorithm.name in WEAK_HASHES:
        raise AnswerUnusable(f"it is signed with {algorithm.name.upper()}, which can be forged")


def extension(
    holder: x509.Certificate | x509.CertificateRevocationList | x509.RevokedCertificate, kind: type[Kind]
) -> Kind | None:
    """An extension, None where there is none. AnswerUnusable when the extensions can't be read."""
    try:
        return holder.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except (
        ValueError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise AnswerUnusable("it has extensions that can't be read") from error


def web_addresses(names: object) -> list[str]:
    """The addresses among general names that can be fetched; authorities name LDAP directories too."""
    return [
        name.value
        for name in (names if isinstance(names, (list, tuple)) else ())
        if isinstance(name, x509.UniformResourceIdentifier)
        and name.value.lower().startswith(("http://", "https://"))
    ]
