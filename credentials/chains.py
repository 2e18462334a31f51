"""The checks `chain` and `host_binding`: who vouches for the key, and for which host (RFC 7517, 4.6 and 4.7).

Made only after the signature held, so that nobody makes this node fetch a chain for a key they don't have.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from credentials.certificate_paths import Path, PathProblem, covers, find_path
from credentials.dids import Did, DidMalformed, VerificationMethod, web_host
from credentials.keys import KeyUnusable, PublicKey, public_key_from_native
from credentials.outside import MAX_ADDRESS, Outside
from credentials.report import Check, Outcome
from credentials.resolving import FetchFailed, Obtained
from credentials.revocation import Revocation, RevocationChecking
from credentials.times import to_rfc3339
from credentials.trust_anchors import Anchor, Profile, TrustAnchors, read_pem, shown

#: Certificates in one chain, the leaf included; published chains have two to four.
MAX_CERTIFICATES = 10
#: Bytes of a chain, in PEM or as base64 in the DID document: ten large certificates.
MAX_CHAIN = 65_536
#: Chains of one submission: each may cost a request to a stranger's host.
MAX_CHAINS = 32
#: Names of a certificate that the report shows.
MAX_NAMES = 20

CHAIN_MEDIA_TYPES = "application/x-pem-file, application/pem-certificate-chain, text/plain, */*"
_BEGIN = b"-----BEGIN CERTIFICATE-----"

#: What can be said of the host without a certificate, by how the DID document was obtained.
_NO_CERTIFICATE: Mapping[Obtained | None, str] = {
    "https": "The DID document came from its host; there is no certificate whose names could be compared.",
    "folder": "The DID document came from the operator's folder; its host was not asked.",
    "derived": "The key was read from the text of the DID; nobody has shown control of its host.",
    "inline": "The DID has no host.",
    None: "No key was found whose host could be looked at.",
}


class ChainUnreadable(Exception):
    """A chain that can't be used: `problem` says why in a sentence, `temporary` if later may be better."""

    def __init__(self, problem: str, *, temporary: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.temporary = temporary


@dataclass(frozen=True, slots=True)
class Chain:
    """Certificates as presented, leaf first. `name` is the URL (x5u) or the DID URL of the key (x5c)."""

    name: str
    member: str
    certificates: tuple[x509.Certificate, ...]

    def pem(self) -> bytes:
        """All of them in PEM."""
        return b"".join(_pem(certificate) for certificate in self.certificates)


@dataclass(frozen=True, slots=True)
class Vouched:
    """The two checks, and the anchor at which the path that holds ends, if any."""

    chain: Check
    host_binding: Check
    anchor: Anchor | None = None


class Vouching:
    """The chains of one submission: each is read once, and kept for those who judge it again later."""

    def __init__(self, anchors: TrustAnchors | None, outside: Outside | None, at: datetime) -> None:
        self._anchors = anchors
        self._outside = outside
        self._at = at
        self.revocation = RevocationChecking(outside, at)
        self._chains: dict[str, Chain | ChainUnreadable] = {}
        #: What the checks rested on: chains as read, and the anchors at which they ended.
        self.chains: dict[str, Chain] = {}
        self.anchors: dict[str, Anchor] = {}

    def vouch(
        self, method: VerificationMethod, obtained: Obtained, signed_at: Callable[[], datetime]
    ) -> Vouched:
        """Both checks of one key, whose signature held, and whose DID document was `obtained` so."""
        member = next((name for name in ("x5c", "x5u") if name in (method.jwk or {})), None)
        if member is None:
            return not_vouched("The key names no certificate chain.", obtained)
        if self._anchors is None:
            return not_vouched(
                f"The key names a certificate chain ({member}), but no trust anchors are configured here.",
                obtained,
            )
        if member == "x5u" and self._outside is None:
            return not_vouched("The key's certificate chain (x5u) was not fetched: no network.", obtained)
        chain = self._chain(method)
        if isinstance(chain, ChainUnreadable):
            return unreadable(member, chain)
        self.chains[chain.name] = chain
        vouched = vouch(
            chain,
            method.key(),
            method.controller,
            self._anchors,
            self.revocation,
            signed_at=signed_at(),
            at=self._at,
        )
        if vouched.anchor is not None:
            self.anchors[vouched.anchor.fingerprint] = vouched.anchor
        return vouched

    def _chain(self, method: VerificationMethod) -> Chain | ChainUnreadable:
        chain = self._chains.get(method.id)
        if chain is None:
            try:
                if len(self._chains) >= MAX_CHAINS:
                    raise ChainUnreadable(f"the submission needs more than {MAX_CHAINS} chains")
                chain = self._read(method)
            except ChainUnreadable as problem:
                chain = problem
            self._chains[method.id] = chain
        return chain

    def _read(self, method: VerificationMethod) -> Chain:
        """`x5c` comes before `x5u`: it needs no fetch."""
        jwk = method.jwk or {}
        if "x5c" in jwk:
            return Chain(method.id, "x5c", _from_x5c(jwk["x5c"]))
        url = jwk.get("x5u")
        if self._outside is None or not isinstance(url, str) or len(url) > MAX_ADDRESS:
            raise ChainUnreadable(f"its x5u is not one URL of at most {MAX_ADDRESS} characters")
        try:
            fetched = self._outside.fetch(url, accept=CHAIN_MEDIA_TYPES, max_bytes=MAX_CHAIN)
        except FetchFailed as error:
            raise ChainUnreadable(
                f"x5u {error.url[:200]} can't be fetched: {error.reason}", temporary=error.temporary
            ) from error
        return Chain(url, "x5u", certificates_of(fetched.body))


def certificates_of(body: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a file, PEM or one in DER. Raises `ChainUnreadable`."""
    count = body.count(_BEGIN)
    if count > MAX_CERTIFICATES:
        raise ChainUnreadable(f"the chain has {count} certificates; at most {MAX_CERTIFICATES} are read")
    try:
        found = read_pem(body) if count else [x509.load_der_x509_certificate(body)]
    except ValueError as error:
        raise ChainUnreadable("the file holds no certificates in PEM or DER form, or a broken one") from error
    return tuple(found)


def vouch(
    chain: Chain,
    key: PublicKey,
    did: str,
    anchors: TrustAnchors,
    revocation: RevocationChecking,
    *,
    signed_at: datetime,
    at: datetime,
) -> Vouched:
    """Both checks on a chain that was read: as it was at the signature, and as it is at `at`."""
    leaf = chain.certificates[0]
    names = _dns_names(leaf)
    evidence: dict[str, Any] = {
        "source": chain.member,
        "name": chain.name[:500],
        "certificates": len(chain.certificates),
        "leaf": shown(leaf.subject),
        "names": list(names[:MAX_NAMES]),
    }
    if not _same_key(leaf, key):
        detail = (
            f"The first certificate, {shown(leaf.subject)}, is of another key than the one that signed. Put "
            "the key's own certificate first."
        )
        failed = Check("chain", Outcome.FAILED, detail, evidence | {"missing": "key"})
        return Vouched(failed, _unbound("The certificate is of another key, so its names say nothing."))
    now = _attempt(chain, anchors, at)
    signing = _attempt(chain, anchors, signed_at, now if isinstance(now, Path) else None)
    evidence["at_signing"] = _line(signing, signed_at)
    evidence["now"] = _line(now, at)
    if isinstance(now, PathProblem) or isinstance(signing, PathProblem):
        problem, when = (now, "") if isinstance(now, PathProblem) else (signing, "When it was signed: ")
        assert isinstance(problem, PathProblem)
        evidence["missing"] = problem.missing
        profile = None
        check = Check("chain", Outcome.FAILED, f"{when}{problem.detail}", evidence)
    else:
        profile = now.anchor.profile
        evidence["profile"] = profile.value
        evidence["anchor"] = shown(now.anchor.certificate.subject)
        evidence["anchor_sha256"] = now.anchor.fingerprint
        check = _unrevoked(revocation.check(now, signed_at), evidence)
    anchor = None if isinstance(now, PathProblem) else now.anchor
    return Vouched(check, _bind(did, names, profile), anchor)


def _unrevoked(revocation: Revocation, evidence: dict[str, Any]) -> Check:
    """The check `chain` of a path that holds, by what its authorities say of its certificates."""
    evidence["revocation"] = revocation.evidence
    for name, outcome in (("at_signing", revocation.at_signing), ("now", revocation.now)):
        if outcome is Outcome.FAILED:
            evidence[name] = {**evidence[name], "outcome": outcome.value, "missing": "revocation"}
    if revocation.now is Outcome.FAILED:
        evidence["missing"] = "revocation"
        return Check("chain", Outcome.FAILED, revocation.sentence, evidence)
    return Check(
        "chain",
        Outcome.PASSED,
        f"The certificates lead to {evidence['anchor']}, which this node trusts ({evidence['profile']}); "
        f"valid when it was signed and now. {revocation.sentence}",
        evidence,
    )


def not_vouched(detail: str, obtained: Obtained | None) -> Vouched:
    """Both checks not made, with the reason."""
    return Vouched(Check("chain", Outcome.NOT_CHECKED, detail), _unbound(_NO_CERTIFICATE[obtained]))


def unreadable(member: str, problem: ChainUnreadable) -> Vouched:
    """Both checks for a chain that is named and can't be used."""
    check = Check(
        "chain",
        Outcome.FAILED,
        f"The key names a certificate chain, but {problem.problem}.",
        {"source": member, "missing": "chain", "temporary": problem.temporary},
    )
    return Vouched(check, _unbound("There is no certificate whose names could be compared."))


def _unbound(detail: str) -> Check:
    return Check("host_binding", Outcome.NOT_CHECKED, detail)


def _from_x5c(entries: object) -> tuple[x509.Certificate, ...]:
    if not isinstance(entries, list) or not entries:
        raise ChainUnreadable("x5c must be a list of certificates")
    if len(entries) > MAX_CERTIFICATES:
        raise ChainUnreadable(f"x5c has {len(entries)} certificates; at most {MAX_CERTIFICATES} are read")
    found = []
    for entry in entries:
        if not isinstance(entry, str) or len(entry) > MAX_CHAIN:
            raise ChainUnreadable("an entry of x5c is no certificate in base64")
        try:
            found.append(x509.load_der_x509_certificate(base64.b64decode(entry, validate=True)))
        except (binascii.Error, ValueError) as error:
            raise ChainUnreadable("an entry of x5c is no certificate in base64") from error
    return tuple(found)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _same_key(leaf: x509.Certificate, key: PublicKey) -> bool:
    try:
        return public_key_from_native(leaf.public_key()) == key
    except (KeyUnusable, ValueError, UnsupportedAlgorithm):
        return False


def _attempt(
    chain: Chain, anchors: TrustAnchors, at: datetime, known: Path | None = None
) -> Path | PathProblem:
    """A path that holds at `at`; `known` is one that holds at another time, which saves half of the work."""
    try:
        if known is not None and covers(known, at):
            return known
        return find_path(chain.certificates, anchors, at)
    except PathProblem as problem:
        return problem


def _line(found: Path | PathProblem, at: datetime) -> Mapping[str, Any]:
    passed = not isinstance(found, PathProblem)
    line = {"outcome": (Outcome.PASSED if passed else Outcome.FAILED).value, "time": to_rfc3339(at)}
    return line if not isinstance(found, PathProblem) else line | {"missing": found.missing}


def _dns_names(leaf: x509.Certificate) -> Sequence[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    return [name.lower() for name in names.get_values_for_type(x509.DNSName)]


def _bind(did: str, names: Sequence[str], profile: Profile | None) -> Check:
    """Whether the certificate names the host of the DID (RFC 9525 section 6.3)."""
    if Did.parse(did).method != "web":
        return _unbound("The DID has no host.")
    try:
        host = web_host(did).partition(":")[0]
    except DidMalformed as error:
        return _unbound(f"The DID has no host to compare: {error.problem}.")
    if not names and profile is Profile.EIDAS:
        return _unbound("A certificate for seals names an organisation and no host.")
    evidence = {"host": host, "names": list(names[:MAX_NAMES])}
    if any(_covers(name, host) for name in names):
        return Check(
            "host_binding", Outcome.PASSED, f"The certificate names the DID's host {host}.", evidence
        )
    said = ", ".join(names[:3]) or "no host"
    return Check(
        "host_binding",
        Outcome.FAILED,
        f"The DID's host is {host}; the certificate names {said[:300]}. Use a certificate for {host}.",
        evidence,
    )


def _covers(name: str, host: str) -> bool:
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:] and "." in name[2:]
    return name == host
