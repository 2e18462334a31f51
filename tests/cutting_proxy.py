"""A relay in front of a server that breaks the line when told to: real bytes, lost at a chosen place."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass


@dataclass(slots=True)
class _Budget:
    """Bytes that still pass in one direction; None for any number."""

    left: int | None = None


class CuttingProxy:
    """Listens on a port of its own and relays to `target` on loopback."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._up, self._down = _Budget(), _Budget()
        self._open: list[socket.socket] = []
        self._mend_after = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_requests_after(self, size: int) -> None:
        """Let so many more bytes through to the server, then break every line."""
        self._up.left = size

    def cut_answers(self) -> None:
        """Let requests through, and no answer."""
        self._down.left = 0

    def cut_next_answer(self) -> None:
        """Lose the next answer and its line; new lines are whole."""
        self._mend_after = True
        self._down.left = 0

    def mend(self) -> None:
        """Let everything through again, on new lines."""
        self._up.left = self._down.left = None

    def close(self) -> None:
        """Break every line for good."""
        self._listener.close()
        self._break()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open += [client, server]
            for source, sink, budget in ((client, server, self._up), (server, client, self._down)):
                threading.Thread(target=self._relay, args=(source, sink, budget), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, budget: _Budget) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1024):
                if budget.left is not None:
                    data, budget.left = data[: budget.left], max(0, budget.left - len(data))
                    sink.sendall(data)
                    if not budget.left:
                        if self._mend_after:
                            self._mend_after = False
                            self.mend()
                        self._break()
                        return
                else:
                    sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _break(self) -> None:
        broken, self._open = self._open, []
        for one in broken:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
