"""No input raises anything but the typed refusals: drawn by hypothesis, and searched for by coverage."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hostile_logs import KEY, ORIGIN, OTHER_KEY, HonestLog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credentials.contexts import ContextStore
from credentials.policies import policy_named
from credentials.report import Report
from credentials.resolving import InlineResolver
from credentials.signing import (
    CREDENTIAL_FORMS,
    CredentialForm,
    did_key,
    generate_key,
    inline_method,
    sign_credential,
    sign_presentation,
)
from credentials.times import from_rfc3339
from credentials.transparency.checkpoints import verify_checkpoint
from credentials.transparency.evidence import fork_evidence
from credentials.transparency.log_keys import sign_rotation
from credentials.transparency.merkle import Frontier, leaf_hash
from credentials.transparency.tiles import print_bundle
from credentials.verification import Refused, Verifier

NOW = from_rfc3339("2026-06-01T12:00:00Z")
ED25519, P256 = generate_key("Ed25519"), generate_key("P-256")
VERIFIER = Verifier(policy_named("lab"), InlineResolver(), ContextStore(), lambda: NOW)
#: Seconds for each target of the coverage-guided search.
SEARCH = int(os.environ.get("FUZZ_SECONDS", "12"))
#: Where it starts: the same each time, but in `make soak`.
SEED = os.environ.get("FUZZ_SEED", "1")


def signed(form: CredentialForm) -> bytes:
    key = P256 if form.startswith("ecdsa") else ED25519
    did = did_key(key.public())
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/gaia-x/development#"],
        "type": ["VerifiableCredential"],
        "id": "https://alice.example/credential",
        "issuer": {"id": did},
        "validFrom": "2026-05-01T00:00:00Z",
        "credentialStatus": {"id": "https://alice.example/status#1", "type": "BitstringStatusListEntry"},
        "credentialSubject": {
            "id": "https://alice.example/service",
            "type": "gx:ServiceOffering",
            "schema:name": {"@value": "Löschteich", "@language": "de"},
            "gx:aggregationOfResources": [{"id": "_:a"}, {"id": "_:b"}],
        },
    }
    return sign_credential(
        document, key, inline_method(did), form=form, created=NOW, unsafe_unmapped=form != "vc-jwt"
    )


def presented(form: CredentialForm) -> bytes:
    did = did_key(ED25519.public())
    outer = "vp-jwt" if form == "vc-jwt" else "eddsa-rdfc-2022"
    return sign_presentation(
        [signed(form)],
        ED25519,
        inline_method(did),
        holder=did,
        form=outer,  # type: ignore[arg-type]
        created=NOW,
        unsafe_unmapped=True,
    )


SEEDS = [make(form) for form in CREDENTIAL_FORMS for make in (signed, presented)]
DOCUMENTS = [json.loads(seed) for seed in SEEDS if seed.startswith(b"{")]

_WORDS = """
    @id @type @value @graph @list @set @language @context @reverse @json id type proof issuer holder
    credentialSubject verifiableCredential cryptosuite previousProof created proofPurpose
    verificationMethod proofValue jws x _:b
"""
WORDS = st.sampled_from(_WORDS.split())
NAMES = WORDS | st.text(max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def verdict(data: bytes) -> Report:
    try:
        return VERIFIER.verify(data).report
    except Refused as refusal:
        return refusal.report


def places(item: Any) -> list[tuple[Any, Any]]:
    keys = list(item) if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
    return [place for key in keys for place in ((item, key), *places(item[key]))]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_signed_document_with_any_part_replaced_gets_a_report(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    for _ in range(data.draw(st.integers(1, 3))):
        found = places(document)
        holder, key = found[data.draw(st.integers(0, len(found) - 1))]
        holder[key] = data.draw(VALUES)
    report = verdict(json.dumps(document).encode("utf-8", "surrogatepass"))
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SEEDS), st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 6))
def test_signed_bytes_with_any_bytes_replaced_get_a_report(
    seed: bytes, place: int, replacement: bytes, length: int
) -> None:
    place %= len(seed)
    verdict(seed[:place] + replacement + seed[place + length :])


@pytest.mark.parametrize("name", ["credentialSubject", "issuer", "validFrom", "proof", "type", "@context"])
def test_a_member_that_is_null_gets_a_report(name: str) -> None:
    for document in DOCUMENTS:
        assert verdict(json.dumps({**document, name: None}).encode()).failed()


def seeds_of(target: str) -> list[bytes]:
    if target == "envelope":
        return SEEDS
    if target == "canonicaliser":
        return [bytes(range(60)), b"\1\2\3" * 30, bytes(90)]
    honest, other = HonestLog.of(3), HonestLog.of(3, "second")
    signed = [verify_checkpoint(one.checkpoint(), ORIGIN, [one.note_key]) for one in (honest, other)]
    evidence = fork_evidence(*signed, honest.note_key).to_bytes()
    statement = sign_rotation(ORIGIN, KEY, OTHER_KEY, 3, NOW)
    edge = Frontier().extend(map(leaf_hash, honest.entries)).to_bytes()
    parts = [b"tile/entries/x001/234.p/5", print_bundle(honest.entries), honest.checkpoint(), edge]
    parts += [signed[0].checkpoint.text().encode(), honest.entries[0], evidence, statement]
    # The first byte says which reader gets the rest.
    return [bytes([reader]) + part for reader in range(9) for part in parts]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["envelope", "canonicaliser", "log"])
def test_search_by_coverage_finds_nothing(target: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("atheris is missing")
        pytest.skip("atheris is not installed: it has programs for Linux on x86-64 only")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds_of(target)):
        (corpus / str(number)).write_bytes(seed)
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("fuzz_targets.py")),
            target,
            f"-max_total_time={SEARCH}",
            *(() if SEED == "random" else (f"-seed={SEED}",)),
            "-max_len=20000",
            "-timeout=10",
            f"-artifact_prefix={tmp_path}/found-",
            str(corpus),
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=SEARCH + 90,
        check=False,
    )
    found = {path.name: path.read_bytes()[:2000] for path in tmp_path.glob("found-*")}
    assert done.returncode == 0, (found, done.stdout[-3000:], done.stderr[-1500:])
    assert "DONE" in done.stderr
