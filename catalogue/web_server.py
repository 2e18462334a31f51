"""gunicorn, configured in code: threads in a few workers, the application imported before they fork."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger
from prometheus_client.multiprocess import mark_process_dead

from catalogue.lifeline import end_with_parent, name_process

#: Seconds that a request in flight may take to finish once the node is told to stop.
GRACEFUL_SECONDS = 20
#: A worker whose main loop says nothing for this many seconds hangs and is replaced. Requests run in
#: threads beside that loop, so a slow one doesn't count.
HANG_SECONDS = 30
#: Seconds a connection without a request is kept; longer than the pause between two of one client.
KEEPALIVE_SECONDS = 15
#: Connections that one worker holds, most of them idle; bounds its file descriptors.
CONNECTIONS = 500
#: gunicorn's largest: a query of 400 characters, each percent-encoded from four bytes, must fit.
REQUEST_LINE_BYTES = 8_190

#: What `ps` calls a worker; the arbiter above it is called as its service is.
WORKER_NAME = "cat-worker"

App = TypeVar("App", bound=Callable[..., Any])


class PlainLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """Hands gunicorn's lines to the program's own logging; the application writes the access log."""

    def setup(self, cfg: Any) -> None:
        """gunicorn's own set-up, then no handler of its own."""
        super().setup(cfg)
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
        self.error_log.setLevel(logging.WARNING)


class Server(BaseApplication, Generic[App]):  # type: ignore[misc]  # gunicorn is untyped
    """The arbiter over `workers` processes that answer on the listening socket `listener`.

    `build` is called in each worker after the fork: database connections must not cross one. `close` is
    called with what it built when the worker ends in order.
    """

    def __init__(
        self,
        listener: socket.socket,
        build: Callable[[], App],
        close: Callable[[App], None],
        *,
        workers: int,
        threads: int,
    ) -> None:
        self._listener = listener
        self._build = build
        self._close = close
        self._workers = workers
        self._threads = threads
        super().__init__()

    def load_config(self) -> None:
        """Every option that differs from gunicorn's own default."""
        options: dict[str, Any] = {
            "bind": f"fd://{os.dup(self._listener.fileno())}",
            "workers": self._workers,
            "worker_class": "catalogue.web_worker.ProblemWorker",
            "limit_request_line": REQUEST_LINE_BYTES,
            "threads": self._threads,
            "worker_connections": CONNECTIONS,
            "timeout": HANG_SECONDS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "keepalive": KEEPALIVE_SECONDS,
            "logger_class": PlainLogger,
            "proc_name": "catalogue",
            "control_socket_disable": True,
            "post_fork": _tie_to_arbiter,
            "child_exit": _forget_metrics,
            "worker_exit": self._worker_exit,
        }
        if Path("/dev/shm").is_dir():  # noqa: S108 - the heartbeat file; a disk that stalls must not kill workers
            options["worker_tmp_dir"] = "/dev/shm"  # noqa: S108
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> App:
        """Called by each worker after its fork."""
        built = self._build()
        # What was just built stays to the end: looking through it for garbage again and again is in vain.
        gc.collect()
        gc.freeze()
        return built

    def _worker_exit(self, _server: Any, worker: Any) -> None:
        """Called in the worker, and in the arbiter for one that had gone; there it has built nothing."""
        built = getattr(worker, "wsgi", None)
        if built is not None:
            self._close(built)

    def run(self) -> None:
        """Serve until SIGTERM; ends with SystemExit."""
        try:
            Arbiter(self).run()
        except HaltServer as halt:
            # Raised once more, from within the stop, when a second worker could not start either.
            sys.exit(halt.exit_status)


def _tie_to_arbiter(_arbiter: Any, worker: Any) -> None:
    end_with_parent(worker.ppid)
    name_process(WORKER_NAME)


def _forget_metrics(_arbiter: Any, worker: Any) -> None:
    """A dead worker's gauges are not the node's any more; its counters stay."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket that outlives the web server's restarts: clients wait in its queue meanwhile.

    OSError (`EADDRINUSE`, `EACCES`, ...) when the address can't be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Who connects before gunicorn took the socket over would otherwise wait 40 ms for each answer: its
        # body is held back until the client's delayed acknowledgement of the head (RFC 1122, section 4.2.3).
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener
