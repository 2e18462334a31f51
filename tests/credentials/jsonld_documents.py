"""JSON-LD documents for tests: over the carried contexts and one that has everything, odd ones included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st
from pyld.jsonld import KEYWORDS

from credentials.contexts import ContextStore

V1, V2 = "https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/v2"
JWS = "https://w3id.org/security/suites/jws-2020/v1"
ED25519 = "https://w3id.org/security/suites/ed25519-2020/v1"
TAGUS = (
    "https://registry.lab.gaia-x.eu/development/api/trusted-shape-registry/v1/shapes/jsonld/trustframework#"
)
LOIRE = "https://w3id.org/gaia-x/development#"
FEDERATION = "https://w3id.org/cloud-federation/v1"
#: What an operator may add: everything the specification has, such as scoped contexts of every kind.
OWN = "https://operator.example/context"
OWN_CONTEXT: dict[str, Any] = {
    "@version": 1.1,
    "own": "https://operator.example/own#",
    "id": "@id",
    "value": "@value",
    "lang": "@language",
    "kind": {"@id": "@type", "@protected": True},
    "Scoped": {"@id": "own:Scoped", "@context": {"inner": "own:inner", "own": "https://o.example/"}},
    "Lasting": {"@id": "own:Lasting", "@context": {"@propagate": True, "inner": "own:lasting"}},
    "Remote": {"@id": "own:Remote", "@context": V1},
    "Several": {"@id": "own:Several", "@context": [LOIRE, {"inner": "own:several"}]},
    "Cleared": {"@id": "own:Cleared", "@context": None},
    "Vocabulary": {"@id": "own:Vocabulary", "@context": {"@vocab": "own:v#", "@language": "SV"}},
    "plain": "own:plain",
    "reference": {"@id": "own:reference", "@type": "@id"},
    "word": {"@id": "own:word", "@type": "@vocab"},
    "none": {"@id": "own:none", "@type": "@none"},
    "json": {"@id": "own:json", "@type": "@json"},
    "jsons": {"@id": "own:jsons", "@type": "@json", "@container": "@list"},
    "list": {"@id": "own:list", "@container": "@list"},
    "references": {"@id": "own:references", "@type": "@id", "@container": "@list"},
    "set": {"@id": "own:set", "@container": "@set"},
    "graph": {"@id": "own:graph", "@container": ["@graph", "@set"]},
    "graphs": {"@id": "own:graphs", "@container": ["@graph", "@id"]},
    "byLanguage": {"@id": "own:byLanguage", "@container": "@language"},
    "byIndex": {"@id": "own:byIndex", "@container": "@index"},
    "reversed": {"@reverse": "own:reversed"},
    "nested": "@nest",
    "included": "@included",
    "nothing": None,
    "french": {"@id": "own:french", "@language": "fr", "@direction": "ltr"},
    "untagged": {"@id": "own:untagged", "@language": None},
    "through": {"@id": "own:through", "@context": {"plain": "own:through#plain", "reference": "own:text"}},
    "throughNull": {"@id": "own:throughNull", "@context": None},
    "listThrough": {"@id": "own:l", "@container": "@list", "@context": {"listThrough": "own:other"}},
    "throughItself": {"@id": "own:ti", "@context": {"throughItself": {"@id": "own:ti", "@type": "@id"}}},
    "throughKeyword": {"@id": "own:tk", "@context": {"throughKeyword": "@id"}},
}
STORE = ContextStore({OWN: {"@context": OWN_CONTEXT}})
INLINE = [
    {"schema": "https://schema.org/"},
    {"gax-core": "https://w3id.org/gaia-x/core#", "gax-trust-framework": "https://w3id.org/gaia-x/gax-tf#"},
    {"xsd": "http://www.w3.org/2001/XMLSchema#", "ex": {"@id": "https://ex.example/", "@prefix": True}},
    {"short": "ex:short", "ex": "https://ex.example/", "day": {"@id": "ex:day", "@type": "ex:date"}},
    {"@vocab": "https://vocabulary.example/"},
    {"@vocab": ""},
    {"@language": "PT-br", "@direction": "rtl"},
    {"name": "https://schema.org/name", "description": {"@id": "https://schema.org/d", "@language": "en"}},
    {"credentialSubject": "https://ex.example/other"},
    {"issuer": None, "name": None},
    {"ex": "https://ex.example/", "ordered": {"@id": "ex:ordered", "@container": "@list"}},
    {"ex": "https://ex.example/", "name": {"@id": "ex:name", "@container": ["@set"], "@protected": True}},
    {"ex": "https://ex.example/", "gone": {"@id": None, "@prefix": True}},
    {"@propagate": False, "ex": "https://once.example/"},
    {"id": "@id", "type": "@type"},
    {},
]


def terms_of(context: Any) -> Iterator[str]:
    """Every term of a context and of those scoped in it."""
    for item in context if isinstance(context, list) else [context]:
        for term, definition in item.items() if isinstance(item, dict) else ():
            yield term
            if isinstance(definition, dict) and "@context" in definition:
                yield from terms_of(definition["@context"])


#: Left to pyld wherever they are used.
UNUSUAL = {"graphs", "byLanguage", "byIndex", "reversed", "nested", "included"}
TERMS = sorted(
    {
        term
        for url in (V1, V2, JWS, ED25519, LOIRE, TAGUS, FEDERATION, OWN)
        for term in terms_of(STORE.document(url)["@context"])
        if not term.startswith("@")
    }
    - UNUSUAL
)
KEYS = st.one_of(
    st.sampled_from(sorted(OWN_CONTEXT.keys() - UNUSUAL - {"@version", "id", "value", "lang", "kind"})),
    st.sampled_from([term for term in TERMS if term[0].islower() and term not in ("id", "type")]),
    st.sampled_from(
        [
            "issuer",
            "credentialSubject",
            "name",
            "description",
            "evidence",
            "proof",
            "verifiableCredential",
            "gx:name",
            "own:x",
            "schema:name",
            "gax-core:q",
            "ex:p",
            "short",
            "ordered",
            "day",
            "unmapped",
            "https://ex.example/p",
            "did:web:a",
            "own://x",
            "_:b",
            "a:",
        ]
    ),
)
ODD_KEYS = st.sampled_from(
    [*sorted({*KEYWORDS} - {"@context"}), *sorted(UNUSUAL), "@foo", "@", "", ":", ":b", "_:", "x y", "x y:z"]
)
TYPES = st.one_of(
    st.sampled_from(["Scoped", "Lasting", "Remote", "Several", "Cleared", "Vocabulary", "JsonWebKey2020"]),
    st.sampled_from(["VerifiableCredential", "VerifiablePresentation", "gx:ServiceOffering", "xsd:string"]),
    st.sampled_from([term for term in TERMS if term[0].isupper()]),
)
ODD_TYPES = st.sampled_from(["Unmapped", "", "@json", "@foo", "@id", "_:t", "a b:c", "gone:x"])
TEXTS = st.sampled_from(
    [
        "",
        "text",
        "gx:a",
        "own:b",
        "https://ex.example/o",
        "_:o",
        "did:web:a.example",
        "relative",
        "../up",
        "#f",
        "own://x",
        "_:",
        "@id",
        "@foo",
        "@foo ",
        "@",
        "a b",
        "a b:c",
        "unknown:x",
        "EN-gb",
        "plain",
        ":x",
        "Scoped",
    ]
)
SCALARS = st.one_of(TEXTS, TEXTS, st.sampled_from([0, 1, -7, 1.0, 1.5, 1e21, True, False, None]))
CONTEXTS: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([[V1, TAGUS, JWS, OWN], [V2, LOIRE], [V2, LOIRE, FEDERATION], [V2, LOIRE, OWN], OWN, V1]),
    st.builds(
        lambda published, inline: [*published, inline],
        st.sampled_from([[V1, TAGUS, JWS], [V2], [V2, LOIRE, OWN], [OWN, ED25519]]),
        st.sampled_from(INLINE),
    ),
    st.lists(
        st.sampled_from([V1, V2, JWS, ED25519, TAGUS, LOIRE, FEDERATION, OWN, OWN, None, *INLINE]), max_size=3
    ),
    st.sampled_from([*INLINE, None]),
)


@st.composite
def value_objects(draw: st.DrawFn) -> dict[str, Any]:
    value = {draw(st.sampled_from(["@value", "@value", "value"])): draw(SCALARS)}
    match draw(st.integers(0, 7)):
        case 0 | 1:
            value[draw(st.sampled_from(["@type", "type", "kind"]))] = draw(TYPES)
        case 2 | 3:
            value[draw(st.sampled_from(["@language", "lang"]))] = draw(TEXTS)
        case 4:
            value[draw(st.sampled_from(["@type", "@language"]))] = draw(ODD_TYPES | SCALARS | st.lists(TYPES))
        case 5:
            value[draw(KEYS | ODD_KEYS)] = draw(SCALARS)
    return value


@st.composite
def objects(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    element: dict[str, Any] = {
        draw(KEYS): draw(values(depth - 1)) for _ in range(draw(st.integers(0 if depth < 4 else 2, 4)))
    }
    odds = draw(st.integers(0, 255))
    if odds & 1:
        element["@id" if odds & 16 else "id"] = draw(TEXTS)
    if odds & 6:
        element[draw(st.sampled_from(["type", "type", "@type", "kind"]))] = draw(
            TYPES | st.lists(TYPES, max_size=3)
        )
    if odds & 0b11110000 == 0b10100000:
        element[draw(st.sampled_from(["type", "kind"]))] = draw(ODD_TYPES | st.lists(ODD_TYPES | TYPES))
    if odds & 0b11111000 == 0b10110000:
        element[draw(ODD_KEYS)] = draw(values(depth - 1))
    if odds & 0b11110000 == 0b11000000:
        element["@context"] = draw(CONTEXTS)
    return element


def values(depth: int) -> st.SearchStrategy[Any]:
    if depth <= 0:
        return SCALARS
    return st.one_of(
        SCALARS,
        value_objects(),
        st.deferred(lambda: objects(depth)),
        st.deferred(lambda: objects(depth)),
        st.lists(st.deferred(lambda: values(depth - 1)), max_size=3),
    )


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    return {**draw(objects(4)), "@context": draw(CONTEXTS)}
