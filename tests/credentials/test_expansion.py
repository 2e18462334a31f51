"""The quick expansion against pyld as it is shipped: equal to the last character, or not given."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonld_documents import JWS, LOIRE, OWN, STORE, V1, V2, documents
from pyld.context_resolver import ContextResolver
from pyld.jsonld import JsonLdError, JsonLdProcessor

from credentials import active_contexts
from credentials.contexts import ContextStore
from credentials.errors import Rejection
from credentials.expansion import Unusual
from credentials.jsonld import JsonLd

ANSWERED = {"quick": 0, "pyld": 0}


JSONLD = JsonLd(STORE)


def load(url: str, options: Any) -> dict[str, Any]:
    return {"contextUrl": None, "documentUrl": url, "document": STORE.document(url), "tag": "static"}


RESOLVER = ContextResolver({}, load)


def by_pyld(document: Any) -> tuple[str, list[str | None]]:
    """What pyld makes of a document, with nothing of ours but the contexts; and what it dropped."""
    dropped: list[str | None] = []
    options = {"base": None, "documentLoader": load, "contextResolver": RESOLVER}
    return json.dumps(JsonLdProcessor(dropped.append).expand(document, options)), dropped


def quickly(document: Any, jsonld: JsonLd) -> tuple[str, list[str | None]]:
    dropped: list[str | None] = []
    return json.dumps(jsonld._processor._usual.expand(document, dropped.append)), dropped


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_the_quick_expansion_is_pylds_or_none(document: dict[str, Any]) -> None:
    try:
        quick = quickly(document, JSONLD)
    except Unusual:
        ANSWERED["pyld"] += 1
        return
    ANSWERED["quick"] += 1
    assert quick == by_pyld(document)


def test_the_property_did_compare() -> None:
    if not any(ANSWERED.values()):
        pytest.skip("the property did not run in this process")
    assert ANSWERED["quick"] > 50


def node(context: Any, **members: Any) -> dict[str, Any]:
    return {"@context": context, "@id": "https://ex.example/s", **members}


@pytest.mark.parametrize(
    "document",
    [
        # A type's own context holds for the node, for references and values in it, not for nodes below.
        node(OWN, kind="Scoped", inner={"plain": "x", "inner": "y"}, reference={"id": "own:r"}),
        node(OWN, kind="Scoped", inner=[{"value": "own:x", "kind": "own:T"}, {"id": "own:r", "inner": "y"}]),
        node(OWN, kind="Lasting", inner={"inner": {"inner": "z"}}),
        node(OWN, kind=["Scoped", "Lasting"], inner={"inner": "z"}),
        node(OWN, kind=["Several", "Remote"], inner="a", issuer="did:web:a", name="n"),
        node([OWN, {"type": "@type"}], kind="Scoped", type=["Lasting", "Vocabulary"], inner="a", new="b"),
        node(OWN, kind="Vocabulary", new={"other": "lost"}, plain="tagged"),
        # A property's own context, null too, one that changes the property itself, and in lists.
        node(OWN, through={"plain": "a", "reference": "b"}, plain="c"),
        node(OWN, through=[{"kind": "Scoped", "inner": {"plain": "a"}}, "text"]),
        node(OWN, throughNull={"plain": "lost", "https://ex.example/p": 1}),
        node(OWN, throughNull=["a", {"value": 1}, {"@value": 1}]),
        node(OWN, throughItself=["own:a", {"throughItself": "own:b"}]),
        node(OWN, listThrough=["a", ["b", []], {"listThrough": ["c"]}]),
        # Containers and coercions.
        node(OWN, list=[], references=["own:a", [["relative"], []], None, 1], set=[["a"], [[]], None]),
        node(OWN, graph=[{"plain": 1}, "a", {"id": "own:g"}], json={"a": [None]}, jsons=[1, [2]]),
        node(OWN, json=None, jsons=None, list=None, set=None, graph=None),
        node(OWN, word=["plain", "Scoped", "own:x", "@id", "unmapped", 1], none=["plain", True]),
        node([OWN, {"@language": "EN"}], plain=["a", 1, None], french="b", untagged="c", day="d"),
        # Value objects in full and in part.
        node(
            OWN, plain=[{"@value": None}, {"@value": "a", "@language": "DE"}, {"@value": 1, "kind": "own:T"}]
        ),
        node(OWN, plain=[{"@value": "a", "@language": None}, {"@value": True, "unmapped": 1}]),
        # The same property by different names, keys that only look like keywords, and nothing at all.
        node([OWN, {"again": "own:plain"}], plain=["a"], **{"own:plain": "b", "again": None, "@foo": 1}),
        node(OWN, nothing="a", unmapped={"plain": "b"}, plain={}),
        {"@context": OWN, "id": "https://ex.example/only"},
        {"@context": OWN, "unmapped": 1},
        {
            "@context": [{"plain": "https://ex.example/p"}, None, {"q": "https://ex.example/q"}],
            "plain": 1,
            "q": 2,
        },
        # Contexts of their own inside, null and [] too.
        node([V2, LOIRE], credentialSubject={"@context": {"y": "https://y.example/"}, "y:z": 1, "name": "n"}),
        node({"p": "https://ex.example/p"}, p=[{"@context": None, "p": 1}, {"@context": [], "p": 1}]),
        node(OWN, plain={"@context": {"@propagate": False, "plain": "own:p"}, "plain": {"plain": 1}}),
        # Presentations, whose credentials are graphs without the terms around them.
        {
            "@context": V2,
            "type": "VerifiablePresentation",
            "verifiableCredential": [{"@context": [V2, LOIRE], "type": "VerifiableCredential", "name": "n"}],
        },
        {
            "@context": [V1, JWS],
            "type": "VerifiablePresentation",
            "verifiableCredential": {
                "type": "VerifiableCredential",
                "proof": {"type": "JsonWebSignature2020"},
            },
            "proof": {"type": "JsonWebSignature2020", "jws": "a..b", "created": "2026-01-01T00:00:00Z"},
        },
    ],
)
def test_the_corners_of_contexts_are_pylds(document: dict[str, Any]) -> None:
    for _ in range(2):
        assert quickly(document, JSONLD) == by_pyld(document)


@pytest.mark.parametrize(
    "members",
    [
        {"byLanguage": {"en": "a"}},
        {"byIndex": {"a": "b"}},
        {"graphs": {"own:g": {"plain": 1}}},
        {"reversed": {"id": "own:r"}},
        {"nested": {"plain": 1}},
        {"included": {"plain": 1}},
        {"@reverse": {"own:r": {"id": "own:s"}}},
        {"@graph": [{"plain": 1}]},
        {"plain": {"@list": ["a"]}},
        {"plain": {"@set": ["a"]}},
        {"plain": {"@value": "a", "@direction": "ltr"}},
        {"plain": {"@value": {"a": 1}, "@type": "@json"}},
        {"plain": {"@value": "a", "@index": "b"}},
        {"throughKeyword": "a"},
    ],
)
def test_what_is_rare_is_left_to_pyld(members: dict[str, Any]) -> None:
    document = node(OWN, **members)
    with pytest.raises(Unusual):
        quickly(document, JSONLD)
    assert json.dumps(JSONLD._processor.expand_tree(document)[0]) == by_pyld(document)[0]


@pytest.mark.parametrize(
    ("document", "check"),
    [
        (node(OWN, id="own:x"), "terms"),
        (node(OWN, kind=[1]), "terms"),
        (node(OWN, kind=None), "terms"),
        (node(OWN, plain={"@value": [1]}), "terms"),
        (node(OWN, plain={"@value": 1, "@language": "en"}), "terms"),
        (node(OWN, plain={"@value": "a", "@language": "en", "@type": "own:T"}), "terms"),
        (node(OWN, plain={"@value": "a", "@type": ["own:T"]}), "terms"),
        (node(OWN, plain={"@value": "a", "@type": "_:t"}), "terms"),
        (node(OWN, plain={"@value": "a", "value": "b"}), "terms"),
        (node(OWN, plain={"@value": "a", "plain": "b"}), "terms"),
        (node(OWN, plain={"id": 7}), "terms"),
        (node([V1, {"VerifiableCredential": "https://ex.example/vc"}]), "context"),
        (node([V2, LOIRE], credentialSubject={"@context": {"name": "https://ex.example/n"}}), "context"),
        (node([V2, None]), "context"),
        (node(OWN, plain={"@context": None, "plain": 1}), "context"),
        (node([V2, {"x": "unmapped"}], x=1), "context"),
        (node([{"gone": {"@id": None, "@prefix": True}}], **{"gone:x": 1}), "terms"),
    ],
)
def test_what_pyld_refuses_is_refused_each_time(document: dict[str, Any], check: str) -> None:
    for _ in range(2):
        with pytest.raises((JsonLdError, TypeError)):
            by_pyld(document)
        with pytest.raises(Rejection) as refused:
            JSONLD.expand(document)
        assert refused.value.check == check


def test_an_import_in_line_is_refused_and_poisons_no_carried_context() -> None:
    jsonld = JsonLd(ContextStore())
    honest = node([V2, LOIRE], name="Nuage", **{"gx:name": "Nuage"})
    before = jsonld.quads(honest)
    for context in (
        {"@import": V2, "name": "https://evil.example/name"},
        [V2, {"@import": LOIRE, "gx": "https://evil.example/"}],
        [{"@import": LOIRE, "@propagate": False}],
    ):
        for document in (node(context, name="a"), node(V2, evidence={"@context": context, "name": "a"})):
            with pytest.raises(Rejection) as refused:
                jsonld.expand(document)
            assert refused.value.check == "context"
    assert jsonld.quads(honest) == before == JsonLd(ContextStore()).quads(honest)


def test_one_documents_own_terms_hold_for_no_other_document() -> None:
    first, second = ({"@context": [V2, {"ex": f"https://{name}.example/"}], "ex:p": name} for name in "ab")
    for _ in range(2):
        assert [*JSONLD.expand(first).nodes[0]] == ["https://a.example/p"]
        assert [*JSONLD.expand(second).nodes[0]] == ["https://b.example/p"]
    assert [term.term for term in JSONLD.expand({"@context": V2, "ex:p": "a", "q": 1}).dropped] == ["q"]


def test_strangers_contexts_and_keys_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(active_contexts, "MAX_KEPT_INLINE", 4)
    monkeypatch.setattr(active_contexts, "MAX_KEPT_PUBLISHED", 6)
    monkeypatch.setattr(active_contexts, "MAX_KEPT_TERMS", 5)
    jsonld = JsonLd(STORE)
    initial = jsonld._processor._usual._initial
    honest = node(OWN, kind=["Scoped", "Several"], inner="a", through={"plain": "b"})
    expected = by_pyld(honest)
    for number in range(20):
        members = {f"own:{number}-{key}": key for key in range(20)} | {"own:" + "x" * 1_000: 1}
        document = node([OWN, {"ex": f"https://{number}.example/"}], kind="Scoped", **members)
        assert quickly(document, jsonld) == by_pyld(document)
        assert quickly(honest, jsonld) == expected
        assert quickly(node([V2] * number, name="a"), jsonld)[1] == (["name"] if not number else [])
    kept = [*initial._local.values()]
    assert len(kept) <= 10
    for active in kept:
        assert len(active.terms) <= 5
        assert all(len(term) <= active_contexts.MAX_KEPT_KEY_LENGTH for term in active.terms)


def test_threads_share_contexts_and_no_state() -> None:
    jsonld = JsonLd(STORE)
    work = [
        node([V2, LOIRE, OWN][: 1 + number % 3], name=f"n{number}", **{f"lost{number}": 1}, kind="Scoped")
        for number in range(12)
    ] + [node([OWN, {"ex": f"https://{number}.example/"}], byIndex={"a": number}) for number in range(12)]
    expected = [(json.dumps(e.nodes), e.dropped) for e in map(JsonLd(STORE).expand, work)]
    together = threading.Barrier(4)

    def run(_: int) -> list[Any]:
        together.wait(10)
        return [(json.dumps(e.nodes), e.dropped) for _ in range(3) for e in map(jsonld.expand, work)]

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(run, range(4))] == [expected * 3] * 4


@pytest.mark.parametrize("value", ["../up", True, 1.5])
@pytest.mark.parametrize("quads_later", [False, True])
def test_a_term_that_its_own_context_makes_a_keyword_is_refused_and_breaks_nothing(
    value: object, quads_later: bool
) -> None:
    with pytest.raises(Rejection) as refused:
        JSONLD.expand({"@context": [V1, OWN], "throughKeyword": value}, quads_later=quads_later)
    assert refused.value.check == "terms"
