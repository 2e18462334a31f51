"""What a person sees when a node has started: samples going in, then where it is and what to try."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from catalogue.cli.output import progress
from catalogue.client import NodeClient, NodeProblem, NodeUnreachable
from catalogue.engines import REFRESH_SECONDS
from catalogue.settings import Settings

#: Seconds for the node to answer, and for its index to find what was published.
PATIENCE = 30.0
_LOOK_EVERY = 0.1


def welcome(settings: Settings) -> int:
    """Run beside a node that starts: fill it when it is empty and samples are wanted, print how to use it."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    client = NodeClient(local_url(settings))
    if not _until(lambda: _answers(client)):
        return 1
    if settings.samples and _is_empty(client):
        _fill(client)
    _print_invitation(client, settings)
    return 0


def local_url(settings: Settings) -> str:
    """Where this machine reaches the node, whatever its public URL is."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _until(look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY)
    return True


def _answers(client: NodeClient) -> bool:
    try:
        client.get("/healthz")
    except (NodeUnreachable, NodeProblem):
        return False
    return True


def _is_empty(client: NodeClient) -> bool:
    return bool(client.get("/self-descriptions", [("size", "1")])["total"] == 0)


def _fill(client: NodeClient) -> None:
    """Publish the samples the way anybody would, over HTTP."""
    from catalogue.samples import sample_files

    files = [str(path) for path in sample_files()]
    refused = 0
    with progress("Filling the empty node with samples", files) as walk:
        for name in walk:
            try:
                client.publish(Path(name).read_bytes())
            except NodeProblem as problem:
                refused += 1
                print(f"sample {Path(name).name} was refused: {problem}", file=sys.stderr)
    print(f"{len(files) - refused} sample self-descriptions by invented providers are published.")
    _until(lambda: bool(client.get("/readyz")["lag"] == 0))
    # Whatever worker answers next, it has looked at the index again by then.
    time.sleep(REFRESH_SECONDS)


def _finds(client: NodeClient, search: str) -> bool:
    return bool(client.get(f"{search}&size=1&facets=none")["total"])


def _search(client: NodeClient, settings: Settings) -> str:
    """A search to try. It finds something if there is anything, so that the line never disappoints."""
    if settings.samples:
        from catalogue.samples import SEARCH

        if _finds(client, SEARCH):
            return SEARCH
    items = client.get("/offerings", [("size", "1"), ("facets", "none")])["items"]
    word = max(str(items[0]["name"]).split(), key=len) if items else ""
    search = f"/offerings?q={quote(word)}"
    return search if word and _finds(client, search) else "/offerings"


def _print_invitation(client: NodeClient, settings: Settings) -> None:
    """The address, one search and how to stop."""
    url = settings.url
    print(
        f"\nThe catalogue runs at {url}\n"
        f"  Search it:  curl '{url}{_search(client, settings)}'\n"
        f"  The API:    {url}/docs\n"
        f"  Stop it:    Ctrl-C or SIGTERM; the data stays in {settings.data}\n",
        flush=True,
    )
