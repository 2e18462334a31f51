"""Shapes that the operator adds are checked at publication: marked by default, required by `strict`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update
from world import Clock, Provider

from catalogue import schemas
from catalogue.backup import backup, restore
from catalogue.cli import catalogue
from catalogue.node import Node
from catalogue.replay import rebuild
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import blobs, listings, reports
from credentials.report import Outcome, Report, Verdict
from credentials.shapes.reading import SchemaInvalid
from credentials.verification import Refused
from vocab.namespaces import V2511

ADDRESS = "192.0.2.1"
SHAPES = f"""
@prefix gx: <{V2511}> . @prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
gx:OfferingShape a sh:NodeShape ; sh:targetClass gx:ServiceOffering ;
  sh:property [ sh:path gx:providedBy ; sh:minCount 1 ; sh:class gx:Participant ;
                sh:description "Who answers for the service." ] .
gx:LegalPerson rdfs:subClassOf gx:Participant .
"""


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "LOOK_AGAIN", 0.0)


def add(node: Node, text: str = SHAPES, name: str = "test.ttl") -> schemas.SchemaLine:
    with node.database.write() as connection:
        return schemas.add(connection, text.encode(), name=name, syntax="turtle", now=node.clock())[0]


def shapes_of(report: Report) -> Any:
    return report.check("shapes")


def test_without_schemas_shapes_are_not_checked_and_the_report_says_who_can_change_it(
    node: Node, provider: Provider
) -> None:
    check = shapes_of(node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS).report)
    assert check.outcome is Outcome.NOT_CHECKED
    assert "catalogue schemas add" in check.detail


def test_strict_refuses_everything_until_there_are_schemas(
    make_node: Callable[..., Node], provider: Provider
) -> None:
    node = make_node(policy="strict")
    with pytest.raises(Refused) as caught:
        node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)
    assert "shapes" in caught.value.report.required
    (refusal,) = node.records.standing(provider.did).refusals
    assert refusal.check == "shapes"
    assert "catalogue schemas add" in shapes_of(caught.value.report).detail


def test_default_lists_what_does_not_conform_with_a_mark_and_says_what_to_do(
    node: Node, provider: Provider, index: Callable[[Node], None]
) -> None:
    add(node)
    published = node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)
    assert published.report.verdict is Verdict.ACCEPTED
    check = shapes_of(published.report)
    assert check.outcome is Outcome.FAILED
    assert check.evidence["problems"] == [
        {
            "node": "https://p.example/o/1",
            "field": "gx:providedBy",
            "problem": "It is missing (Who answers for the service.).",
            "action": "Add it.",
            "component": "MinCount",
        }
    ]
    assert check.detail == (
        "gx:providedBy of https://p.example/o/1: It is missing (Who answers for the service.). Add it."
    )
    assert node.records.statements().items[0].shapes == "failed"
    index(node)
    node.discovery.refresh()
    assert node.discovery.offering(published.records[0].id, ("en",))["shapes"] == "failed"


def conforming(provider: Provider) -> dict[str, Any]:
    return provider.offering(
        claims={"gx:providedBy": {"id": "https://p.example/me", "type": "gx:LegalPerson"}}
    )


def test_strict_takes_what_conforms_through_the_class_hierarchy(
    make_node: Callable[..., Node], provider: Provider
) -> None:
    node = make_node(policy="strict")
    add(node)
    published = node.publisher.publish(provider.sign(conforming(provider)), address=ADDRESS)
    assert shapes_of(published.report).outcome is Outcome.PASSED
    assert node.records.statements().items[0].shapes == "passed"
    with pytest.raises(Refused):
        node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)


def test_strict_refuses_what_no_shape_speaks_of(make_node: Callable[..., Node], provider: Provider) -> None:
    node = make_node(policy="strict")
    add(node)
    with pytest.raises(Refused) as caught:
        node.publisher.publish(
            provider.sign(provider.credential({"id": "urn:x", "type": "gx:Issuer"})), address=ADDRESS
        )
    assert shapes_of(caught.value.report).detail == "No shape on this node speaks of gx:Issuer."


def test_credentials_of_a_presentation_describe_what_others_of_it_refer_to(
    make_node: Callable[..., Node], clock: Clock, did_folder: Path
) -> None:
    web = Provider(clock, host="nuee.example", folder=did_folder)
    node = make_node()
    add(node)
    offering = web.sign(web.offering(claims={"gx:providedBy": {"id": web.did}}))
    alone = shapes_of(node.publisher.check(offering, address=ADDRESS))
    assert alone.outcome is Outcome.FAILED
    assert "nothing here says that this is a gx:Participant" in alone.detail
    together = node.publisher.publish(
        web.present(offering, web.sign(web.participant("Nuée SAS"))), address=ADDRESS
    ).report
    assert shapes_of(together).outcome is Outcome.PASSED
    assert [shapes_of(report).outcome for report in together.credentials] == [
        Outcome.PASSED,
        # No shape speaks of it.
        Outcome.NOT_CHECKED,
    ]


def test_a_reference_to_a_participant_of_the_wrong_kind_is_found_in_a_presentation_too(
    node: Node, clock: Clock, did_folder: Path
) -> None:
    web = Provider(clock, host="nuee.example", folder=did_folder)
    add(node)
    offering = web.sign(web.offering(claims={"gx:providedBy": {"id": web.did}}))
    other = web.sign(web.credential({"id": web.did, "type": "gx:Issuer"}))
    report = node.publisher.check(web.present(offering, other), address=ADDRESS)
    assert shapes_of(report.credentials[0]).outcome is Outcome.FAILED


def test_a_schema_that_was_removed_is_checked_no_longer(node: Node, provider: Provider) -> None:
    line = add(node)
    with node.database.write() as connection:
        schemas.remove(connection, line.digest)
    report = node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS).report
    assert shapes_of(report).outcome is Outcome.NOT_CHECKED


def test_several_schemas_are_one_model(node: Node, provider: Provider) -> None:
    shapes, hierarchy = (
        SHAPES.replace("gx:LegalPerson rdfs:subClassOf gx:Participant .", ""),
        (
            f"@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . "
            f"<{V2511}LegalPerson> rdfs:subClassOf <{V2511}Participant> ."
        ),
    )
    add(node, shapes)
    data = provider.sign(conforming(provider))
    assert shapes_of(node.publisher.check(data, address=ADDRESS)).outcome is Outcome.FAILED
    add(node, hierarchy, "classes.ttl")
    check = shapes_of(node.publisher.check(data, address=ADDRESS))
    assert check.outcome is Outcome.PASSED
    assert len(check.evidence["schemas"]) == 2


def test_a_file_that_is_not_understood_leaves_everything_as_it_was(node: Node) -> None:
    add(node)
    with pytest.raises(SchemaInvalid), node.database.write() as connection:
        schemas.add(connection, b"<a> <b> .", name="x", syntax="turtle", now=node.clock())
    with node.database.read() as connection:
        assert [line.name for line in schemas.listed(connection)] == ["test.ttl"]


def marks_and_reports(database: Database) -> tuple[list[Any], list[Any]]:
    with database.read() as connection:
        return (
            [tuple(row) for row in connection.execute(select(listings.c.content_id, listings.c.shapes))],
            [tuple(row) for row in connection.execute(select(reports))],
        )


def test_a_rebuild_judges_by_the_schemas_of_the_time(
    make_node: Callable[..., Node], provider: Provider, clock: Clock, tmp_path: Path
) -> None:
    node = make_node(policy="strict")
    line = add(node)
    node.publisher.publish(provider.sign(conforming(provider)), address=ADDRESS)
    before = marks_and_reports(node.database)
    with node.database.write() as connection:
        schemas.remove(connection, line.digest)
    assert not rebuild(node.database, clock, max_bytes=node.settings.max_bytes).refused
    assert marks_and_reports(node.database) == before

    backup(node.settings, tmp_path / "b.gz", clock)
    other = Settings(data=tmp_path / "other")
    restore(other, tmp_path / "b.gz")
    database = Database(other.store_url)
    assert not rebuild(database, clock, max_bytes=other.max_bytes).refused
    assert marks_and_reports(database) == before
    database.close()


def test_schemas_prepared_by_another_version_are_prepared_anew(node: Node, provider: Provider) -> None:
    line = add(node)
    with node.database.write() as connection:
        connection.execute(
            update(blobs).where(blobs.c.digest == line.prepared).values(data=b'{"version": 99}')
        )
    report = node.publisher.check(provider.sign(provider.offering()), address=ADDRESS)
    assert shapes_of(report).outcome is Outcome.FAILED


def test_erasing_the_last_that_was_judged_by_a_schema_keeps_the_schema(
    node: Node, provider: Provider
) -> None:
    line = add(node)
    first = node.publisher.publish(provider.sign(provider.offering()), address=ADDRESS)
    node.operations.erase(first.digest, "asked for")
    with node.database.read() as connection:
        kept = {row.digest for row in connection.execute(select(blobs.c.digest))}
    assert {line.digest, line.prepared} <= kept
    again = node.publisher.publish(provider.sign(provider.offering("Other")), address=ADDRESS)
    assert shapes_of(again.report).outcome is Outcome.FAILED


@pytest.fixture
def run(node: Node) -> Callable[..., Result]:
    if node.settings.database_url:
        pytest.skip("once is enough for the command line")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(
            catalogue, ["schemas", *arguments], env={"CATALOGUE_DATA": str(node.settings.data)}
        )

    return invoke


def test_schemas_are_added_listed_and_removed_by_digest(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "shapes.ttl"
    file.write_text(SHAPES, encoding="utf-8")
    digest = "sha256-" + hashlib.sha256(SHAPES.encode()).hexdigest()
    added = run("add", str(file), "--digest", digest)
    assert added.exit_code == 0, added.output
    assert "1 shapes for 1 classes, 1 classes below others" in added.output
    assert digest in run("list").output
    assert run("remove", digest).exit_code == 0
    assert digest not in run("list").output
    assert run("remove", digest).exit_code == 1


def test_another_file_than_the_digest_names_is_refused(run: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "shapes.ttl"
    file.write_text(SHAPES, encoding="utf-8")
    refused = run("add", str(file), "--digest", "sha256-" + "0" * 64)
    assert refused.exit_code == 1
    assert hashlib.sha256(SHAPES.encode()).hexdigest() in refused.output
    assert run("add", str(file), "--digest", "md5-0").exit_code == 2
    assert run("list").output.count("sha256-") == 0


def test_a_constraint_that_is_not_checked_keeps_the_file_out(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "shapes.ttl"
    text = SHAPES.replace("sh:minCount 1", "sh:minCount 1 ; sh:equals gx:name")
    file.write_text(text, encoding="utf-8")
    refused = run("add", str(file), "--digest", hashlib.sha256(text.encode()).hexdigest())
    assert refused.exit_code == 1
    assert "sh:equals is not supported" in refused.output
