"""Nodes that follow each other in this process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_federation import ListSite, Member, NodeSite, Web
from world import Clock

from catalogue.node import Node, prepare
from catalogue.settings import Settings
from credentials.signing import PrivateKey


@pytest.fixture
def web(clock: Clock) -> Web:
    return Web(clock)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which nothing is yet: a copy is made in a tenth of the time."""
    folder = tmp_path_factory.mktemp("empty")
    prepare(Settings(data=folder))
    return folder / "catalogue.sqlite"


@pytest.fixture
def make_member(
    tmp_path: Path, clock: Clock, did_folder: Path, web: Web, empty_store: Path
) -> Iterator[Callable[..., tuple[Member, NodeSite]]]:
    """Make a node by a short name, with the site at which others find it."""
    made: list[Member] = []

    def make(name: str, **overrides: Any) -> tuple[Member, NodeSite]:
        values = {
            "data": tmp_path / name,
            "base_url": f"https://{name}.example",
            "did_documents": str(did_folder),
        } | overrides
        settings = Settings(**values)
        settings.data.mkdir(exist_ok=True)
        shutil.copy(empty_store, settings.data)
        prepare(settings)
        member = Member(Node(settings, clock), web, clock)
        made.append(member)
        site = NodeSite(member.node, clock)
        web.add(site)
        return member, site

    yield make
    for member in made:
        member.close()
        member.node.close()


@pytest.fixture
def member(make_member: Callable[..., tuple[Member, NodeSite]]) -> Member:
    """A node that follows others."""
    return make_member("here")[0]


@pytest.fixture
def site(web: Web, clock: Clock) -> ListSite:
    """A log to follow, which the test writes."""
    made = ListSite("https://there.example", PrivateKey.from_ed25519_seed(bytes(range(32))), clock.now)
    web.add(made)
    return made
