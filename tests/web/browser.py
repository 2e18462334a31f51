"""A page of a node in a real browser, which remembers whatever should not have happened."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, Request

#: Widths in CSS pixels: a small phone, and a usual screen.
NARROW, WIDE = 360, 1280
#: Where screenshots go. `make screenshots` names the folder that the documentation shows.
PICTURES = Path(os.environ.get("SCREENSHOTS") or Path(__file__).parents[2] / "artefacts" / "screenshots")
#: Milliseconds that anything on a page may take.
PATIENCE = 10_000
#: Tab is pressed so often before something counts as out of its reach.
MOST_TABS = 250
_AXE = Axe()
_ALL = {"resultTypes": ["violations"]}
_BUT_CONTRAST = {**_ALL, "rules": {"color-contrast": {"enabled": False}}}


def chromium_program() -> str | None:
    """Debian's Chromium, or another that CHROMIUM names; None where there is none."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


def launch(playwright: Playwright, program: str) -> Browser:
    """The browser, without a window. As root, as in a container, Chromium has no sandbox of its own."""
    return playwright.chromium.launch(executable_path=program, chromium_sandbox=os.getuid() != 0)


class View:
    """One page. `assert_clean` fails for errors on the console, requests elsewhere, and what axe finds."""

    def __init__(self, page: Page, url: str, *, script: bool = True) -> None:
        self.page = page
        self.script = script
        self.url = url
        self.errors: list[str] = []
        self.requests: list[Request] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request))
        page.on("requestfailed", self._note_failure)

    def _note_failure(self, request: Request) -> None:
        # The page itself takes a question back when the next one is asked, and a download ends a navigation.
        if request.failure != "net::ERR_ABORTED":
            self.errors.append(f"{request.url}: {request.failure}")

    def visit(self, path: str) -> Page:
        """Load a page of the node, and wait until its scripts have run."""
        self.page.goto(self.url + path, wait_until="load")
        return self.page

    def tab_to(self, selector: str) -> None:
        """Press Tab until the focus, which has to be seen, is on what `selector` names."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                ring = self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert ring == "solid", f"the focus on {selector} can't be seen"
                return
        raise AssertionError(f"Tab never comes to {selector}")

    def assert_clean(self, *, contrast: bool = True) -> None:
        """Nothing on the console, nothing from elsewhere, nothing wider than the window, nothing for axe.

        axe is a script itself: without scripts it can't run, and the same page with them shows the same. Its
        look at contrasts takes longer than all the rest, and is needed once for a page and scheme.
        """
        assert not self.errors, self.errors
        elsewhere = [one.url for one in self.requests if not one.url.startswith((self.url, "data:", "blob:"))]
        assert elsewhere == []
        wide, window = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window, f"the page is {wide} wide in a window of {window}: {self._widest()}"
        if not self.script:
            return
        found = _AXE.run(self.page, options=_ALL if contrast else _BUT_CONTRAST)
        assert found.violations_count == 0, _told(found.response["violations"])

    def _widest(self) -> list[str]:
        return list(
            self.page.evaluate(
                "[...document.querySelectorAll('body *')]"
                ".filter(one => one.getBoundingClientRect().right > innerWidth + 1)"
                ".map(one => one.tagName + '.' + one.className).slice(0, 8)"
            )
        )

    def picture(self, name: str, *, whole: bool = False) -> None:
        """Keep a screenshot, of the window or of the whole page."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)


def _told(violations: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in violations
    )


@contextmanager
def opened(browser: Browser, url: str, *, width: int, **options: Any) -> Iterator[View]:
    """A view of its own, in a browser context of its own; `options` are the context's."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    try:
        yield View(context.new_page(), url, script=options.get("java_script_enabled", True))
    finally:
        context.close()
