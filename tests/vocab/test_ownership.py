import pytest

from vocab.ownership import MAX_PATH_STEPS, owners, owns


@pytest.mark.parametrize(
    ("did", "iri"),
    [
        ("did:web:a.example", "did:web:a.example"),
        ("did:web:a.example", "did:web:a.example#key"),
        ("did:web:a.example", "did:web:a.example/path?x#y"),
        ("did:web:a.example", "did:web:A.example"),
        ("did:web:A.EXAMPLE", "https://a.example/x"),
        ("did:web:a.example", "https://a.example"),
        ("did:web:a.example", "https://a.example:443/x/y.json?z#cs"),
        ("did:web:a.example%3A8443", "https://a.example:8443/x"),
        ("did:web:a.example:users:ann", "https://a.example/users/ann/offering.json"),
        ("did:web:a.example:users:ann", "https://a.example/users/ann#me"),
        ("did:web:a.example:users:J%C3%BCrgen", "https://a.example/users/J%c3%bcrgen/x"),
        ("did:key:z6Mk", "did:key:z6Mk#z6Mk"),
    ],
)
def test_a_did_speaks_for_its_own_urls(did, iri):
    assert owns(did, iri)


@pytest.mark.parametrize(
    ("did", "iri"),
    [
        ("did:web:a.example", "did:web:a.example:users:ann"),
        ("did:web:a.example", "did:web:a.example.evil.example"),
        ("did:web:a.example", "https://a.example.evil.example/x"),
        ("did:web:a.example", "https://evil.example/a.example"),
        ("did:web:a.example", "https://a.example@evil.example/x"),
        ("did:web:a.example", "https://user@a.example/x"),
        ("did:web:a.example", "https://evil.example\\@a.example/x"),
        ("did:web:a.example", "https://a.exam\nple/x"),
        ("did:web:a.example", " https://a.example/x"),
        ("did:web:a.example", "http://a.example/x"),
        ("did:web:a.example", "https://a.example:8443/x"),
        ("did:web:a.example", "https://a.example:port/x"),
        ("did:web:a.example", "https://[a.example/x"),
        ("did:web:a.example:users:ann", "https://a.example/users/bob/x"),
        ("did:web:a.example:users:ann", "https://a.example/users/ann/../bob/x"),
        ("did:web:a.example:users:ann", "https://a.example/users/ann/%2e%2e/bob/x"),
        ("did:web:a.example:users:ann", "https://a.example/users%2Fann/x"),
        ("did:web:a.example:users:ann", "https://a.example/users/annabel"),
        ("did:key:z6Mk", "https://z6mk/"),
        ("did:key:z6Mk", "did:key:z6mk"),
        ("did:web:a.example", "urn:uuid:1"),
        ("did:web:a.example", ""),
        ("did:web:a.example", "did:web:"),
    ],
)
def test_a_did_does_not_speak_for_what_only_looks_like_its_own(did, iri):
    assert not owns(did, iri)


def test_owners_are_bounded():
    assert len(owners("https://a.example/" + "x/" * 1_000)) == MAX_PATH_STEPS + 1
    assert owners("https://a.example/" + "x" * 10_000) == ()
