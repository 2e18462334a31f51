"""Certificate revocation lists (RFC 5280 sections 5 and 6.3): complete ones, of the issuer's own.

Lists of changes only, of another authority's revocations, or for some reasons only aren't used: from them
alone it doesn't follow that a certificate is good.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from credentials.authority_answers import (
    Answer,
    AnswerUnusable,
    check_hash,
    check_times,
    extension,
    web_addresses,
)
from credentials.certificate_paths import is_authority
from credentials.trust_anchors import shown

#: Bytes of a list: some 40,000 entries, which take 40 ms to verify. The lists of large national authorities
#: have more; those authorities answer by OCSP too, which is asked first.
MAX_CRL = 2_000_000
CRL_MEDIA_TYPES = "application/pkix-crl, */*"

_PEM = b"-----BEGIN X509 CRL-----"
#: What a list may be marked with as critical (RFC 5280 section 5.2) and is looked at here.
_KNOWN = frozenset(
    {
        x509.IssuingDistributionPoint.oid,
        x509.AuthorityKeyIdentifier.oid,
        x509.CRLNumber.oid,
        x509.DeltaCRLIndicator.oid,
    }
)


@dataclass(frozen=True, slots=True)
class Point:
    """Where a list lies that speaks of a certificate: `addresses` are what can be fetched of `names`."""

    addresses: tuple[str, ...]
    names: tuple[x509.GeneralName, ...]


def points_of(certificate: x509.Certificate) -> Iterator[Point]:
    """The points that a certificate names for its issuer's own complete lists. Raises `AnswerUnusable`."""
    for point in extension(certificate, x509.CRLDistributionPoints) or ():
        if point.full_name and not point.reasons and not point.crl_issuer:
            yield Point(tuple(web_addresses(point.full_name)), tuple(point.full_name))


def read_crl(
    data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, point: Point, at: datetime
) -> Answer:
    """What the list behind `point` says of a certificate by `issuer`, as it counts at `at`.

    Raises `AnswerUnusable`.
    """
    try:
        crl = x509.load_pem_x509_crl(data) if data.startswith(_PEM) else x509.load_der_x509_crl(data)
        made_at, until = crl.last_update_utc, crl.next_update_utc
    except ValueError as error:
        raise AnswerUnusable("it is no CRL") from error
    if crl.issuer != issuer.subject:
        raise AnswerUnusable(f"it is of another authority, {shown(crl.issuer)}")
    if until is None:
        raise AnswerUnusable("it doesn't say when it ends")
    check_times(made_at, until, at)
    _check_scope(crl, certificate, point)
    _check_signature(crl, issuer)
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    return Answer(made_at, until, *(_revoked(entry) if entry is not None else ()))


def _check_scope(crl: x509.CertificateRevocationList, certificate: x509.Certificate, point: Point) -> None:
    """AnswerUnusable unless the list is complete, and for such certificates (RFC 5280 section 6.3.3 b, c)."""
    if extension(crl, x509.DeltaCRLIndicator) is not None:
        raise AnswerUnusable("it lists changes to another list only")
    if any(each.critical and each.oid not in _KNOWN for each in crl.extensions):
        raise AnswerUnusable("it has a critical extension that is not known here")
    scope = extension(crl, x509.IssuingDistributionPoint)
    if scope is None:
        return
    if scope.indirect_crl or scope.only_some_reasons:
        raise AnswerUnusable("it isn't the issuer's own complete list")
    authority = is_authority(certificate)
    if scope.only_contains_attribute_certs or (
        scope.only_contains_user_certs if authority else scope.only_contains_ca_certs
    ):
        raise AnswerUnusable("it is for certificates of another kind")
    if scope.relative_name or (scope.full_name and not set(scope.full_name) & set(point.names)):
        raise AnswerUnusable("it is for certificates that name another place for their list")


def _check_signature(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    usage = extension(issuer, x509.KeyUsage)
    if usage is not None and not usage.crl_sign:
        raise AnswerUnusable(f"the key of {shown(issuer.subject)} is not for signing lists")
    try:
        check_hash(crl.signature_hash_algorithm)
        holds = crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AnswerUnusable("it is signed in a way that is not known here") from error
    if not holds:
        raise AnswerUnusable(f"its signature isn't by the key of {shown(issuer.subject)}")


def _revoked(entry: x509.RevokedCertificate) -> tuple[datetime | None, str]:
    """Since when, and why. Where it is known since when the key is unsafe, that time counts, if earlier."""
    if extension(entry, x509.CertificateIssuer) is not None:
        raise AnswerUnusable("its entry is about another authority's certificate")
    reason = extension(entry, x509.CRLReason)
    if reason is not None and reason.reason is x509.ReasonFlags.remove_from_crl:
        return None, ""
    since = entry.revocation_date_utc
    unsafe = extension(entry, x509.InvalidityDate)
    if unsafe is not None:
        since = min(since, unsafe.invalidity_date_utc)
    return since, reason.reason.value if reason is not None else ""
