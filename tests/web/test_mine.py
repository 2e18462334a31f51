"""A provider sees by its DID what is listed, what ends when, and what was refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests
from browser import NARROW, WIDE, View
from running import RunningNode
from test_checking import DID, KEY, document, signed

from credentials.signing import inline_method, sign_credential
from credentials.times import to_rfc3339, utc_now

pytestmark = pytest.mark.slow

Look = Callable[..., View]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A node of its own: what is published here isn't there for other tests to count."""
    running = RunningNode(
        tmp_path_factory.mktemp("providers") / "data", {"CATALOGUE_RATE_VERIFY": "1000000/minute"}
    )
    try:
        running.start()
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="module")
def published(node: RunningNode) -> str:
    """A DID with two services that end in 100 and in 10 days, the first in two versions, and a refusal."""
    for number, days, age in ((1, 100, 60), (1, 100, 30), (2, 10, 30)):
        began = (utc_now() - timedelta(seconds=age)).replace(microsecond=0)
        data = document(
            id=f"https://mine.example/{number}",
            validFrom=to_rfc3339(began),
            validUntil=to_rfc3339(began + timedelta(days=days)),
            credentialSubject={
                "id": f"https://mine.example/{number}#service",
                "type": "gx:ServiceOffering",
                "gx:name": "Mine",
            },
        )
        _publish(
            node, sign_credential(data, KEY, inline_method(DID), form="ed25519-2020", created=began), 201
        )
    changed = json.loads(signed())
    changed["credentialSubject"]["gx:name"] = "changed after signing"
    _publish(node, json.dumps(changed).encode(), 422)
    return DID


def _publish(node: RunningNode, data: bytes, status: int) -> None:
    answer = requests.post(
        f"{node.url}/self-descriptions",
        data=data,
        headers={"Content-Type": "application/ld+json"},
        timeout=20,
    )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(("script", "width"), [(True, WIDE), (False, NARROW)])
def test_a_provider_finds_what_is_listed_and_what_ends_first(
    look: Look, published: str, script: bool, width: int
) -> None:
    view = look("/mine", script=script, width=width)
    view.page.get_by_label("Your DID").fill(published)
    with view.page.expect_navigation():
        view.page.keyboard.press("Enter")
    ending, everything, refused = (table.inner_text() for table in view.page.locator("table").all())
    assert ending.index("mine.example/2") < ending.index("mine.example/1")
    assert "9 days" in ending
    assert "replaced" in everything.lower() or "superseded" in everything.lower()
    assert "Signature correct" in refused
    view.picture(f"mine-{width}", whole=True)
    view.assert_clean()


@pytest.mark.parametrize(
    ("did", "told"),
    [("did:web:nobody.example", "was ever listed here"), ("<script>", "That isn&#39;t a DID.")],
)
def test_who_published_nothing_is_told_so(node: RunningNode, did: str, told: str) -> None:
    answer = requests.get(
        f"{node.url}/mine", params={"did": did}, headers={"Accept": "text/html"}, timeout=20
    )
    assert told in answer.text
    assert "<script>" not in answer.text
