"""Our context tables say what the published contexts say: the same active contexts, term by term.

The published files are read from the reference folder beside the repository; they are no part of it.
"""

import copy
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pyld import jsonld

from vocab.contexts import context_document, known_contexts
from vocab.namespaces import DEVELOPMENT, TAGUS, V2511

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"

PUBLISHED = {
    "https://www.w3.org/2018/credentials/v1": "credentials_v1.json",
    "https://www.w3.org/ns/credentials/v2": "credentials_v2.json",
    "https://w3id.org/security/suites/jws-2020/v1": "jws2020_v1.json",
    "https://w3id.org/security/suites/ed25519-2020/v1": "ed25519-2020_v1.json",
    "https://w3id.org/security/data-integrity/v1": "data-integrity_v1.json",
    "https://w3id.org/security/data-integrity/v2": "data-integrity_v2.json",
    "https://w3id.org/security/multikey/v1": "multikey_v1.json",
    "https://www.w3.org/ns/did/v1": "did_v1.json",
    "https://w3id.org/vc/status-list/2021/v1": "status-list-2021_v1.json",
    "https://www.w3.org/ns/credentials/status/v1": "bitstring-status-list_v1.json",
    TAGUS: "trustframework.json",
    DEVELOPMENT: "gx-25.11.context.jsonld",
}
SPELLINGS = {
    TAGUS.rstrip("#"): TAGUS,
    TAGUS.replace("eu/dev", "eu//dev"): TAGUS,
    TAGUS.rstrip("#").replace("eu/dev", "eu//dev"): TAGUS,
    DEVELOPMENT.rstrip("#"): DEVELOPMENT,
    "https://registry.lab.gaia-x.eu/development/context/development": DEVELOPMENT,
    V2511.rstrip("#"): V2511,
    "https://registry.lab.gaia-x.eu/main/context/2511": V2511,
    "https://registry.lab.gaia-x.eu/development/context/2511": V2511,
}
OWN = {"https://w3id.org/cloud-federation/v1"}

Active = dict[str, Any]
UNTOLD = "does not process"


@pytest.fixture(scope="module", autouse=True)
def _reference_is_here() -> None:
    if not (REFERENCE / "contexts").is_dir():
        message = "the published contexts (../shared/reference/contexts) are not here to compare with"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


@cache
def _text(url: str) -> str:
    """The published context as JSON text; Loire 25.11 is the published one under its own namespace."""
    if url == V2511:
        return _text(DEVELOPMENT).replace(DEVELOPMENT, V2511)
    return (REFERENCE / "contexts" / PUBLISHED[url]).read_text(encoding="utf-8")


def published(url: str) -> Any:
    return json.loads(_text(url))["@context"]


def ours(url: str) -> Any:
    return copy.deepcopy(context_document(url)["@context"])


def process(active: Active, local: object, **how: bool) -> Active:
    """One run of the context processing algorithm, nothing cached between runs."""

    def refuse(url: str, options: object) -> object:
        raise AssertionError(f"a context refers to another: {url}")

    resolver = jsonld.ContextResolver({}, refuse)
    options = {
        "base": "",
        "documentLoader": refuse,
        "contextResolver": resolver,
        "processingMode": "json-ld-1.1",
    }
    return jsonld.JsonLdProcessor()._process_context(active, local, options, **how)


def initial() -> Active:
    return jsonld.JsonLdProcessor()._get_initial_context({"processingMode": "json-ld-1.1"})


def differences(one: Active, other: Active, *outer: tuple[Active, Active], path: str = "") -> Iterator[str]:
    """Where two active contexts differ, scoped contexts included: paths of terms and what differs there."""
    aside = {"mappings", "_uuid", "previousContext", "inverse"}
    for key in sorted((one.keys() | other.keys()) - aside):
        if one.get(key) != other.get(key):
            yield f"{path}: {key} is {one.get(key)!r} or {other.get(key)!r}"
    for term in sorted(one["mappings"].keys() | other["mappings"].keys()):
        a, b = one["mappings"].get(term), other["mappings"].get(term)
        here = f"{path}/{term}"
        if a is None or b is None:
            yield f"{here}: only in {'the second' if a is None else 'the first'}"
            continue
        for key in sorted((a.keys() | b.keys()) - {"@context"}):
            if a.get(key) != b.get(key):
                yield f"{here}: {key} is {a.get(key)!r} or {b.get(key)!r}"
        if ("@context" in a) != ("@context" in b):
            yield f"{here}: scoped context in one only"
        elif a.get("@context") != b.get("@context") and not (
            # Written alike, they mean alike: what is around them is compared right here. Inherited
            # ones are looked at one deep, since a scope can give the prefixes inside them another meaning.
            len(outer) > 1 and _inherited(term, (one, other), outer[-1])
        ):
            # Both ways a scoped context comes into force: below a property, and for a type's node only.
            for how in ({"override_protected": True}, {"propagate": False}):
                scoped = [
                    _attempt(side, mapping["@context"], **how) for side, mapping in ((one, a), (other, b))
                ]
                if isinstance(scoped[0], str) or isinstance(scoped[1], str):
                    if scoped[0] != scoped[1]:
                        yield f"{here}: scoped context: {scoped[0]!r:.60} or {scoped[1]!r:.60}"
                else:
                    yield from differences(scoped[0], scoped[1], *outer, (one, other), path=here)


def _inherited(term: str, sides: tuple[Active, Active], outer: tuple[Active, Active]) -> bool:
    return all(
        side["mappings"][term] == around["mappings"].get(term)
        for side, around in zip(sides, outer, strict=True)
    )


def _attempt(active: Active, scoped: Any, **how: bool) -> Active | str:
    try:
        return process(active, scoped or None, **how)
    except jsonld.JsonLdError as error:
        return f"{UNTOLD}: {error.code}"


def told(*contexts: Any) -> Active | str:
    """The active context after all of `contexts`, or the refusal's code."""
    try:
        active = initial()
        for context in contexts:
            active = process(active, context)
    except jsonld.JsonLdError as error:
        cause = error.cause if isinstance(getattr(error, "cause", None), jsonld.JsonLdError) else error
        return f"{UNTOLD}: {cause.code}"
    return active


def unequal(one: Any, other: Any) -> bool:
    a, b = told(one), told(other)
    if isinstance(a, str) or isinstance(b, str):
        return a != b
    return next(differences(a, b), None) is not None


def test_every_known_context_is_compared_or_is_our_own() -> None:
    assert {*PUBLISHED, *SPELLINGS, V2511, *OWN} == set(known_contexts())


def test_every_published_context_at_hand_is_compared() -> None:
    assert sorted(PUBLISHED.values()) == sorted(path.name for path in (REFERENCE / "contexts").iterdir())


@pytest.mark.parametrize("url", [*PUBLISHED, V2511])
def test_a_table_makes_the_published_active_context(url: str) -> None:
    one, other = told(ours(url)), told(published(url))
    assert isinstance(one, dict), one
    assert isinstance(other, dict), other
    assert list(differences(one, other)) == []


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_url_serves_the_same_context(spelling: str) -> None:
    assert context_document(spelling) == context_document(SPELLINGS[spelling])


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _leaves(item, (*path, key))
        elif key != "@version":  # inherited from outside where a scope repeats it: no difference to find
            yield (*path, key)


def _mutant(context: Any, path: tuple[str, ...]) -> Any:
    mutant = copy.deepcopy(context)
    place = mutant
    for key in path[:-1]:
        place = place[key]
    match path[-1]:
        case "@protected" | "@context":
            del place[path[-1]]
        case "@container":
            place["@container"] = "@list"
        case _:
            place[path[-1]] = "https://mutant.example/#x"
    return mutant


@pytest.mark.parametrize("url", PUBLISHED)
def test_no_change_of_a_context_goes_unnoticed(url: str) -> None:
    context = ours(url)
    paths = list(_leaves(context))
    assert len(paths) > 4
    step = max(1, len(paths) // 40)  # every one in the small contexts, a sample of the large
    unnoticed = [path for path in paths[::step] if not unequal(_mutant(context, path), published(url))]
    assert unnoticed == []


@pytest.mark.parametrize("url", PUBLISHED)
def test_a_missing_term_is_noticed(url: str) -> None:
    context = ours(url)
    for term in [term for term in context if not term.startswith("@")][::20]:
        lacking = {key: value for key, value in context.items() if key != term}
        assert unequal(lacking, published(url)), term


@pytest.mark.parametrize("first", PUBLISHED)
def test_two_contexts_agree_or_clash_as_the_published_ones_do(first: str) -> None:
    """Protection compares definitions literally, scoped contexts included, so it needs a check of its own."""
    clashes = 0
    for second in PUBLISHED:
        one, other = told(ours(first), ours(second)), told(published(first), published(second))
        assert isinstance(one, str) == isinstance(other, str), (second, one, other)
        if isinstance(one, str):
            assert one == other
            clashes += 1
        else:
            assert isinstance(other, dict)
            assert {t: m.get("@id") for t, m in one["mappings"].items()} == {
                t: m.get("@id") for t, m in other["mappings"].items()
            }
    if first == "https://www.w3.org/2018/credentials/v1":
        assert clashes > 0  # credentials/v2 at least


def _loader(document_of: Any) -> Any:
    return lambda url, options: {
        "contextUrl": None,
        "documentUrl": url,
        "document": {"@context": document_of(url)},
    }


def _canonical(document: Any, document_of: Any) -> str:
    options = {"documentLoader": _loader(document_of), "processingMode": "json-ld-1.1"}
    jsonld._resolved_context_cache.clear()  # keyed by URL: the other side's contexts must not answer
    try:
        return json.dumps(jsonld.expand(copy.deepcopy(document), options), sort_keys=True)
    finally:
        jsonld._resolved_context_cache.clear()


def _real_credentials() -> list[str]:
    return sorted(path.name for path in (REFERENCE / "vectors" / "gaia-x").glob("[0-9]*.json"))


def _document(name: str) -> Any:
    file = json.loads((REFERENCE / "vectors" / "gaia-x" / name).read_text(encoding="utf-8"))
    return next(file[key] for key in ("document", "credential", "payload") if key in file)


def test_the_real_credentials_expand_the_same_under_both() -> None:
    names = _real_credentials()
    assert len(names) == 66
    for name in names:
        document = _document(name)
        assert _canonical(document, ours) == _canonical(document, published), name


LOIRE_OFFERING = {
    "@context": ["https://www.w3.org/ns/credentials/v2", DEVELOPMENT],
    "type": ["VerifiableCredential", "gx:ServiceOffering"],
    "id": "https://provider.example/vc/1",
    "issuer": {"id": "did:web:provider.example", "name": "Provider"},
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialStatus": {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": "https://provider.example/status/3",
        "statusMessage": [{"status": "0x0", "message": "granted"}],
    },
    "credentialSubject": {
        "id": "https://provider.example/service/1",
        "type": "ServiceOffering",
        "name": "Object store",
        "description": {"@value": "Stockage objet", "@language": "fr"},
        "providedBy": "https://provider.example/participant",
        "keyword": ["storage", "S3"],
        "provisionType": "public",
        "protocolType": {"text": "HTTP", "meaning": "gx:http", "description": "Web"},
        "issued": "2026-01-01",
        "powerUsageEffectiveness": 1.2,
        "subContractors": {"applicableJurisdiction": "FR", "legalName": "Sub"},
        "gx:unknown": {
            "locations": {"countryCode": "DE", "region": {"text": "Bayern"}, "postalCode": "80331"}
        },
        "noTermOfAnyContext": 1,
    },
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-01-01T00:00:00Z",
        "proofPurpose": "assertionMethod",
        "verificationMethod": "did:web:provider.example#1",
        "proofValue": "zAbc",
    },
}
RSA_PROOF_WITH_OWN_PREFIX = {
    "@context": ["https://www.w3.org/2018/credentials/v1", {"sec": "https://other.example/security#"}],
    "type": "VerifiablePresentation",
    "holder": "did:web:holder.example",
    "verifiableCredential": {
        "@context": "https://www.w3.org/2018/credentials/v1",
        "type": "VerifiableCredential",
        "credentialSchema": {"id": "https://schema.example/1", "type": "JsonSchemaValidator2018"},
        "refreshService": {"id": "https://refresh.example/1", "type": "ManualRefreshService2018"},
        "issuanceDate": "2026-01-01T00:00:00Z",
    },
    "proof": {
        "type": "RsaSignature2018",
        "jws": "e30..AA",
        "created": "2026-01-01T00:00:00Z",
        "proofPurpose": "x",
    },
}
DID_DOCUMENT = {
    "@context": [
        "https://www.w3.org/ns/did/v1",
        "https://w3id.org/security/suites/jws-2020/v1",
        "https://w3id.org/security/multikey/v1",
    ],
    "id": "did:web:provider.example",
    "alsoKnownAs": "https://provider.example/",
    "verificationMethod": [
        {
            "id": "did:web:provider.example#1",
            "type": "JsonWebKey2020",
            "publicKeyJwk": {"kty": "OKP", "x": "AA"},
        },
        {"id": "did:web:provider.example#2", "type": "Multikey", "publicKeyMultibase": "z6Mk"},
    ],
    "assertionMethod": ["did:web:provider.example#1"],
    "service": {"id": "#s", "type": "X", "serviceEndpoint": "https://provider.example/api"},
}


@pytest.mark.parametrize(
    "document", [LOIRE_OFFERING, RSA_PROOF_WITH_OWN_PREFIX, DID_DOCUMENT], ids=["loire", "rsa-2018", "did"]
)
def test_sample_documents_expand_the_same_under_both(document: Any) -> None:
    expanded = _canonical(document, ours)
    assert expanded == _canonical(document, published)
    assert len(expanded) > 400


def test_an_expansion_under_a_wrong_context_is_noticed() -> None:
    def wrong(url: str) -> Any:
        return _mutant(ours(url), ("providedBy", "@type")) if url == DEVELOPMENT else ours(url)

    assert _canonical(LOIRE_OFFERING, wrong) != _canonical(LOIRE_OFFERING, published)
