"""What the web server refuses before the application sees it is a problem too, never an HTML page."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from running import RunningNode

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """One node for all: none of these requests changes anything."""
    running = RunningNode(tmp_path_factory.mktemp("malformed") / "node")
    running.start()
    yield running
    running.kill()


def exchange(node: RunningNode, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to raw bytes."""
    with socket.create_connection(("127.0.0.1", node.port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), body


POST = (
    b"POST /self-descriptions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
)


@pytest.mark.parametrize(
    ("request_bytes", "status", "slug"),
    [
        (b"nonsense\r\n\r\n", 400, "malformed-request"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "malformed-request"),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400, "malformed-request"),
        (b"GET /?" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri-too-long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n", 431, "headers-too-large"),
        (
            POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            400,
            "malformed-request",
        ),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nnot a size\r\n", 400, "malformed-request"),
        (POST + b"Content-Length: -1\r\n\r\n{}", 400, "malformed-request"),
        (POST + b"Content-Length: 99999999999\r\n\r\n{}", 413, "too-large"),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b" " * 65_536 + b"\r\n") * 17,
            413,
            "too-large",
        ),
    ],
)
def test_malformed_request_is_answered_with_a_problem(
    node: RunningNode, request_bytes: bytes, status: int, slug: str
) -> None:
    found, headers, body = exchange(node, request_bytes)
    assert found == status, body
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["type"].endswith("/" + slug)
    assert "internal error" not in node.output()
