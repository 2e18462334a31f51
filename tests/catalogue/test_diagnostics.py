"""Logs: one JSON object a line, of libraries too, and never what a program was working on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

PROGRAM = """
import logging, sys, structlog
from catalogue.diagnostics import configure_logging
configure_logging("info", readable=sys.argv[1] == "readable")
log = structlog.get_logger("catalogue.test")
log.info("listed", digest="abc")
log.debug("not shown")
logging.getLogger("some.library").warning("from %s", "outside")
def work():
    payload = "SECRET" + "PAYLOAD"
    raise RuntimeError("broken")
try:
    work()
except RuntimeError as error:
    log.error("failed", exc_info=error)
"""


def written(form: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, form],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert done.stdout == ""
    return done.stderr


def test_each_line_is_an_object_with_time_level_and_event() -> None:
    listed, outside, failed = (json.loads(line) for line in written("json").splitlines())
    assert (listed["event"], listed["digest"], listed["level"]) == ("listed", "abc", "info")
    assert listed["at"].endswith("Z")
    assert (outside["event"], outside["logger"]) == ("from outside", "some.library")
    assert failed["exception"][0]["exc_value"] == "broken"


@pytest.mark.parametrize("form", ["json", "readable"])
def test_traceback_tells_where_but_not_what(form: str) -> None:
    text = written(form)
    assert "RuntimeError" in text
    assert "work" in text
    assert "SECRETPAYLOAD" not in text


def test_log_that_cannot_be_written_stops_nobody() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([sys.executable, "-c", PROGRAM, "json"], stderr=full, timeout=30, check=False)
    assert done.returncode == 0
