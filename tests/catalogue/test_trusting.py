"""The trust list as a file: changed whole by the command, taken up by processes that run."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from world import Clock, Provider

from catalogue.cli import catalogue
from catalogue.describing import Describer
from catalogue.node import Node
from catalogue.trusting import LOOK_SECONDS, TrustChanges, TrustFile
from search.query import Query
from vocab.trust import TrustEntry, TrustList, TrustListInvalid

BODY = "did:web:body.example"
SERVICE = "https://nuee.example/o/1"


def run(*arguments: str, path: Path) -> Result:
    return CliRunner().invoke(catalogue, ["trust", *arguments, "--file", str(path)])


def entries(path: Path) -> tuple[TrustEntry, ...]:
    return TrustList.load(path).entries


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trust.json"


def test_entry_is_added_to_a_file_that_is_made(path: Path) -> None:
    done = run(
        "add", BODY, "--attests", "certification", "--scheme", "secnumcloud", "--from", "2026-01-01",
        "--until", "2027-01-01T00:00:00+01:00", "--name", "Body", path=path,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert entries(path) == (
        TrustEntry(
            BODY,
            ("certification",),
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 12, 31, 23, tzinfo=UTC),
            "Body",
            ("secnumcloud",),
        ),
    )
    listed = run("list", path=path).output
    assert listed.startswith(
        f"{BODY}\tcertification\t2026-01-01T00:00:00Z\t2026-12-31T23:00:00Z\tsecnumcloud"
    )


def test_what_the_file_says_of_itself_and_its_permissions_stay(path: Path) -> None:
    path.write_text(json.dumps({"version": 1, "about": "Reviewed in May.", "entries": []}), encoding="utf-8")
    path.chmod(0o640)
    assert run("add", BODY, "--attests", "gaia-x-label", path=path).exit_code == 0
    assert json.loads(path.read_text(encoding="utf-8"))["about"] == "Reviewed in May."
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(path.parent.iterdir()) == [path]


def test_same_entry_twice_is_refused(path: Path) -> None:
    assert run("add", BODY, "--attests", "certification", path=path).exit_code == 0
    again = run("add", BODY, "--attests", "certification", path=path)
    assert again.exit_code == 1
    assert len(entries(path)) == 1
    assert run("add", BODY, "--attests", "certification", "--scheme", "hds", path=path).exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "body.example", "--attests", "certification"),
        ("add", BODY, "--attests", "everything"),
        ("add", BODY, "--attests", "certification", "--scheme", "secnumcloud:3.2"),
        ("add", BODY, "--attests", "certification", "--scheme", "best-cloud-ever"),
        ("add", BODY, "--attests", "certification", "--programme", "ipcei-cis"),
        ("add", BODY, "--attests", "certification", "--from", "2026-06-01", "--until", "2026-01-01"),
        ("add", BODY, "--attests", "certification", "--from", "yesterday"),
        ("add", BODY, "--attests", "certification", "--from", "2026-01-01T00:00:00"),
        ("add", BODY),
    ],
)
def test_what_would_not_be_a_trust_list_is_not_written(path: Path, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, path=path)
    assert done.exit_code == 2, done.output
    assert not path.exists()


def test_damaged_file_is_not_overwritten(path: Path) -> None:
    path.write_text("{", encoding="utf-8")
    for arguments in (("add", BODY, "--attests", "certification"), ("remove", BODY), ("list",)):
        assert run(*arguments, path=path).exit_code == 2
    assert path.read_text(encoding="utf-8") == "{"


def test_no_file_named_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CATALOGUE_TRUST_LIST", raising=False)
    assert CliRunner().invoke(catalogue, ["trust", "list"]).exit_code == 2


def test_issuer_is_removed_altogether_for_one_thing_or_from_a_time_on(path: Path) -> None:
    both = (
        "--attests",
        "certification",
        "--attests",
        "gaia-x-label",
        "--scheme",
        "hds",
        "--from",
        "2026-01-01",
    )
    run("add", BODY, *both, path=path)
    run("add", "did:web:other.example", "--attests", "gaia-x-label", path=path)
    assert run("remove", BODY, "--attests", "registration-number", path=path).exit_code == 1
    assert (
        run("remove", BODY, "--attests", "certification", "--until", "2026-06-01", path=path).exit_code == 0
    )
    label, certification, other = entries(path)
    assert (label.attests, label.schemes, label.valid_until) == (("gaia-x-label",), (), None)
    assert (certification.attests, certification.schemes) == (("certification",), ("hds",))
    assert certification.valid_until == datetime(2026, 6, 1, tzinfo=UTC)
    assert run("remove", BODY, path=path).exit_code == 0
    assert entries(path) == (other,)
    assert run("remove", BODY, path=path).exit_code == 1


def write(path: Path, *trusted: TrustEntry) -> None:
    path.write_text(json.dumps(TrustList(trusted).to_dict()), encoding="utf-8")


ENTRY = TrustEntry(BODY, ("certification",), datetime(2026, 1, 1, tzinfo=UTC))


def test_running_process_takes_a_changed_list_up(path: Path) -> None:
    write(path)
    ticks = [0.0]
    trust = TrustFile(path, lambda: ticks[0])
    write(path, ENTRY)
    assert trust.current().entries == ()
    ticks[0] = LOOK_SECONDS
    assert trust.current().entries == (ENTRY,)


def test_list_that_is_damaged_or_gone_leaves_the_one_before_it(path: Path) -> None:
    write(path, ENTRY)
    ticks = [0.0]
    trust = TrustFile(path, lambda: ticks[0])
    path.write_text("{", encoding="utf-8")
    for step in (1, 2):
        ticks[0] = step * LOOK_SECONDS
        assert trust.current().entries == (ENTRY,)
        path.unlink(missing_ok=True)
    write(path)
    ticks[0] = 3 * LOOK_SECONDS
    assert trust.current().entries == ()
    with pytest.raises(TrustListInvalid):
        TrustFile(path.with_name("none.json"))


@pytest.fixture
def certified(
    make_node: Callable[..., Node],
    path: Path,
    did_folder: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> Node:
    """A node with a service and its certificate, by a body that nobody trusts yet."""
    monkeypatch.setattr("catalogue.trusting.LOOK_SECONDS", 0.0)
    provider = Provider(clock, host="nuee.example", folder=did_folder)
    body = Provider(clock, host="body.example", folder=did_folder)
    write(path)
    node = make_node(trust_list=str(path))
    for data in (provider.sign(provider.offering(subject=SERVICE)), body.sign(body.certificate(SERVICE))):
        node.publisher.publish(data, address="192.0.2.1")
    return node


def found(node: Node) -> int:
    query = Query(filters={"certification": ("secnumcloud",)})
    return int(node.discovery.search(query, ("en",))["total"])


def test_index_follows_the_list(certified: Node, path: Path, index: Callable[[Node], None]) -> None:
    index(certified)
    assert found(certified) == 0
    write(path, ENTRY)
    index(certified)
    assert found(certified) == 1
    write(path, TrustEntry(BODY, ("certification",), ENTRY.valid_from, schemes=("hds",)))
    index(certified)
    assert found(certified) == 0


def test_change_while_no_indexer_ran_is_taken_up_by_the_next(
    certified: Node, path: Path, clock: Clock, index: Callable[[Node], None]
) -> None:
    index(certified)
    write(path, ENTRY)
    changes = TrustChanges(certified.settings, certified.database, Describer(certified.settings).trust, clock)
    assert changes.catch_up() == 1
    assert changes.catch_up() == 0
    again = TrustChanges(certified.settings, certified.database, Describer(certified.settings).trust, clock)
    assert again.catch_up() == 0
    index(certified)
    assert found(certified) == 1


def test_other_names_and_texts_change_nothing(certified: Node, path: Path, clock: Clock) -> None:
    write(path, ENTRY)
    trust = Describer(certified.settings).trust
    changes = TrustChanges(certified.settings, certified.database, trust, clock)
    assert changes.catch_up() == 1
    write(path, TrustEntry(BODY, ("certification",), ENTRY.valid_from, name="Another name"))
    assert changes.catch_up() == 0
