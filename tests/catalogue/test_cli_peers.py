"""`catalogue peers` on a node's store, with another node on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from https_servers import Authority, page
from https_servers import Web as Server
from sqlalchemy import insert, update
from strangers import Stranger, Web

from catalogue.cli import catalogue
from catalogue.federation.introduction import fingerprint
from catalogue.node import prepare
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import contradictions, peers, received, stored_time
from credentials.times import utc_now

Run = Callable[..., Result]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    web = Server(Authority(tmp_path), plain=True)
    yield web
    web.close()


@pytest.fixture
def nord(server: Server) -> Stranger:
    """A node that answers over plain http on this machine."""
    web = Web()
    stranger = Stranger(web, f"http://127.0.0.1:{server.port}")
    stranger.entries = [b"one", b"two", b"three"]
    publish(server, stranger)
    return stranger


def publish(server: Server, stranger: Stranger) -> None:
    stranger.serve(utc_now())
    for url, body in stranger.web.served.items():
        server.pages[url.removeprefix(stranger.url)] = page(body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(Settings(data=tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def run(folder: Path) -> Run:
    def call(*arguments: str, answer: str | None = None, **environment: str) -> Result:
        settings = {"CATALOGUE_DATA": str(folder), "CATALOGUE_FETCH_ALLOW_HOSTS": "127.0.0.1"} | environment
        return CliRunner().invoke(catalogue, ["peers", *arguments], input=answer, env=settings)

    return call


def execute(folder: Path, statement: Any) -> None:
    database = Database(Settings(data=folder).store_url)
    with database.write() as connection:
        connection.execute(statement)
    database.close()


def names(run: Run) -> list[str]:
    done = run("list")
    assert done.exit_code == 0, done.output
    return [line.split("\t")[0] for line in done.output.splitlines()]


def test_a_key_is_shown_and_pinned_only_after_a_yes(run: Run, nord: Stranger) -> None:
    refused = run("add", nord.url, answer="n\n")
    assert refused.exit_code == 1
    for shown in (nord.vkey, fingerprint(nord.vkey), nord.origin, "3, signed at", "nobody vouches"):
        assert shown in refused.output
    assert names(run) == []
    done = run("add", nord.url, answer="y\n")
    assert done.exit_code == 0, done.output
    assert names(run) == [nord.url.removeprefix("http://")]


def test_with_yes_or_the_key_nothing_is_asked(run: Run, nord: Stranger) -> None:
    assert run("add", nord.url, "--key", nord.vkey).exit_code == 0
    again = run("add", nord.url, "--yes")
    assert again.exit_code == 1
    assert "followed already" in again.output
    name = nord.url.removeprefix("http://")
    assert run("remove", name).exit_code == 0
    assert run("add", nord.url, "--yes").exit_code == 0
    assert names(run) == [name]


def test_another_key_than_the_one_given_is_refused(run: Run, nord: Stranger) -> None:
    other = Stranger(nord.web, nord.url).vkey
    done = run("add", nord.url, "--key", other, "--yes")
    assert done.exit_code == 1
    assert "none of the known keys" in done.output
    assert names(run) == []


def test_a_private_address_is_asked_only_where_settings_name_it(run: Run, nord: Stranger) -> None:
    done = run("add", nord.url, "--yes", CATALOGUE_FETCH_ALLOW_HOSTS="")
    assert done.exit_code == 1
    assert "CATALOGUE_FETCH_ALLOW_HOSTS" in done.output


def test_a_peer_is_paused_resumed_and_rekeyed(run: Run, nord: Stranger) -> None:
    assert run("add", nord.url, "--yes").exit_code == 0
    name = nord.url.removeprefix("http://")
    assert run("pause", name, "--reason", "their maintenance").output == f"{name}: paused\n"
    assert "paused: their maintenance" in run("status", name).output
    assert run("resume", name).output == f"{name}: followed\n"
    new = Stranger(nord.web, nord.url).vkey
    assert fingerprint(new) in run("rekey", name, "--key", new).output
    assert new in run("status", name).output
    refused = run("rekey", name, "--key", "nonsense")
    assert refused.exit_code == 1


def test_status_tells_counts_errors_evidence_and_what_was_refused(
    run: Run, nord: Stranger, folder: Path
) -> None:
    assert run("add", nord.url, "--yes").exit_code == 0
    name = nord.url.removeprefix("http://")
    for leaf in range(22):
        execute(
            folder,
            insert(received).values(
                peer=1,
                leaf=leaf,
                op="list",
                digest=f"{leaf:064x}",
                at=stored_time(utc_now()),
                state="refused",
                detail="signature: it doesn't hold \x1b[2J",
            ),
        )
    execute(folder, update(peers).values(size=25, signed_size=30, last_error="the host took too long"))
    execute(
        folder,
        insert(contradictions).values(
            id="e" * 64,
            peer=name,
            origin=nord.origin,
            kind="fork",
            found_at=stored_time(utc_now()),
            evidence=b"",
        ),
    )
    shown = run("status", name).output
    for part in ("25 received, 5 to come", "Refused:     22", "Accepted:    3", "the host took too long"):
        assert part in shown
    assert "e" * 64 in shown
    assert f"{19:064x}" in shown
    assert f"{20:064x}" not in shown
    assert "2 more" in shown
    assert "\x1b" not in shown


def test_a_node_with_a_new_log_is_shown_as_such(
    run: Run, nord: Stranger, folder: Path, server: Server
) -> None:
    assert run("add", nord.url, "--yes").exit_code == 0
    renewed = Stranger(nord.web, nord.url, "ffff0000")
    publish(server, renewed)
    done = run("add", nord.url, "--yes")
    assert done.exit_code == 0, done.output
    assert "made its log anew" in done.output
    assert nord.origin in done.output


def test_nobody_of_that_name_is_said_and_exits_one(run: Run) -> None:
    for command in (["status"], ["pause"], ["resume"], ["remove"], ["rekey", "--key", "x"]):
        done = run(command[0], "nobody.example", *command[1:])
        assert done.exit_code == 1, done.output
    assert "no peer nobody.example" in run("remove", "nobody.example").output
