"""A node with the samples and a browser, once for all tests of the pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from browser import WIDE, View, chromium_program, launch, opened
from running import RunningNode, eventually

#: How many services the samples have; until all of them are found, the node isn't ready to be looked at.
SAMPLES = 40


def unavailable(reason: str) -> None:
    """Skip where a person works, fail where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """A real node that holds the samples."""
    running = RunningNode(
        tmp_path_factory.mktemp("pages") / "data", {"CATALOGUE_RATE_VERIFY": "1000000/minute"}
    )
    try:
        running.start("--samples")
        eventually("the samples", lambda: running.offerings(size="1")["total"] == SAMPLES)
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium."""
    program = chromium_program()
    if program is None:
        unavailable("no Chromium here: install Debian's package `chromium`, or see .ci/install-browser")
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = launch(playwright, program)
        yield chromium
        chromium.close()


@pytest.fixture
def look(node: RunningNode, browser: Any) -> Iterator[Callable[..., View]]:
    """Open a view of the node: `look("/offerings", width=360, language="fr", script=False, dark=True)`."""
    with ExitStack() as open_views:

        def show(
            path: str,
            *,
            width: int = WIDE,
            language: str = "en",
            script: bool = True,
            dark: bool = False,
            **more: Any,
        ) -> View:
            view = open_views.enter_context(
                opened(
                    browser,
                    node.url,
                    width=width,
                    locale=language,
                    java_script_enabled=script,
                    color_scheme="dark" if dark else "light",
                    **more,
                )
            )
            view.visit(path)
            return view

        yield show
