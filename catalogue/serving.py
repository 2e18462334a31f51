"""`catalogue serve`: the node as one supervisor over web server, indexer and the federation's process."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import signal
import socket
import threading
import traceback
from types import FrameType

import structlog

from catalogue.diagnostics import configure_logging
from catalogue.folder_lock import FolderInUse, FolderLock
from catalogue.settings import Settings
from catalogue.supervisor import EXIT_BUG, Service, Supervisor

#: Seconds for the web server to finish its requests: gunicorn's own limit and a margin.
WEB_STOP_SECONDS = 25.0
#: Seconds for the indexer to finish the batch it is on; it may be killed at any instant, this is politeness.
INDEXER_STOP_SECONDS = 10.0

#: Seconds for the federation's process to finish what it is on; it may be killed at any instant too.
FEDERATION_STOP_SECONDS = 8.0

#: What a pipe takes without a reader (POSIX): longer messages are cut.
PIPE_BYTES = 512
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
        configure_logging(settings.log_level)
        # Before anything imports the metrics library, which looks for the folder only then.
        _prepare_metrics(settings)
        listener = _listen(settings)
        _load_code(settings)
        return Supervisor(
            [
                Service("cat-web", lambda: _web(settings, listener), WEB_STOP_SECONDS),
                Service("cat-indexer", lambda: run_indexer(settings, listener), INDEXER_STOP_SECONDS),
                Service(
                    "cat-federation", lambda: run_federation(settings, listener), FEDERATION_STOP_SECONDS
                ),
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


class _PreparingStore:
    """Makes an empty folder or database a store, in a process of its own while this one imports.

    So this process never opens a connection, and the node answers sooner.
    """

    def __init__(self, settings: Settings) -> None:
        self._reader, writer = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            problem = ""
            code = EXIT_BUG
            try:
                problem = _prepare_store(settings)
                code = 0
            finally:
                if code:
                    traceback.print_exc()
                os.write(writer, problem.encode()[:PIPE_BYTES])
                os._exit(code)
        os.close(writer)

    def wait(self) -> None:
        """Return when the store is ready. CannotServe says why it can't be used."""
        with os.fdopen(self._reader, "rb") as reader:
            problem = reader.read().decode(errors="replace")
        _, status = os.waitpid(self._pid, 0)
        if problem:
            raise CannotServe(problem)
        if status:
            raise CannotServe("the store can't be made ready; the reason is above")


def _prepare_store(settings: Settings) -> str:
    """Create or check the store; returns what stands in the way, empty for nothing."""
    from sqlalchemy.exc import OperationalError

    from catalogue.node import prepare
    from catalogue.store.schema import SchemaOutdated

    try:
        prepare(settings)
    except SchemaOutdated as error:
        return f"{error}; make a backup with the version that made it, then run `catalogue upgrade`"
    except OperationalError as error:
        return f"the store can't be reached: {error.orig}"
    return ""


def _load_code(settings: Settings) -> None:
    """Load the code once, with the store made ready beside: the children share every page of it."""
    gc.disable()  # nothing of what imports make is garbage; looking for some takes a tenth of the time
    import catalogue.node

    store = _PreparingStore(settings)
    import catalogue.app
    import catalogue.federation.process
    import catalogue.indexer
    import catalogue.web_server  # noqa: F401

    store.wait()
    gc.enable()


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


def run_federation(settings: Settings, listener: socket.socket | None = None) -> int:
    """Sign the node's log and copy those of its peers until SIGTERM or SIGINT; as `run_indexer`."""
    from catalogue.federation.process import run

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
