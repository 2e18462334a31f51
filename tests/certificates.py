"""Certificate authorities of the tests' own, honest and not."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HOST = "provider.example"
EV = x509.ObjectIdentifier("2.23.140.1.1")
ANY_POLICY = x509.ObjectIdentifier("2.5.29.32.0")
#: qcStatements with QcCompliance.
QUALIFIED = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"), bytes.fromhex("300a300806060400" + "8e460101")
)

Extension = tuple[x509.ExtensionType, bool]


@dataclass(frozen=True)
class Authority:
    """A key with its certificate; may issue others."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def name(self) -> x509.Name:
        return self.certificate.subject

    def issue(self, common_name: str, **options: object) -> Authority:
        """An authority below this one."""
        return _authority(common_name, self.key, self.name, **options)  # type: ignore[arg-type]

    def leaf(
        self,
        key: ec.EllipticCurvePrivateKey | object,
        *,
        hosts: Sequence[str] = (HOST,),
        policies: Sequence[x509.ObjectIdentifier] = (),
        extensions: Sequence[Extension] = (),
        days: tuple[int, int] = (-30, 30),
        authority: bool = False,
    ) -> x509.Certificate:
        """A certificate for `key` (an object of `cryptography`); `days` are counted from NOW."""
        builder = _builder("leaf", self.name, key, days)
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
        for extension, critical in [*extensions, *_policies(policies)]:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())


def root(common_name: str = "Root", **options: object) -> Authority:
    """A self-signed authority."""
    return _authority(common_name, None, None, **options)  # type: ignore[arg-type]


def pem(*certificates: x509.Certificate | Authority) -> bytes:
    """Certificates in PEM, in order."""
    return b"".join(_plain(one).public_bytes(serialization.Encoding.PEM) for one in certificates)


def x5c(*certificates: x509.Certificate | Authority) -> list[str]:
    """Certificates as a JWK carries them."""
    return [
        base64.b64encode(_plain(one).public_bytes(serialization.Encoding.DER)).decode()
        for one in certificates
    ]


def with_sha1(certificate: x509.Certificate) -> x509.Certificate:
    """The certificate saying that it is signed with ECDSA and SHA-1, which no library still signs."""
    return x509.load_der_x509_certificate(
        said_to_be_sha1(certificate.tbs_certificate_bytes, certificate.signature)
    )


def said_to_be_sha1(inside: bytes, signature: bytes) -> bytes:
    """A signed structure in DER, of what is signed with ECDSA and SHA-256, that names SHA-1."""
    sha256, sha1 = bytes.fromhex("300a06082a8648ce3d040302"), bytes.fromhex("300906072a8648ce3d0401")
    header = 2 + max(0, inside[1] - 0x80)
    body = _sequence(inside[header:].replace(sha256, sha1)) + sha1
    body += b"\x03" + bytes([len(signature) + 1]) + b"\x00" + signature
    return _sequence(body)


def _sequence(content: bytes) -> bytes:
    size = len(content)
    length = b"\x81" + bytes([size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    return b"\x30" + length + content


def _authority(
    common_name: str,
    signer: ec.EllipticCurvePrivateKey | None,
    issuer: x509.Name | None,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    policies: Sequence[x509.ObjectIdentifier] = (),
    extensions: Sequence[Extension] = (),
    days: tuple[int, int] = (-300, 300),
    path_length: int | None = None,
    is_authority: bool = True,
) -> Authority:
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = _builder(common_name, issuer, key, days).add_extension(
        x509.BasicConstraints(is_authority, path_length if is_authority else None), critical=True
    )
    for extension, critical in [*extensions, *_policies(policies)]:
        builder = builder.add_extension(extension, critical)
    return Authority(key, builder.sign(signer or key, hashes.SHA256()))


def _builder(
    common_name: str, issuer: x509.Name | None, key: object, days: tuple[int, int]
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    public = key.public_key() if hasattr(key, "public_key") else key
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )


def _policies(policies: Sequence[x509.ObjectIdentifier]) -> list[Extension]:
    if not policies:
        return []
    return [(x509.CertificatePolicies([x509.PolicyInformation(one, None) for one in policies]), False)]


def _plain(one: x509.Certificate | Authority) -> x509.Certificate:
    return one.certificate if isinstance(one, Authority) else one
