"""Where the nodes of the showcase live: each in a network namespace of its own, or on a port of loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import Protocol

#: The addresses of nodes in namespaces: private ones (RFC 1918) that are seldom in use.
SUBNET = IPv4Network("10.83.111.0/24")
#: The port of every node in a namespace of its own.
NAMESPACE_PORT = 8080
#: Names of namespaces, links and the bridge begin so, and so are found again after a run that was killed.
PREFIX = "cfed"
#: Seconds for one call of `ip`.
_IP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node listens, and what its command begins with to be started there."""

    host: str
    port: int
    prefix: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The node's address, for the other nodes and for people on this machine."""
        return f"http://{self.host}:{self.port}"


class NetworkUnusable(Exception):
    """Namespaces can't be had here; the message says why."""


class Network(Protocol):
    """Gives each node a place. `kind` names it in a file, `described` says it to people."""

    kind: str
    described: str

    def open(self, names: Sequence[str]) -> dict[str, Place]:
        """Make the places of these nodes, by name. Raises NetworkUnusable."""

    def close(self) -> None:
        """Leave nothing behind."""


class Loopback:
    """Ports of this machine, from `first_port` on, in the order of the nodes' names."""

    kind = "loopback"
    described = "each on a port of its own on loopback"

    def __init__(self, first_port: int) -> None:
        self._first_port = first_port

    def open(self, names: Sequence[str]) -> dict[str, Place]:
        """The places; whether the ports are free shows when the nodes start."""
        return {name: Place("127.0.0.1", self._first_port + n) for n, name in enumerate(names)}

    def close(self) -> None:
        """Nothing was made."""


class Namespaces:
    """A namespace for each node, joined by a bridge, on which this machine has the last address."""

    kind = "namespaces"
    described = "each in a network namespace of its own"

    def __init__(self) -> None:
        self._made: list[str] = []
        self._bridge = f"{PREFIX}-bridge"

    def open(self, names: Sequence[str]) -> dict[str, Place]:
        """Make namespaces, links and the bridge. NetworkUnusable without the right to, or when taken."""
        if shutil.which("ip") is None:
            raise NetworkUnusable("the program `ip` (iproute2) isn't installed")
        if os.geteuid() != 0:
            raise NetworkUnusable("only root may make network namespaces")
        self._remove_left_over()
        if taken := _route_into(SUBNET):
            raise NetworkUnusable(f"addresses of {SUBNET} are in use here ({taken})")
        hosts = list(SUBNET.hosts())
        try:
            _ip("link", "add", self._bridge, "type", "bridge")
            _ip("addr", "add", f"{hosts[-1]}/{SUBNET.prefixlen}", "dev", self._bridge)
            _ip("link", "set", self._bridge, "up")
            return {name: self._add(name, str(host)) for name, host in zip(names, hosts, strict=False)}
        except NetworkUnusable:
            self.close()
            raise

    def close(self) -> None:
        """Remove what was made."""
        for namespace in self._made:
            # The link would go with its namespace, but later.
            _ip("link", "del", namespace, may_fail=True)
            _ip("netns", "del", namespace, may_fail=True)
        self._made.clear()
        _ip("link", "del", self._bridge, may_fail=True)

    def connect(self, name: str, *, up: bool) -> None:
        """Plug a node's cable in, or out: nobody reaches it then, and it reaches nobody."""
        _ip("link", "set", _namespace(name), "up" if up else "down")

    def _add(self, name: str, address: str) -> Place:
        namespace = _namespace(name)
        inside = ("-n", namespace)
        _ip("netns", "add", namespace)
        self._made.append(namespace)
        _ip("link", "add", namespace, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("link", "set", namespace, "master", self._bridge, "up")
        _ip(*inside, "addr", "add", f"{address}/{SUBNET.prefixlen}", "dev", "eth0")
        _ip(*inside, "link", "set", "eth0", "up")
        _ip(*inside, "link", "set", "lo", "up")
        return Place(address, NAMESPACE_PORT, ("ip", "netns", "exec", namespace))

    def _remove_left_over(self) -> None:
        """What a run left behind that was killed; its nodes ended with it. NetworkUnusable while one runs."""
        listed = _ip("netns", "list").split("\n")
        names = (line.split()[0] for line in listed if line.strip())
        left_over = [name for name in names if name.startswith(f"{PREFIX}-")]
        if running := [name for name in left_over if _ip("netns", "pids", name).strip()]:
            raise NetworkUnusable(f"another federation runs in the namespace {running[0]}")
        self._made = left_over
        self.close()


def _namespace(name: str) -> str:
    """What the namespace of a node is called, and the end of its cable that is plugged into the bridge."""
    return f"{PREFIX}-{name.lower()}"


def _route_into(subnet: IPv4Network) -> str | None:
    """A destination of this machine's routes that meets the subnet, the default route aside."""
    for route in json.loads(_ip("-json", "-4", "route", "show")):
        destination = route["dst"]
        if destination != "default" and ip_network(destination, strict=False).overlaps(subnet):
            return str(destination)
    return None


def _ip(*arguments: str, may_fail: bool = False) -> str:
    """What `ip` prints. NetworkUnusable with its complaint when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - names that are made here
            ["ip", *arguments],  # noqa: S607 - where it lies differs between systems
            capture_output=True,
            text=True,
            timeout=_IP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NetworkUnusable(f"`ip {' '.join(arguments)}` didn't end") from error
    if done.returncode and not may_fail:
        raise NetworkUnusable(f"`ip {' '.join(arguments)}`: {done.stderr.strip()}")
    return done.stdout
