"""Logs on standard error: one JSON object a line, or readable lines on a terminal; never a payload.

What libraries log (gunicorn, alembic, ...) has the same form as what the program does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable

import orjson
import structlog
from structlog.typing import Processor

_STANDARD_ERROR = 2


def configure_logging(level: str, *, readable: bool | None = None) -> None:
    """Set up logging of this process and those it forks, from `level` (`debug` ... `error`) up.

    `readable` chooses the form; None means readable on a terminal, JSON otherwise.
    """
    if readable is None:
        readable = sys.stderr.isatty()
    told: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    # Never the variables of a traceback's frames: they are payloads, keys and database passwords.
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    form: list[Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if readable
        else [structlog.processors.ExceptionRenderer(frames), structlog.processors.JSONRenderer(_json)]
    )
    handler = _LineHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *form],
            foreign_pre_chain=[*told, structlog.stdlib.ExtraAdder()],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # These tell of their own workings at info; a node's log tells of the node's.
    for name in ("alembic", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # The program's own lines don't pass through the library's records: that way costs more than all the rest,
    # and there is a line for every request.
    structlog.configure(
        processors=[*told, *form],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


class _Lines:
    """What structlog hands finished lines to: one method for each level, all the same."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        """Write a line."""
        _write(line)

    debug = info = warning = error = critical = msg


class _LineHandler(logging.Handler):
    """Writes what libraries log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        _write(self.format(record))


def _write(line: str) -> None:
    """One call for a whole line, so that lines of threads and processes don't run into each other.

    A log that can't be written (a full disk, a reader that has gone) must not stop the node.
    """
    data = line.encode("utf-8", "backslashreplace") + b"\n"
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(_STANDARD_ERROR, data) :]


def _json(line: object, default: Callable[[object], object]) -> str:
    return orjson.dumps(line, default=default).decode()
