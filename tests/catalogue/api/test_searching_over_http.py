"""A buyer's command asks a node, which asks another one, both over real connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from api_support import ApiNode, MakeApi, Provider
from click.testing import CliRunner, Result
from peers_here import copy, follow
from werkzeug.serving import make_server

from catalogue.cli import catalogue

Run = Callable[..., Result]


@contextmanager
def serving(api: ApiNode) -> Iterator[str]:
    """The node's address for as long as it is served."""
    server = make_server("127.0.0.1", 0, api.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def search(make_api: MakeApi, provider: Provider) -> Iterator[Run]:
    """`catalogue search` at a node that lists `Ours`, has copied `Theirs` and follows a node with `Fresh`."""
    here, there = make_api(fetch_allow_hosts=frozenset({"127.0.0.1"})), make_api()
    here.listed(provider.signed("Ours"))
    copy(here.node, provider.signed("Theirs"), follow(here.node, "near.example"), 0)
    there.listed(provider.signed("Fresh"))
    for api in (here, there):
        api.index()
    with ExitStack() as stack:
        asked, fresh = (stack.enter_context(serving(api)) for api in (here, there))
        follow(here.node, "fresh.example", url=fresh)

        def run(*arguments: str) -> Result:
            return CliRunner().invoke(catalogue, ["search", asked, *arguments])

        yield run


def listers(result: Result) -> dict[str, str]:
    """Who lists what, by the table; the nodes' own log lines, in this process too, have no tabs."""
    assert result.exit_code == 0, result.output
    rows = [line.split("\t") for line in result.stdout.splitlines() if "\t" in line]
    return {row[0]: row[6] for row in rows}


def test_the_table_tells_who_lists_what_and_filters_by_it(search: Run) -> None:
    assert listers(search()) == {"Ours": "127.0.0.1:8080", "Theirs": "near.example"}
    assert listers(search("--home", "yes")) == {"Ours": "127.0.0.1:8080"}
    assert listers(search("--listed-by", "near.example")) == {"Theirs": "near.example"}


def test_live_hits_stand_in_the_table_with_what_became_of_each_node(search: Run) -> None:
    result = search("--live")
    assert listers(result) == {
        "Ours": "127.0.0.1:8080",
        "Theirs": "near.example",
        "Fresh": "fresh.example (not copied)",
    }
    told = result.stderr.splitlines()
    assert "fresh.example: answered, 1 not copied yet, 0 held already" in told
    assert "near.example: unreachable, it doesn't answer" in told


def test_programs_get_the_answer_as_it_is(search: Run) -> None:
    shown = search("--live", "--json", "--listed-by", "fresh.example").stdout
    answer = json.loads(shown.splitlines()[-1])
    assert answer["items"] == []
    assert [item["name"] for item in answer["live"]["items"]] == ["Fresh"]
