"""`make federation`: eleven nodes, one for each member state, that follow one another, until Ctrl-C.

Run it again on the same folder, and the federation goes on where it ended.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from catalogue.cli.output import progress
from catalogue.client import NodeProblem, NodeUnreachable
from catalogue.samples import SEARCH
from catalogue.showcase.convergence import Sight, converged, look_at, table_of
from catalogue.showcase.homes import MEMBER_STATES, samples_at_home
from catalogue.showcase.member import Member, MemberFailed
from catalogue.showcase.network import Loopback, Namespaces, Network, NetworkUnusable, Place

#: Seconds until everything must have come everywhere, before this is called a failure.
CONVERGENCE_SECONDS = 180.0
#: Seconds between two looks at the nodes.
LOOK_SECONDS = 0.5
#: The network that a federation was made on: its nodes' names, and so their logs' origins, hang on it.
NETWORK_FILE = "network.json"

#: A query that finds the services of all, and counts them by the node that lists them.
EVERYBODYS = "/offerings?facets=listed_by&size=100"

EXIT_FAILED = 1
EXIT_USAGE = 2


class CannotShow(Exception):
    """The federation can't be started here; the message says why and what to do."""


class Stopped(Exception):
    """Somebody asked it to stop."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal; returns the exit code: 0, 1 when it doesn't converge, 2 when it can't start."""
    with _told_to_stop() as stop:
        return _run(_options(arguments), stop)


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set."""
    stop = threading.Event()

    def stopping(_signum: int, _frame: FrameType | None) -> None:
        stop.set()

    previous = {signum: signal.signal(signum, stopping) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for signum, handler in previous.items():
            signal.signal(signum, handler)


def _run(options: argparse.Namespace, stop: threading.Event) -> int:
    try:
        network, places = _open_network(options.data, options.network, options.port)
    except CannotShow as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    try:
        with _running(places, options.data) as members:
            return _show(members, network, options, stop)
    except Stopped:
        return 0
    except (MemberFailed, NodeUnreachable, NodeProblem) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    finally:
        network.close()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m catalogue.showcase", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/federation"), help="folder of all nodes")
    parser.add_argument(
        "--network",
        choices=("namespaces", "loopback"),
        help="namespaces of their own (needs root), or ports of loopback; the first that is possible",
    )
    parser.add_argument("--port", type=int, default=8100, help="the first of eleven ports on loopback")
    parser.add_argument("--once", action="store_true", help="stop as soon as it has converged")
    return parser.parse_args(arguments)


def _open_network(data: Path, wanted: str | None, port: int) -> tuple[Network, dict[str, Place]]:
    """The network of an earlier run, else the one that is wanted, else the best that is possible."""
    file = data / NETWORK_FILE
    if file.exists():
        known = json.loads(file.read_text(encoding="utf-8"))
        if wanted not in (None, known["kind"]):
            raise CannotShow(f"the federation in {data} was made on {known['kind']}; choose another folder")
        wanted, port = known["kind"], known["port"]
    network: Network = Loopback(port) if wanted == Loopback.kind else Namespaces()
    try:
        places = network.open(list(MEMBER_STATES))
    except NetworkUnusable as error:
        if wanted == Namespaces.kind:
            raise CannotShow(f"No network namespaces: {error}") from error
        print(f"No network namespaces: {error}.")
        network = Loopback(port)
        places = network.open(list(MEMBER_STATES))
    data.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"kind": network.kind, "port": port}) + "\n", encoding="utf-8")
    return network, places


@contextmanager
def _running(places: dict[str, Place], data: Path) -> Iterator[tuple[Member, ...]]:
    """All nodes, started at once; in the end all are asked to stop at once, whatever happened."""
    members = tuple(Member(code, places[code], data / code.lower()) for code in MEMBER_STATES)
    try:
        for member in members:
            member.start(places.values())
        yield members
    finally:
        for member in members:
            member.ask_to_stop()
        late = [member.code for member in members if not member.stopped()]
        if late:
            print(f"did not stop in order: {', '.join(late)}", file=sys.stderr)
        print(f"All nodes have stopped. What they hold stays in {data}.", flush=True)


def _show(
    members: Sequence[Member], network: Network, options: argparse.Namespace, stop: threading.Event
) -> int:
    print(f"Starting {len(members)} nodes, {network.described} ...", flush=True)
    for member in members:
        member.wait(stop.is_set)
        _unless(stop)
    began = time.monotonic()
    followed = _follow(members, stop)
    published = _publish(members, stop)
    print(f"{followed} pairs of nodes follow each other anew; {published} samples are published.", flush=True)
    sights = _until_converged(members, stop)
    print(table_of(sights))
    if not converged(sights):
        print(f"not converged after {CONVERGENCE_SECONDS:.0f} s", file=sys.stderr)
        for reason in sorted({f"{sight.code}: {text}" for sight in sights for text in sight.reasons}):
            print(reason, file=sys.stderr)
        return EXIT_FAILED
    print(
        f"\nconverged after {time.monotonic() - began:.1f} s: {sights[0].offerings} services and"
        f" {sights[0].participants} participants, the same at all {len(sights)} nodes\n"
    )
    _invite(sights, options.data)
    while not options.once and not stop.wait(LOOK_SECONDS):
        for member in members:
            member.check()
    return 0


def _follow(members: Sequence[Member], stop: threading.Event) -> int:
    """Have every node follow every other one, with the key that it was started with; how many were new."""
    keys = {member.code: member.client.get("/log/keys") for member in members}
    new = 0
    for member in members:
        known = {peer["url"] for peer in member.operate("GET", "/operator/peers")["items"]}
        for other in members:
            _unless(stop)
            if other is not member and other.url not in known:
                member.operate("POST", "/operator/peers", {"url": other.url, "key": keys[other.code]["key"]})
                new += 1
    return new


def _publish(members: Sequence[Member], stop: threading.Event) -> int:
    """Publish every sample at its home that isn't listed there; how many were new."""
    at = {member.code: member for member in members}
    samples = samples_at_home()
    created = 0
    with progress("Publishing the samples at their homes", [sample.path.name for sample in samples]) as walk:
        for sample, _ in zip(samples, walk, strict=True):
            _unless(stop)
            created += at[sample.home].client.publish(sample.path.read_bytes()).status == 201
    return created


def _until_converged(members: Sequence[Member], stop: threading.Event) -> tuple[Sight, ...]:
    """What the nodes say at last: when all have all, or when the time is up."""
    deadline = time.monotonic() + CONVERGENCE_SECONDS
    while True:
        sights = look_at(members)
        if converged(sights) or time.monotonic() > deadline:
            return sights
        for member in members:
            member.check()
        if stop.wait(LOOK_SECONDS):
            raise Stopped


def _invite(sights: Sequence[Sight], data: Path) -> None:
    """What to try."""
    first, last = sights[0], sights[-1]
    print(
        f"  Services of all, and who lists them:  curl '{last.url}{EVERYBODYS}'\n"
        f"  A search, at any node:                curl '{last.url}{SEARCH}'\n"
        f"  What a node says of the others:       curl '{first.url}/federation'\n"
        f"  Audit a node's log on nobody's word:  catalogue audit {first.url}\n"
        f"  Stop them all:                        Ctrl-C; what they hold stays in {data}\n",
        flush=True,
    )


def _unless(stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped


if __name__ == "__main__":
    sys.exit(main())
