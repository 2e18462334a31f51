"""When the nodes of the showcase hold the same, from what they say of themselves and of each other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catalogue.showcase.convergence import Sight, converged, look_at, table_of
from catalogue.showcase.member import Member


class Saying:
    """A node that says what a test has it say."""

    def __init__(self, code: str, state: dict[str, Any], *, lag: int = 0, found: int = 3) -> None:
        self.code = code
        self.url = f"http://{state['name']}"
        self.client = self
        self._answers: dict[str, dict[str, Any]] = {
            "/federation": state,
            "/readyz": {"lag": lag},
            "/offerings": {"total": found},
            "/participants": {"total": 1},
        }

    def get(self, path: str, parameters: object = ()) -> dict[str, Any]:
        return self._answers[path]


def peer(name: str, size: int, error: str | None = None, **entries: int) -> dict[str, Any]:
    return {"name": name, "size": size, "entries": entries, "last_error": error}


def seen(*nodes: Saying) -> tuple[Sight, ...]:
    members: list[Member] = list(nodes)  # type: ignore[arg-type]
    return look_at(members)


def fr(*peers: dict[str, Any], **options: int) -> Saying:
    return Saying("FR", {"name": "fr.example", "size": 5, "peers": list(peers)}, **options)


def de(*peers: dict[str, Any], **options: int) -> Saying:
    return Saying("DE", {"name": "de.example", "size": 2, "peers": list(peers)}, **options)


def test_nodes_that_have_all_of_each_other_and_find_the_same_have_converged() -> None:
    sights = seen(fr(peer("de.example", 2, accepted=2)), de(peer("fr.example", 5, accepted=4, refused=1)))
    assert converged(sights)
    assert [(sight.own, sight.received, sight.refused) for sight in sights] == [(5, 2, 0), (2, 5, 1)]


@pytest.mark.parametrize(
    ("of_de", "behind"),
    [
        # Not followed at all; some not received; some not decided; some put off.
        ([], 2),
        ([peer("de.example", 1, accepted=1)], 1),
        ([peer("de.example", 2, pending=2)], 2),
        ([peer("de.example", 2, accepted=1, deferred=1)], 1),
    ],
)
def test_what_another_has_signed_and_isn_t_taken_is_behind(of_de: list[dict[str, Any]], behind: int) -> None:
    sights = seen(fr(*of_de), de(peer("fr.example", 5, accepted=5)))
    assert sights[0].behind == behind
    assert not converged(sights)


def test_what_isn_t_searchable_yet_is_behind() -> None:
    sights = seen(fr(peer("de.example", 2, accepted=2), lag=1), de(peer("fr.example", 5, accepted=5)))
    assert not converged(sights)


def test_nodes_that_find_different_numbers_have_not_converged() -> None:
    sights = seen(fr(peer("de.example", 2, accepted=2)), de(peer("fr.example", 5, accepted=5), found=4))
    assert not any(sight.behind for sight in sights)
    assert not converged(sights)


def test_why_a_peer_can_t_be_followed_is_told() -> None:
    (sight, _) = seen(fr(peer("de.example", 0, "no connection")), de(peer("fr.example", 5)))
    assert sight.reasons == ("de.example: no connection",)


def test_the_table_has_a_line_for_each_node_under_its_titles() -> None:
    (sight, other) = seen(fr(peer("de.example", 2)), de(peer("fr.example", 5)))
    lines = table_of([sight, replace(other, own=1_000)]).splitlines()
    assert [line.split()[0] for line in lines] == ["node", "FR", "DE"]
    assert lines[1].endswith(" 1")
    assert len({line.index("http") for line in lines[1:]}) == 1
