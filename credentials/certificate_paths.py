"""From a leaf certificate to a trust anchor (RFC 5280 section 6), and in plain words what is missing.

Candidate paths are found here by name, few and short, and each is then verified as a straight line by
`cryptography.x509.verification`: a presented mesh of cross-signed certificates can't make it try them all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, rsa
from cryptography.x509.oid import CertificatePoliciesOID, ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from credentials.times import to_rfc3339
from credentials.trust_anchors import Anchor, Profile, TrustAnchors, shown

#: Certificates between the leaf and the anchor; published chains have one or two.
MAX_INTERMEDIATES = 5
#: Paths that are verified: one for each cross-signature of an intermediate, and some more.
MAX_PATHS = 8
#: Steps of the search for paths, so that a mesh of certificates of the same name ends it early.
MAX_STEPS = 200

Kind = TypeVar("Kind", bound=x509.ExtensionType)

#: EV TLS (CA/Browser Forum, EV Guidelines section 7.1.6.1).
EV_POLICY = x509.ObjectIdentifier("2.23.140.1.1")
#: QcCompliance (ETSI EN 319 412-5 section 4.2.1) in the extension qcStatements (RFC 3739 section 3.2.6).
_QC_STATEMENTS = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3")
_QC_COMPLIANCE = bytes.fromhex("06060400" + "8e460101")
#: Hashes of which somebody may make two texts with one value.
WEAK_HASHES = frozenset({"md5", "sha1"})
_MIN_RSA_BITS = 2048


class PathProblem(Exception):
    """Why no path holds. `missing` is one word of what to look for, `detail` a sentence for the provider.

    `missing`: root, intermediate, date, policy, constraint, algorithm, usage.
    """

    def __init__(self, missing: str, detail: str) -> None:
        super().__init__(detail)
        self.missing = missing
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Path:
    """A path by name: from the leaf to the last presented certificate, and the anchor it should end at."""

    certificates: tuple[x509.Certificate, ...]
    anchor: Anchor

    def pairs(self) -> Iterator[tuple[x509.Certificate, x509.Certificate]]:
        """Each certificate below the anchor, and the one that issued it, from the leaf on."""
        return pairwise((*self.certificates, self.anchor.certificate))


def find_path(chain: Sequence[x509.Certificate], anchors: TrustAnchors, at: datetime) -> Path:
    """A path from `chain[0]` to an anchor that is valid at `at`. Raises `PathProblem` of the first tried.

    The other certificates of the chain may come in any order; none of them is ever trusted as a root.
    """
    first: PathProblem | None = None
    for path in _candidates(chain, anchors):
        try:
            verify_path(path, at)
        except PathProblem as problem:
            first = first or problem
        else:
            return path
    raise first or _nowhere(chain)


def verify_path(path: Path, at: datetime) -> None:
    """Verify one path as it stood at `at`, under its anchor's profile. Raises `PathProblem`."""
    for certificate in path.certificates:
        check_dates(certificate, at)
        check_algorithms(certificate)
    check_dates(path.anchor.certificate, at)
    leaf = path.certificates[0]
    if is_authority(leaf):
        raise PathProblem(
            "usage",
            f"The first certificate, {shown(leaf.subject)}, is an authority's. The first one must be that of "
            "the signing key.",
        )
    verifier = (
        PolicyBuilder()
        .store(Store([path.anchor.certificate]))
        .time(at)
        .max_chain_depth(MAX_INTERMEDIATES)
        .extension_policies(ca_policy=_AUTHORITIES, ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )
    try:
        verifier.verify(leaf, list(path.certificates[1:]))
    except (VerificationError, ValueError) as error:
        raise _explained(path, str(error)) from error
    _PROFILES[path.anchor.profile](path)


def covers(path: Path, at: datetime) -> bool:
    """Whether a path that holds at another time holds at `at` too: only dates change with time."""
    return all(
        certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
        for certificate in (*path.certificates, path.anchor.certificate)
    )


def _candidates(chain: Sequence[x509.Certificate], anchors: TrustAnchors) -> Iterator[Path]:
    """Paths by name, shortest first, at most `MAX_PATHS`."""
    queue: deque[tuple[int, ...]] = deque([(0,)])
    found = 0
    for _ in range(MAX_STEPS):
        if not queue:
            return
        places = queue.popleft()
        last = chain[places[-1]]
        for anchor in anchors.named(last.issuer):
            yield Path(tuple(chain[place] for place in places), anchor)
            found += 1
            if found == MAX_PATHS:
                return
        if len(places) > MAX_INTERMEDIATES:
            continue
        for place, certificate in enumerate(chain):
            # One that names itself as its issuer is a root, which only the operator can bring.
            itself = certificate.issuer == certificate.subject
            if place not in places and not itself and certificate.subject == last.issuer:
                queue.append((*places, place))


def _nowhere(chain: Sequence[x509.Certificate]) -> PathProblem:
    """What to add to a chain that leads to no anchor."""
    last, seen = chain[0], {0}
    while last.issuer != last.subject:
        following = next(
            (
                place
                for place, certificate in enumerate(chain)
                if place not in seen and certificate.subject == last.issuer
            ),
            None,
        )
        if following is None:
            if any(chain[place].subject == last.issuer for place in seen):
                return PathProblem(
                    "root",
                    f"The certificates of the chain issue each other: {shown(last.issuer)} comes twice.",
                )
            return PathProblem(
                "intermediate",
                f"The chain ends at a certificate issued by {shown(last.issuer)}, whose own certificate is "
                "neither in the chain nor among this node's trust anchors. Add that intermediate, or use an "
                "authority that this node trusts.",
            )
        seen.add(following)
        last = chain[following]
    if last is chain[0]:
        return PathProblem(
            "root", f"The certificate {shown(last.subject)} is self-signed: no authority vouches for the key."
        )
    return PathProblem(
        "root",
        f"The chain ends at the root {shown(last.subject)}, which is not among this node's trust anchors. "
        "Use an authority that this node trusts, or add the cross-signed intermediate that leads to one.",
    )


def check_dates(certificate: x509.Certificate, at: datetime) -> None:
    """Raises `PathProblem` unless the certificate is within its dates."""
    if at < certificate.not_valid_before_utc:
        begins = to_rfc3339(certificate.not_valid_before_utc)
        raise PathProblem("date", f"The certificate {shown(certificate.subject)} begins at {begins} only.")
    if at > certificate.not_valid_after_utc:
        ended = to_rfc3339(certificate.not_valid_after_utc)
        raise PathProblem("date", f"The certificate {shown(certificate.subject)} ended at {ended}. Renew it.")


def check_algorithms(certificate: x509.Certificate) -> None:
    """Raises `PathProblem` for a key or a signature that can be forged."""
    who = shown(certificate.subject)
    try:
        algorithm = certificate.signature_hash_algorithm
        key = certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise PathProblem(
            "algorithm", f"The certificate {who} has a key or signature of no known kind."
        ) from error
    if algorithm is not None and algorithm.name in WEAK_HASHES:
        raise PathProblem(
            "algorithm",
            f"The certificate {who} is signed with {algorithm.name.upper()}, which can be forged. Have it "
            "issued anew with SHA-256 or better.",
        )
    if isinstance(key, dsa.DSAPublicKey) or (
        isinstance(key, rsa.RSAPublicKey) and key.key_size < _MIN_RSA_BITS
    ):
        raise PathProblem("algorithm", f"The key of the certificate {who} is too weak.")


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it may issue others by its basic constraints. Raises `PathProblem` if it can't be read."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
    except (ValueError, x509.DuplicateExtension) as error:
        raise PathProblem(
            "usage", f"The certificate {shown(certificate.subject)} has extensions that can't be read."
        ) from error


def _may_sign(_policy: Policy, _certificate: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("not an authority")


#: What is asked of every certificate that issues another (RFC 5280 section 6.1.4, k to n). That its basic
#: constraints say so, name constraints, path lengths and unknown critical extensions are the library's.
_AUTHORITIES = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
)


def _explained(path: Path, said: str) -> PathProblem:
    """The library's reason in words that a provider can act on."""
    last = path.certificates[-1]
    low = said.lower()
    if "name constraint" in low or "nameconstraint" in low:
        return PathProblem(
            "constraint",
            "An authority of the chain may vouch for other names only (name constraints), not for those of "
            f"{shown(path.certificates[0].subject)}.",
        )
    if ("path" in low and "length" in low) or "chain construction exceeds" in low or "depth" in low:
        return PathProblem("constraint", "The chain has more authorities than one of them allows.")
    if "critical" in low:
        return PathProblem(
            "usage", "A certificate of the chain has a critical extension that is not known here."
        )
    if "not an authority" in low or "basicconstraints" in low or "2.5.29.19" in low:
        return PathProblem("usage", "A certificate of the chain issues another without being an authority.")
    if "algorithm" in low:
        return PathProblem("algorithm", "A certificate of the chain uses an algorithm that is not accepted.")
    return PathProblem(
        "root",
        f"A signature in the chain that begins at {shown(last.subject)} and should lead to "
        f"{shown(path.anchor.certificate.subject)} doesn't hold: another key of that name made it. Present "
        "the certificates that really issued each other.",
    )


def _no_more(path: Path) -> None:
    """`lab`: a valid path is enough."""


def _as_ev_tls(path: Path) -> None:
    """EV policy on the leaf, and on each intermediate that or any policy; the leaf is for servers."""
    leaf, *others = path.certificates
    if EV_POLICY not in _policies(leaf):
        raise PathProblem(
            "policy",
            f"The certificate {shown(leaf.subject)} does not carry the policy {EV_POLICY.dotted_string} "
            "(extended validation), which this node asks for. Have an EV certificate issued.",
        )
    for certificate in others:
        if not _policies(certificate) & {EV_POLICY, CertificatePoliciesOID.ANY_POLICY}:
            raise PathProblem(
                "policy",
                f"The intermediate {shown(certificate.subject)} may not issue under the policy "
                f"{EV_POLICY.dotted_string}.",
            )
    usage = _extension(leaf, x509.ExtendedKeyUsage)
    if usage is not None and ExtendedKeyUsageOID.SERVER_AUTH not in usage:
        raise PathProblem("usage", f"The certificate {shown(leaf.subject)} is not for servers.")


def _as_eidas(path: Path) -> None:
    """A qualified certificate, whose key may sign."""
    leaf = path.certificates[0]
    statements = _extension_bytes(leaf, _QC_STATEMENTS)
    if statements is None or _QC_COMPLIANCE not in statements:
        raise PathProblem(
            "policy",
            f"The certificate {shown(leaf.subject)} is not a qualified one (it doesn't state QcCompliance, "
            "0.4.0.1862.1.1). Have a qualified seal or signature certificate issued.",
        )
    usage = _extension(leaf, x509.KeyUsage)
    if usage is not None and not (usage.digital_signature or usage.content_commitment):
        raise PathProblem("usage", f"The key of the certificate {shown(leaf.subject)} is not for signing.")


_PROFILES = {Profile.LAB: _no_more, Profile.EV_TLS: _as_ev_tls, Profile.EIDAS: _as_eidas}


def _policies(certificate: x509.Certificate) -> frozenset[x509.ObjectIdentifier]:
    policies = _extension(certificate, x509.CertificatePolicies)
    return frozenset(policy.policy_identifier for policy in policies or ())


def _extension(certificate: x509.Certificate, kind: type[Kind]) -> Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _extension_bytes(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes | None:
    for extension in certificate.extensions:
        if extension.oid == oid:
            value = extension.value
            return value.value if isinstance(value, x509.UnrecognizedExtension) else None
    return None
