"""What authorities of the tests' own say of certificates: lists and OCSP answers, good and not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from certificates import NOW, Authority, Extension, said_to_be_sha1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

HOUR = timedelta(hours=1)
#: What a responder's certificate must say.
FOR_OCSP: Extension = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)


def asked_at(*, ocsp_at: str | None = None, crl_at: Sequence[str] = ()) -> list[Extension]:
    """The extensions that name a responder and places of lists."""
    made: list[Extension] = []
    if ocsp_at is not None:
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp_at)
        )
        made.append((x509.AuthorityInformationAccess([access]), False))
    if crl_at:
        points = [
            x509.DistributionPoint([x509.UniformResourceIdentifier(each)], None, None, None)
            for each in crl_at
        ]
        made.append((x509.CRLDistributionPoints(points), False))
    return made


def entry(
    certificate: x509.Certificate, at: datetime = NOW - HOUR, *extensions: x509.ExtensionType
) -> x509.RevokedCertificate:
    """An entry of a list."""
    builder = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(at)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.build()


def scope(
    *, names: Sequence[str] = (), users: bool = False, authorities: bool = False, indirect: bool = False
) -> x509.IssuingDistributionPoint:
    """What a list says of the certificates that it is for."""
    return x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(each) for each in names] or None,
        relative_name=None,
        only_contains_user_certs=users,
        only_contains_ca_certs=authorities,
        only_some_reasons=None,
        indirect_crl=indirect,
        only_contains_attribute_certs=False,
    )


def crl(
    by: Authority,
    *entries: x509.RevokedCertificate,
    name: x509.Name | None = None,
    extensions: Sequence[Extension] = (),
    made_at: datetime = NOW - HOUR,
    until: datetime = NOW + 24 * HOUR,
) -> bytes:
    """A list in DER, signed by `by`."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name or by.name)
        .last_update(made_at)
        .next_update(until)
    )
    # The builder copies all entries for each one that is added.
    builder._revoked_certificates = list(entries)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)


def with_sha1(made: bytes) -> bytes:
    """A list that says it is signed with SHA-1."""
    of = x509.load_der_x509_crl(made)
    return said_to_be_sha1(of.tbs_certlist_bytes, of.signature)


def ocsp_answer(
    certificate: x509.Certificate,
    issuer: Authority,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    revoked_at: datetime | None = None,
    reason: x509.ReasonFlags | None = None,
    made_at: datetime = NOW - HOUR,
    until: datetime | None = NOW + 24 * HOUR,
    by: Authority | None = None,
    with_certificates: Sequence[x509.Certificate] = (),
    by_name: bool = True,
    critical: bool = False,
) -> bytes:
    """An answer about `certificate` by `issuer`, signed by `by` or the issuer itself."""
    responder = by or issuer
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            certificate,
            issuer.certificate,
            hashes.SHA1(),
            status,
            made_at,
            until,
            revoked_at if status is ocsp.OCSPCertStatus.REVOKED else None,
            reason,
        )
        .responder_id(
            ocsp.OCSPResponderEncoding.NAME if by_name else ocsp.OCSPResponderEncoding.HASH,
            responder.certificate,
        )
    )
    if with_certificates:
        builder = builder.certificates(list(with_certificates))
    if critical:
        builder = builder.add_extension(x509.OCSPNonce(b"12345678"), critical=True)
    return builder.sign(responder.key, hashes.SHA256()).public_bytes(Encoding.DER)


def revoked(certificate: x509.Certificate, issuer: Authority, at: datetime = NOW - HOUR) -> bytes:
    """An answer that says so."""
    return ocsp_answer(
        certificate,
        issuer,
        status=ocsp.OCSPCertStatus.REVOKED,
        revoked_at=at,
        reason=x509.ReasonFlags.key_compromise,
    )
