"""Certificates at which chains may end, each under a profile that says what is asked of the chain.

A PEM file, or a folder of them. A file or sub-folder named after a profile (`ev-tls.pem`, `eidas/*.pem`)
holds anchors of that profile; any other file's are of `lab`, which asks for a valid path and nothing more.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

#: Europe's trusted lists name some 500 authorities for seals, browsers some 150 for TLS.
MAX_ANCHORS = 5_000
#: A certificate takes 1 to 3 kB in PEM.
MAX_FILE_BYTES = 20_000_000
#: Characters of a distinguished name in a report.
MAX_NAME = 200


class Profile(StrEnum):
    """What is asked of a chain beyond the path: `eidas` a certificate for signatures or seals (RFC 3739,
    ETSI EN 319 412-5), `ev-tls` the policy 2.23.140.1.1 for servers, `lab` nothing.
    """

    EIDAS = "eidas"
    EV_TLS = "ev-tls"
    LAB = "lab"


_NAMES = frozenset(profile.value for profile in Profile)


class AnchorsUnusable(Exception):
    """Trust anchors that can't be read; `path` and `problem` tell the operator where and what."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Anchor:
    """One trusted certificate and the profile under which it is trusted."""

    profile: Profile
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, 64 hex digits."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class TrustAnchors:
    """The anchors of a node. With none at all every chain ends nowhere."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        order = list(Profile)
        self.anchors = tuple(sorted(anchors, key=lambda anchor: order.index(anchor.profile)))
        self._by_name: dict[bytes, list[Anchor]] = {}
        for anchor in self.anchors:
            self._by_name.setdefault(anchor.certificate.subject.public_bytes(), []).append(anchor)

    def named(self, name: x509.Name) -> Sequence[Anchor]:
        """The anchors of that subject, those of the stricter profile first."""
        return self._by_name.get(name.public_bytes(), ())

    @classmethod
    def load(cls, path: Path) -> TrustAnchors:
        """Read a file or folder. Raises `AnchorsUnusable`, also where there is no certificate at all."""
        anchors = [anchor for profile, file in _files(path) for anchor in _read(profile, file)]
        if not anchors:
            raise AnchorsUnusable(path, "no certificate in PEM form in it")
        if len(anchors) > MAX_ANCHORS:
            raise AnchorsUnusable(path, f"more than {MAX_ANCHORS} certificates")
        return cls(anchors)


def read_pem(data: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM text, in order. ValueError when one can't be read or there are none."""
    with warnings.catch_warnings():
        # Roots from before today's rules (serial numbers, encodings) are still roots.
        warnings.simplefilter("ignore")
        return x509.load_pem_x509_certificates(data)


def shown(name: x509.Name) -> str:
    """A distinguished name for a person (RFC 4514)."""
    return name.rfc4514_string()[:MAX_NAME] or "a certificate without a name"


def _files(path: Path) -> Iterator[tuple[Profile, Path]]:
    try:
        if not path.is_dir():
            yield _profile(path.stem), path
            return
        for entry in sorted(path.iterdir()):
            if entry.is_dir() and entry.name in _NAMES:
                for file in sorted(entry.glob("*.pem")):
                    yield Profile(entry.name), file
            elif entry.suffix == ".pem":
                yield _profile(entry.stem), entry
    except OSError as error:
        raise AnchorsUnusable(path, str(error)) from error


def _profile(stem: str) -> Profile:
    return Profile(stem) if stem in _NAMES else Profile.LAB


def _read(profile: Profile, file: Path) -> list[Anchor]:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise AnchorsUnusable(file, f"larger than {MAX_FILE_BYTES} bytes")
        return [Anchor(profile, certificate) for certificate in read_pem(data)]
    except OSError as error:
        raise AnchorsUnusable(file, str(error)) from error
    except ValueError as error:
        raise AnchorsUnusable(file, "no certificate in PEM form in it, or one that can't be read") from error
