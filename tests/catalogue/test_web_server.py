"""The listening socket that outlives web servers."""

from __future__ import annotations

import socket

from catalogue.web_server import listen


def test_who_connects_before_the_web_server_is_there_is_not_held_back_later() -> None:
    with (
        listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
