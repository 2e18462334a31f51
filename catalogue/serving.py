"""`catalogue serve`: the node as one supervisor over a web server and an indexer."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import threading
from types import FrameType

from catalogue.folder_lock import FolderInUse, FolderLock
from catalogue.diagnostics import configure_logging
from catalogue.settings import Settings
from catalogue.supervisor import Service, Supervisor

#: Seconds for the web server to finish its requests: gunicorn's own limit and a margin.
WEB_STOP_SECONDS = 25.0
#: Seconds for the indexer to finish the batch it is on; it may be killed at any instant, this is politeness.
INDEXER_STOP_SECONDS = 10.0


class CannotServe(Exception):
    """The node can't start here; the message says why and what to do."""


def serve(settings: Settings) -> int:
    """Run a node until it is told to stop; returns the exit code. CannotServe when it can't start."""
    lock = FolderLock(settings.data)
    try:
        lock.acquire()
    except FolderInUse as error:
        raise CannotServe(f"{error}; stop it first, or choose another folder with CATALOGUE_DATA") from error
    except OSError as error:
        raise CannotServe(f"the data folder {settings.data} can't be used: {error.strerror}") from error
    try:
        listener = _listen(settings)
        configure_logging(settings.log_level)
        _prepare_metrics(settings)
        _import_everything()
        return Supervisor(
            [
                Service("web", lambda: _web(settings, listener), WEB_STOP_SECONDS),
                Service("indexer", lambda: run_indexer(settings, listener), INDEXER_STOP_SECONDS),
                Service("welcome", lambda: _welcome(settings, listener), 1.0, lasting=False),
            ]
        ).run()
    finally:
        lock.release()


def _listen(settings: Settings) -> socket.socket:
    from catalogue.web_server import listen

    try:
        return listen(settings.host, settings.port)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(
                f"{where} is in use by another program; choose another port with --port or CATALOGUE_PORT"
            ) from error
        raise CannotServe(f"can't listen on {where}: {error.strerror or error}") from error


def _prepare_metrics(settings: Settings) -> None:
    """An empty folder for the workers' shared counters, named before the metrics library is imported."""
    folder = settings.data / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder.absolute())


def _import_everything() -> None:
    """Load the code once; the children share it page by page and start without a delay."""
    import catalogue.app
    import catalogue.indexer
    import catalogue.web_server  # noqa: F401


def _web(settings: Settings, listener: socket.socket) -> int:
    from catalogue.app import create_app
    from catalogue.web_server import Server

    Server(listener, lambda: create_app(settings), workers=settings.workers, threads=settings.threads).run()
    return 0


def run_indexer(settings: Settings, listener: socket.socket | None = None) -> int:
    """Run the indexer until SIGTERM or SIGINT; a supervisor's `listener` is closed, it is not its business."""
    from catalogue.indexer import run

    if listener is not None:
        listener.close()
    stop = threading.Event()

    def stopping(_signum: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, stopping)
    signal.signal(signal.SIGINT, stopping)
    run(settings, stop)
    return 0


def _welcome(settings: Settings, listener: socket.socket) -> int:
    from catalogue.welcome import welcome

    listener.close()
    return welcome(settings)
