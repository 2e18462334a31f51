"""The Online Certificate Status Protocol (RFC 6960) over GET, as in its lightweight profile (RFC 5019)."""

from __future__ import annotations

import base64
from datetime import datetime
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, SignatureAlgorithmOID

from credentials.authority_answers import (
    Answer,
    AnswerUnusable,
    check_hash,
    check_times,
    extension,
    web_addresses,
)
from credentials.certificate_paths import PathProblem, check_algorithms, check_dates
from credentials.outside import MAX_ADDRESS
from credentials.trust_anchors import shown

#: Bytes of an answer: a signature and a certificate or two. Published ones have 0.5 to 3 kB.
MAX_OCSP = 20_000
#: Certificates that an answer may bring along for its signer; one is enough.
MAX_RESPONDERS = 5
#: The only one that every responder knows (RFC 5019 section 2.1.1). It names a certificate, and no more.
_IN_REQUESTS = hashes.SHA1()  # noqa: S303
OCSP_MEDIA_TYPES = "application/ocsp-response, */*"


def ocsp_address(certificate: x509.Certificate, issuer: x509.Certificate) -> str | None:
    """Where to GET the status of a certificate (RFC 6960 appendix A.1); None if it names no such place.

    Raises `AnswerUnusable`.
    """
    access = extension(certificate, x509.AuthorityInformationAccess) or ()
    locations = [
        each.access_location for each in access if each.access_method == AuthorityInformationAccessOID.OCSP
    ]
    for address in web_addresses(locations):
        request = _request(certificate, issuer, _IN_REQUESTS).public_bytes(Encoding.DER)
        whole = f"{address.rstrip('/')}/{quote(base64.b64encode(request), safe='')}"
        if len(whole) <= MAX_ADDRESS:
            return whole
    return None


def read_ocsp(data: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> Answer:
    """What the answer says of a certificate by `issuer`, as it counts at `at`. Raises `AnswerUnusable`."""
    try:
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise AnswerUnusable(f"the responder says {response.response_status.name.lower()}")
        _check_subject(response, certificate, issuer)
        # Of the answer, and of what it says of the one certificate.
        if any(each.critical for held in (response.extensions, response.single_extensions) for each in held):
            raise AnswerUnusable("it has a critical extension that is not known here")
        check_times(response.this_update_utc, response.next_update_utc, at)
        _check_signature(response, issuer, at)
        if response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
            raise AnswerUnusable("the responder doesn't know the certificate")
        reason = response.revocation_reason
        return Answer(
            response.this_update_utc,
            response.next_update_utc,
            response.revocation_time_utc,
            reason.value if reason is not None else "",
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        # Answers about several certificates too: only one was asked about.
        raise AnswerUnusable("it is no OCSP answer about one certificate that can be read here") from error


def _request(
    certificate: x509.Certificate, issuer: x509.Certificate, algorithm: hashes.HashAlgorithm
) -> ocsp.OCSPRequest:
    return ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, algorithm).build()


def _check_subject(
    response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> None:
    """AnswerUnusable unless it is about the certificate that was asked about."""
    asked = _request(certificate, issuer, response.hash_algorithm)
    if (response.serial_number, response.issuer_name_hash, response.issuer_key_hash) != (
        asked.serial_number,
        asked.issuer_name_hash,
        asked.issuer_key_hash,
    ):
        raise AnswerUnusable("it is about another certificate")


def _check_signature(response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> None:
    """AnswerUnusable unless the issuer signed it, or a responder that the issuer itself named so.

    Whether such a responder's certificate was revoked isn't asked: that would need another answer of the same
    issuer, and those certificates are short-lived or say that nothing is to be asked (section 4.2.2.2.1).
    """
    signer = issuer
    if not _is_responder(response, issuer):
        signer = _delegated(response, issuer, at)
    check_hash(response.signature_hash_algorithm)
    try:
        _verify(signer, response)
    except InvalidSignature as error:
        raise AnswerUnusable(f"its signature isn't by the key of {shown(signer.subject)}") from error


def _is_responder(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    return (
        response.responder_key_hash
        == x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
    )


def _delegated(response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> x509.Certificate:
    """The certificate of the responder (section 4.2.2.2). Raises `AnswerUnusable`."""
    for certificate in response.certificates[:MAX_RESPONDERS]:
        if not _is_responder(response, certificate):
            continue
        usage = extension(certificate, x509.ExtendedKeyUsage)
        if usage is None or ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
            raise AnswerUnusable(f"its signer {shown(certificate.subject)} may not answer for an authority")
        try:
            certificate.verify_directly_issued_by(issuer)
            check_dates(certificate, at)
            check_algorithms(certificate)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise AnswerUnusable(
                f"its signer {shown(certificate.subject)} wasn't named by {shown(issuer.subject)}"
            ) from error
        except PathProblem as problem:
            raise AnswerUnusable(f"its signer can't be trusted: {problem.detail.rstrip('.')}") from problem
        return certificate
    raise AnswerUnusable("it is signed by somebody whose certificate it doesn't bring along")


def _verify(signer: x509.Certificate, response: ocsp.OCSPResponse) -> None:
    """Raises InvalidSignature; `AnswerUnusable` for kinds of signature that are not known."""
    key, algorithm = signer.public_key(), response.signature_hash_algorithm
    signature, signed = response.signature, response.tbs_response_bytes
    if response.signature_algorithm_oid == SignatureAlgorithmOID.RSASSA_PSS:
        # The library doesn't hand out the parameters of an answer's signature.
        raise AnswerUnusable("it is signed with RSASSA-PSS, which is not read here")
    if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
        key.verify(signature, signed, ec.ECDSA(algorithm))
    elif isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        key.verify(signature, signed)
    else:
        raise AnswerUnusable("it is signed in a way that is not known here")
