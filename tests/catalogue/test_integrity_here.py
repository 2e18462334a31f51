"""Digests that a clearing house gives are compared with what the node holds."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from world import Clock, Provider

from catalogue.node import Node
from catalogue.replay import rebuild
from credentials.envelope import open_envelope
from credentials.identity import digest_of
from credentials.report import Check, Outcome, Report

ADDRESS = "192.0.2.1"
CREDENTIAL = "https://nuee.example/offering.json"


@pytest.fixture
def web(clock: Clock, did_folder: Path) -> Provider:
    return Provider(clock, host="nuee.example", folder=did_folder)


@pytest.fixture
def house(clock: Clock, did_folder: Path) -> Provider:
    return Provider(clock, host="house.example", folder=did_folder)


def offering(web: Provider, form: str, name: str = "Nuage") -> bytes:
    return web.sign(web.offering(name, id=CREDENTIAL), form)


def label(house: Provider, about: bytes) -> bytes:
    """A label credential that names one credential by its digest."""
    digest = digest_of(rfc8785.dumps(dict(open_envelope(about).document)))
    subject = {
        "id": "https://house.example/labels/1",
        "gx:labelLevel": "L1",
        "gx:compliantCredentials": [
            {
                "id": CREDENTIAL,
                "type": "gx:CompliantCredential",
                "gx:credentialType": "gx:ServiceOffering",
                "https://www.w3.org/2018/credentials#digestSRI": f"sha256-{digest}",
            }
        ],
    }
    return house.sign(house.credential(subject, types=("gx:LabelCredential",)))


def publish(node: Node, data: bytes) -> Report:
    node.clock.advance(seconds=1)  # type: ignore[attr-defined]
    return node.publisher.publish(data, address=ADDRESS).report


def integrity(report: Report) -> Check:
    return report.check("integrity")


@pytest.mark.parametrize("form", ["vc-jwt", "ed25519-2020"])
def test_a_digest_of_what_is_here_passes_for_tokens_and_for_embedded_proofs(
    make_node: Callable[..., Node], web: Provider, house: Provider, form: str
) -> None:
    node = make_node()
    data = offering(web, form)
    publish(node, data)
    assert integrity(publish(node, label(house, data))).outcome is Outcome.PASSED


def test_a_digest_of_another_version_is_marked_and_listed_all_the_same(
    make_node: Callable[..., Node], web: Provider, house: Provider
) -> None:
    node = make_node()
    old, new = offering(web, "vc-jwt"), offering(web, "vc-jwt", "Nuage nouveau")
    publish(node, new)
    check = integrity(publish(node, label(house, old)))
    assert check.outcome is Outcome.FAILED
    assert CREDENTIAL in check.detail
    # An older version counts as well: the clearing house spoke of what was then.
    publish(node, old)
    assert integrity(node.publisher.check(label(house, old), address=ADDRESS)).outcome is Outcome.PASSED


def test_a_digest_of_what_is_not_here_is_not_checked(
    make_node: Callable[..., Node], web: Provider, house: Provider
) -> None:
    check = integrity(publish(make_node(), label(house, offering(web, "vc-jwt"))))
    assert check.outcome is Outcome.NOT_CHECKED
    assert check.evidence["not_here"] == [CREDENTIAL]


def test_credentials_of_the_same_presentation_are_here(
    make_node: Callable[..., Node], web: Provider, house: Provider
) -> None:
    data = offering(web, "vc-jwt")
    report = publish(make_node(), web.present(data, label(house, data)))
    assert integrity(report.credentials[1]).outcome is Outcome.PASSED


def test_a_rebuild_finds_the_same(make_node: Callable[..., Node], web: Provider, house: Provider) -> None:
    node = make_node()
    old, new = offering(web, "vc-jwt"), offering(web, "vc-jwt", "Nuage nouveau")
    publish(node, new)
    publication = node.publisher.publish(label(house, old), address=ADDRESS)
    publish(node, old)
    before: Any = node.records.report(publication.digest).to_dict()
    rebuild(node.database, node.clock, max_bytes=node.settings.max_bytes)
    assert node.records.report(publication.digest).to_dict() == before


def test_related_resources_of_vc_2_0_are_compared_over_their_bytes(
    make_node: Callable[..., Node], web: Provider, house: Provider
) -> None:
    node = make_node()
    data = offering(web, "vc-jwt")
    publish(node, data)
    digest = base64.b64encode(hashlib.sha384(data).digest()).decode()
    multihash = b"\x12\x20" + hashlib.sha256(data).digest()
    multibase = "u" + base64.urlsafe_b64encode(multihash).decode().rstrip("=")
    for stated in ({"digestSRI": f"sha384-{digest}"}, {"digestMultibase": multibase}):
        document = house.credential(
            {"id": "https://house.example/note", "type": "gx:Issuer"},
            relatedResource={"id": CREDENTIAL, **stated},
        )
        check = integrity(publish(node, house.sign(document)))
        assert check.outcome is Outcome.PASSED, check.detail
        assert check.evidence["equal"] == [CREDENTIAL]
