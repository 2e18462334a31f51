"""Where the showcase may start, and what it says where it can't."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from catalogue.showcase import __main__ as showcase
from catalogue.showcase.network import Namespaces, NetworkUnusable, Place


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_self: Namespaces, _names: Sequence[str]) -> dict[str, Place]:
        raise NetworkUnusable("only root may make network namespaces")

    monkeypatch.setattr(Namespaces, "open", refused)


@pytest.mark.usefixtures("no_namespaces")
def test_without_namespaces_it_says_so_and_takes_ports_of_loopback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network, places = showcase._open_network(tmp_path, None, 18450)
    assert network.kind == "loopback"
    assert len({place.port for place in places.values()}) == 11
    assert "only root" in capsys.readouterr().out


@pytest.mark.usefixtures("no_namespaces")
def test_a_later_run_keeps_to_the_network_on_which_its_logs_have_their_names(tmp_path: Path) -> None:
    showcase._open_network(tmp_path, "loopback", 18450)
    _, places = showcase._open_network(tmp_path, None, 18999)
    assert places["FR"].url == "http://127.0.0.1:18450"


@pytest.mark.usefixtures("no_namespaces")
def test_what_can_t_be_had_ends_with_a_reason_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert showcase.main(["--data", str(tmp_path), "--network", "namespaces"]) == 2
    assert "No network namespaces: only root" in capsys.readouterr().err
    (tmp_path / showcase.NETWORK_FILE).write_text(json.dumps({"kind": "namespaces", "port": 0}))
    assert showcase.main(["--data", str(tmp_path), "--network", "loopback"]) == 2
    assert "choose another folder" in capsys.readouterr().err
