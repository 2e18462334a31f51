"""Publishing without pause from several threads, and what a node lists afterwards."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

from offerings import Provider
from running import RunningNode

from catalogue.client import NodeClient, NodeProblem, NodeUnreachable
from credentials.identity import digest_of

#: Threads that publish at a time.
PUBLISHERS = 4


class Load:
    """Publishes until stopped and remembers what was answered with 201 and what was never answered."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._mutex = threading.Lock()
        self._threads = [threading.Thread(target=self._publish, args=(n,)) for n in range(PUBLISHERS)]
        self.answered: dict[str, bytes] = {}
        self.unanswered: dict[str, bytes] = {}
        self.refusals: list[str] = []

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _publish(self, number: int) -> None:
        provider, client, count = Provider(), NodeClient(self._url), 0
        while not self._stop.is_set():
            count += 1
            form = ("vc-jwt", "ed25519-2020")[count % 2]
            data = provider.signed(f"Kill {os.getpid()} {number} {count}", form)
            kept = self.unanswered
            try:
                client.publish(data)
                kept = self.answered
            except NodeUnreachable:
                time.sleep(0.02)
            except NodeProblem as problem:
                # 503 while a store is away is an answer that promises nothing; anything else is a fault.
                if problem.status != 503:
                    self.refusals.append(f"{problem.status}: {problem}")
            with self._mutex:
                kept[digest_of(data)] = data
        client.close()


def listed_digests(node: RunningNode) -> Iterator[dict[str, Any]]:
    """Every line of GET /self-descriptions."""
    cursor: str | None = ""
    while cursor is not None:
        parameters = {"size": "100"} | ({"cursor": cursor} if cursor else {})
        page = node.client.get("/self-descriptions", parameters.items())
        yield from page["items"]
        cursor = page["next"]
