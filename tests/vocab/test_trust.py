import json
from datetime import UTC, datetime

import pytest

from vocab.trust import MAX_ENTRIES, TrustList, TrustListInvalid

NOTARY = "did:web:notary.example"
ENTRY = {
    "did": NOTARY,
    "name": "A notary",
    "attests": ["registration-number"],
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_until": "2027-01-01T00:00:00+01:00",
}


def a_list(**changes):
    return {"version": 1, "entries": [{**ENTRY, **changes}]}


def at(text):
    return datetime.fromisoformat(text)


def test_the_empty_list_trusts_nobody():
    assert not TrustList().trusts(NOTARY, "registration-number", at("2026-06-01T00:00:00Z"))


def test_trust_is_for_a_thing_and_a_time():
    trust = TrustList.load(a_list())
    assert trust.trusts(NOTARY, "registration-number", at("2026-01-01T00:00:00Z"))
    assert trust.trusts(NOTARY, "registration-number", at("2026-12-31T22:59:59Z"))
    assert not trust.trusts(NOTARY, "registration-number", at("2026-12-31T23:00:00Z"))
    assert not trust.trusts(NOTARY, "registration-number", at("2025-12-31T23:59:59Z"))
    assert not trust.trusts(NOTARY, "gaia-x-label", at("2026-06-01T00:00:00Z"))
    assert not trust.trusts("did:web:other.example", "registration-number", at("2026-06-01T00:00:00Z"))


def test_an_issuer_may_have_several_periods():
    later = {**ENTRY, "valid_from": "2028-01-01T00:00:00Z", "valid_until": None}
    trust = TrustList.load({"version": 1, "entries": [ENTRY, later]})
    assert trust.trusts(NOTARY, "registration-number", at("2026-06-01T00:00:00Z"))
    assert not trust.trusts(NOTARY, "registration-number", at("2027-06-01T00:00:00Z"))
    assert trust.trusts(NOTARY, "registration-number", at("2099-01-01T00:00:00Z"))


def test_a_file_reads_back_as_it_was_written(tmp_path):
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(TrustList.load(a_list()).to_dict()), encoding="utf-8")
    trust = TrustList.load(path)
    assert trust.entries == TrustList.load(a_list()).entries
    assert trust.entries[0].valid_from == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ([], "trust list"),
        ("x", "trust list"),
        ({}, "version"),
        ({"version": 2, "entries": []}, "version"),
        ({"version": True, "entries": []}, "version"),
        ({"version": 1}, "entries"),
        ({"version": 1, "entries": {}}, "entries"),
        ({"version": 1, "entries": [], "entires": []}, "trust list"),
        ({"version": 1, "entries": [7]}, "entries[0]"),
        ({"version": 1, "entries": [ENTRY] * (MAX_ENTRIES + 1)}, "entries"),
        (a_list(did=None), "entries[0].did"),
        (a_list(did="https://notary.example"), "entries[0].did"),
        (a_list(did="did:web:notary.example#key"), "entries[0].did"),
        (a_list(name=7), "entries[0].name"),
        (a_list(attests=[]), "entries[0].attests"),
        (a_list(attests="registration-number"), "entries[0].attests"),
        (a_list(attests=["everything"]), "entries[0].attests"),
        (a_list(attests=[["registration-number"]]), "entries[0].attests"),
        (a_list(valid_from=None), "entries[0].valid_from"),
        (a_list(valid_from="2026-01-01"), "entries[0].valid_from"),
        (a_list(valid_from="2026-01-01T00:00:00"), "entries[0].valid_from"),
        (a_list(valid_from="0001-01-01T00:00:00+14:00"), "entries[0].valid_from"),
        (a_list(valid_until="soon"), "entries[0].valid_until"),
        (a_list(valid_until="2025-01-01T00:00:00Z"), "entries[0].valid_until"),
        (a_list(vaild_until="2025-01-01T00:00:00Z"), "entries[0]"),
    ],
)
def test_a_list_that_is_wrong_says_where_and_what(tmp_path, document, where):
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(TrustListInvalid) as caught:
        TrustList.load(path)
    assert caught.value.where == where
    assert caught.value.problem


def test_a_file_that_is_missing_or_no_json_says_so(tmp_path):
    with pytest.raises(TrustListInvalid, match="can't be read"):
        TrustList.load(tmp_path / "none.json")
    for data in (b"{", b"\xff\xfe", b"[" * 100_000):
        path = tmp_path / "trust.json"
        path.write_bytes(data)
        with pytest.raises(TrustListInvalid, match="is not JSON"):
            TrustList.load(path)
