"""`catalogue serve`: the node as one supervisor over a web server and an indexer."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import threading
from types import FrameType

import structlog

from catalogue.diagnostics import configure_logging
from catalogue.folder_lock import FolderInUse, FolderLock
from catalogue.settings import Settings
from catalogue.supervisor import Service, Supervisor

#: Seconds for the web server to finish its requests: gunicorn's own limit and a margin.
WEB_STOP_SECONDS = 25.0
#: Seconds for the indexer to finish the batch it is on; it may be killed at any instant, this is politeness.
INDEXER_STOP_SECONDS = 10.0

#: Seconds between looks whether another indexer has left its place.
PLACE_SECONDS = 2.0


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
        _prepare_store(settings)
        return Supervisor(
            [
                Service("cat-web", lambda: _web(settings, listener), WEB_STOP_SECONDS),
                Service("cat-indexer", lambda: run_indexer(settings, listener), INDEXER_STOP_SECONDS),
                Service("cat-welcome", lambda: _welcome(settings, listener), 1.0, lasting=False),
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


def _prepare_store(settings: Settings) -> None:
    """An empty folder or database becomes a store; connections are closed again before any fork."""
    from sqlalchemy.exc import OperationalError

    from catalogue.node import prepare
    from catalogue.store.schema import SchemaOutdated

    try:
        prepare(settings)
    except SchemaOutdated as error:
        raise CannotServe(f"{error}; make a backup, then run `catalogue upgrade`") from error
    except OperationalError as error:
        raise CannotServe(f"the store can't be reached: {error.orig}") from error


def _import_everything() -> None:
    """Load the code once; the children share it page by page and start without a delay."""
    import catalogue.app
    import catalogue.indexer
    import catalogue.web_server  # noqa: F401


def _web(settings: Settings, listener: socket.socket) -> int:
    from catalogue.app import create_app
    from catalogue.web_server import Server

    Server(
        listener,
        build=lambda: create_app(settings),
        close=lambda app: app.extensions["catalogue"].close(),
        workers=settings.workers,
        threads=settings.threads,
    ).run()
    return 0


def run_indexer(settings: Settings, listener: socket.socket | None = None) -> int:
    """Run the indexer until SIGTERM or SIGINT; a supervisor's `listener` is closed: not its business."""
    from catalogue.indexer import IndexerRunning, run

    if listener is not None:
        listener.close()
    stop = threading.Event()
    log = structlog.get_logger("catalogue.indexer")

    def stopping(_signum: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, stopping)
    signal.signal(signal.SIGINT, stopping)
    while not stop.is_set():
        try:
            run(settings, stop)
        except IndexerRunning as error:
            log.warning("waiting for the indexer's place", folder=str(error.folder))
            stop.wait(PLACE_SECONDS)
    return 0


def _welcome(settings: Settings, listener: socket.socket) -> int:
    from catalogue.welcome import welcome

    listener.close()
    return welcome(settings)
