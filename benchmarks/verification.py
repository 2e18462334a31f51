"""Complete verifications in one process, beside `@digitalbazaar/vc` on Node and a plain use of pyld.

"Complete" is what publishing asks: structure, dates, DID document, purpose, canonical form, signature, and
the report of it all; contexts and DID documents are at hand. What runs in one process is measured in its CPU
time, so that other work on the machine counts for little; what runs in two, by the clock.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyld import jsonld as pyld

from benchmarks import corpus
from catalogue.spreading import spread
from credentials.contexts import ContextStore
from credentials.encoding import from_multibase
from credentials.jsonld import JsonLd
from credentials.keys import PublicKey
from credentials.policies import policy_named
from credentials.resolving import FolderResolver
from credentials.signing import (
    CredentialForm,
    KeyKind,
    PrivateKey,
    did_document,
    generate_key,
    sign_credential,
    sign_presentation,
)
from credentials.times import utc_now
from credentials.verification import Verifier

PEERS = Path(__file__).parents[1] / "tests" / "e2e" / "peers"
#: Quads of the offering that is verified.
QUADS = 60
#: Verifications of one measurement: a second or less.
ROUNDS = 500
#: Credentials of the presentation, and how often it is verified.
PRESENTED, PRESENTATION_ROUNDS = 20, 20
#: Documents that are spread over processes: enough that starting these doesn't count.
BULK = 6_000
_NODE_SECONDS = 120


class Signer:
    """An issuer with one key of `kind`, whose DID document `verifier` finds in a folder."""

    def __init__(self, folder: Path, kind: KeyKind) -> None:
        self.key: PrivateKey = generate_key(kind)
        self.did = f"did:web:{kind.lower()}.bench.example"
        self.method = f"{self.did}#key-1"
        self.made_at = corpus.made_now()
        folder.mkdir(parents=True, exist_ok=True)
        self.document = did_document(self.did, {"key-1": self.key.public()})
        (folder / f"{kind}.json").write_text(json.dumps(self.document))

    def sign(self, number: int, form: CredentialForm, jsonld: JsonLd) -> bytes:
        """Offering `number` as published: one line, signed in `form`."""
        document = offering(self.did, number, jsonld)
        data = sign_credential(
            document, self.key, self.method, form=form, created=self.made_at, jsonld=jsonld
        )
        return data if form == "vc-jwt" else json.dumps(json.loads(data)).encode()


class Bench:
    """A verifier, and the signers that it knows."""

    def __init__(self, folder: Path) -> None:
        self.contexts = ContextStore()
        self.jsonld = JsonLd(self.contexts)
        self.ed25519 = Signer(folder, "Ed25519")
        self.p256 = Signer(folder, "P-256")
        self.rsa = Signer(folder, "RSA-2048")
        self.verifier = Verifier(policy_named("default"), FolderResolver(folder), self.contexts, utc_now)

    def milliseconds(self, data: bytes, rounds: int = ROUNDS) -> float:
        """CPU time of one verification of `data`."""
        return milliseconds(lambda: self.verifier.verify(data), rounds)


@dataclass(frozen=True, slots=True)
class Bulk:
    """Documents a second by the clock, and the CPU time of all processes together for all of them."""

    rate: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Presentation:
    """Milliseconds of a presentation, and of its credentials one by one."""

    whole: float
    one_by_one: float


def offering(did: str, number: int, jsonld: JsonLd) -> dict[str, Any]:
    """An unsigned offering with `QUADS` quads."""
    document = corpus.offering(corpus.Issuer(did, {}, "vc-jwt"), number, corpus.made_now())
    subject = document["credentialSubject"]
    parts = subject["gx:subContractors"]
    # Six quads each; the rest is words.
    parts += [{**parts[0], "gx:legalName": f"another partner {index}"} for index in range(2)]
    missing = QUADS - len(jsonld.expand(document).quads)
    subject["gx:keyword"] += [f"keyword {index}" for index in range(missing)]
    return document


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    """CPU time of `work`, once it has been done a few times."""
    for _ in range(max(1, rounds // 10)):
        work()
    start = time.process_time()
    for _ in range(rounds):
        work()
    return (time.process_time() - start) * 1000 / rounds


def plain_pyld(bench: Bench, data: bytes) -> float:
    """Milliseconds of the same proof by pyld's public functions alone, with contexts it may keep processed.

    The signature and the two canonical forms that it covers, and nothing else.
    """
    loaded = {url: bench.contexts.document(url) for url in bench.contexts.urls()}

    def loader(url: str, _: object) -> dict[str, object]:
        return {
            "contextUrl": None,
            "documentUrl": url,
            "document": loaded[url],
            "contentType": "application/ld+json",
            "tag": "static",
        }

    key = bench.ed25519.key.public()
    return milliseconds(lambda: _check_by_pyld(data, key, loader), ROUNDS // 5)


def _check_by_pyld(data: bytes, key: PublicKey, loader: Callable[..., object]) -> None:
    document = json.loads(data)
    proof = document.pop("proof")
    signature = from_multibase(proof.pop("proofValue"))
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": loader}
    hashes = b""
    for signed in ({"@context": document["@context"], **proof}, document):
        hashes += hashlib.sha256(pyld.normalize(signed, options).encode()).digest()
    key.verify("EdDSA", signature, hashes)


def peers_missing() -> str:
    """Why `@digitalbazaar/vc` can't be asked, "" if it can."""
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (PEERS / "node_modules").is_dir():
        return "run .ci/install-peers first"
    return ""


def on_node(bench: Bench, data: bytes, form: CredentialForm) -> float:
    """Milliseconds of CPU of one verification of `data` by `@digitalbazaar/vc`."""
    signer = bench.ed25519
    method = {
        "@context": "https://w3id.org/security/multikey/v1",
        "id": signer.method,
        "type": "Multikey",
        "controller": signer.did,
        "publicKeyMultibase": signer.key.public().multibase(),
    }
    controller = {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": signer.did,
        "verificationMethod": [method],
        "assertionMethod": [signer.method],
    }
    given = {
        "credential": json.loads(data),
        "form": form,
        "contexts": {url: bench.contexts.document(url) for url in bench.contexts.urls()},
        "documents": {signer.did: controller, signer.method: method},
        "rounds": ROUNDS,
    }
    script = Path(__file__).with_suffix(".mjs").read_text()
    # Given as text, it finds the packages from the folder it runs in.
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        cwd=PEERS,
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        timeout=_NODE_SECONDS,
        check=True,
    )
    return float(done.stdout)


def presentation(bench: Bench, form: CredentialForm) -> Presentation:
    """A presentation of `PRESENTED` credentials beside these alone."""
    signer = bench.p256 if form == "vc-jwt" else bench.ed25519
    credentials = [signer.sign(number, form, bench.jsonld) for number in range(PRESENTED)]
    data = sign_presentation(
        credentials,
        signer.key,
        signer.method,
        holder=signer.did,
        form="vp-jwt" if form == "vc-jwt" else form,
        created=signer.made_at,
        jsonld=bench.jsonld,
    )

    def each() -> None:
        for one in credentials:
            bench.verifier.verify(one)

    one_by_one = milliseconds(each, PRESENTATION_ROUNDS)
    return Presentation(bench.milliseconds(data, PRESENTATION_ROUNDS), one_by_one)


def bulk(bench: Bench, processes: int) -> Bulk:
    """Verifications spread over `processes`, of many offerings."""
    signer = bench.p256
    distinct = [signer.sign(number, "vc-jwt", bench.jsonld) for number in range(BULK // 20)]
    documents = distinct * 20
    start, before = time.perf_counter(), _cpu_seconds()
    for _ in spread(lambda data: bench.verifier.verify(data).report.content_id, documents, processes):
        pass
    return Bulk(len(documents) / (time.perf_counter() - start), _cpu_seconds() - before)


def _cpu_seconds() -> float:
    """Of this process and of those it started that have ended."""
    return sum(os.times()[:4])
