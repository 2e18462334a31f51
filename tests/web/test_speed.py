"""How soon something is seen, and that nothing moves once it is: in Chromium, four times slowed down."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browser import NARROW, WIDE, View

pytestmark = pytest.mark.slow

Look = Callable[..., View]
#: Milliseconds until the first content is painted, and how many times as slow the processor is made.
FIRST_PAINT, SLOWED = 500, 4
#: Loads of which the quickest counts: what else runs on the machine can only slow them down.
LOADS = 4
#: Bytes over the wire of a first visit, and of another page after it.
FIRST_VISIT, LATER = 100_000, 30_000

_MEASURED = """() => new Promise((resolve) => {
  let shift = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => { shift += one.value; }))
    .observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    const paint = list.getEntriesByName("first-contentful-paint")[0];
    const loaded = ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind));
    const bytes = loaded.reduce((sum, one) => sum + one.transferSize, 0);
    // What moves does so as soon as the scripts have run, which is now.
    if (paint) setTimeout(() => resolve([paint.startTime, shift, bytes]), 200);
  }).observe({ type: "paint", buffered: true });
})"""


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("path", ["/", "/offerings?q=storage"])
def test_a_page_is_seen_at_once_and_nothing_moves(look: Look, path: str, width: int) -> None:
    view = look("/healthz", width=width)
    session = view.page.context.new_cdp_session(view.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    session.send("Network.enable")
    paints = []
    for _ in range(LOADS):
        session.send("Network.clearBrowserCache")
        paint, shift, bytes_sent = view.visit(path).evaluate(_MEASURED)
        paints.append(paint)
        assert shift == 0
        assert 0 < bytes_sent <= FIRST_VISIT
        if min(paints) <= FIRST_PAINT:
            break
    assert min(paints) <= FIRST_PAINT, paints


def test_a_page_after_the_first_costs_less(look: Look) -> None:
    view = look("/")
    _, _, bytes_sent = view.visit("/offerings").evaluate(_MEASURED)
    assert 0 < bytes_sent <= LATER
