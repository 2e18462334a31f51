"""One node of the showcase: a real `catalogue serve` with folder, key and operator's token of its own."""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from catalogue.client import NodeClient, NodeProblem, NodeUnreachable
from catalogue.lifeline import end_with_parent
from catalogue.samples import did_documents_folder, trust_list_path
from catalogue.settings import PREFIX
from catalogue.showcase.network import Place

#: The operator's token of a node, readable by its owner only, so that an operator's calls can be tried.
TOKEN_FILE = "operator-token"  # noqa: S105 - the name of a file
#: Seconds for a node to answer after its start. Eleven start at once, on a machine that may have two cores.
START_SECONDS = 120.0
#: Seconds for a node to stop: what `catalogue serve` grants its processes, one after the other.
STOP_SECONDS = 60.0
#: Seconds for one call of an operator.
_CALL_SECONDS = 60.0
_LOOK_EVERY = 0.1


class MemberFailed(Exception):
    """A node that didn't start, or ended by itself: which one, and where it says why."""


class Member:
    """A node of the federation. `code` is its country's, in capitals."""

    def __init__(self, code: str, place: Place, folder: Path) -> None:
        self.code = code
        self.place = place
        self.folder = folder
        self.log = folder.with_name(f"{folder.name}.log")
        self.client = NodeClient(place.url)
        self._process: subprocess.Popen[bytes] | None = None
        self._token = ""

    @property
    def url(self) -> str:
        """The node's address."""
        return self.place.url

    @property
    def pid(self) -> int:
        """Its first process. Start it before."""
        assert self._process is not None
        return self._process.pid

    def start(self, places: Iterable[Place], extra: Sequence[tuple[str, str]] = ()) -> None:
        """Start the process; it may ask the other nodes of these places. `wait` tells when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._token = _token(self.folder / TOKEN_FILE)
        parent = os.getpid()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [*self.place.prefix, str(Path(sys.executable).with_name("catalogue")), "serve"],
                env={**_surroundings(), **self._settings(places), **dict(extra)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for whoever started all of them: it stops them in order.
                start_new_session=True,
                preexec_fn=partial(end_with_parent, parent),
            )

    def wait(self, given_up: Callable[[], bool] = lambda: False) -> None:
        """Return when the node answers, or `given_up` says so. MemberFailed when it doesn't."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers() and not given_up():
            self.check()
            if time.monotonic() > deadline:
                raise MemberFailed(f"{self.code} doesn't answer at {self.url}; see {self.log}")
            time.sleep(_LOOK_EVERY)

    def check(self) -> None:
        """MemberFailed when the process has ended."""
        if self._process is not None and (code := self._process.poll()) is not None:
            raise MemberFailed(f"the node {self.code} ended with exit code {code}; {self.log} says why")

    def answers(self) -> bool:
        """Whether it answers at all."""
        try:
            self.client.get("/healthz")
        except (NodeUnreachable, NodeProblem):
            return False
        return True

    def ask_to_stop(self) -> None:
        """Ask it to stop in order; `stopped` waits for that."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def stopped(self) -> bool:
        """Wait for the end; whether it came in order. What doesn't stop in time is killed."""
        self.client.close()
        if self._process is None:
            return True
        try:
            return self._process.wait(STOP_SECONDS) == 0
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False

    def operate(self, method: str, path: str, form: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the node as its operator. Raises NodeProblem, NodeUnreachable."""
        try:
            response = requests.request(
                method,
                self.url + path,
                json=form,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=_CALL_SECONDS,
            )
            body = response.json()
        except (requests.RequestException, ValueError) as error:
            raise NodeUnreachable(self.url, "no answer that a node gives") from error
        if response.status_code >= 300:
            raise NodeProblem(response.status_code, body)
        return dict(body)

    def _settings(self, places: Iterable[Place]) -> dict[str, str]:
        """Settings of one of eleven nodes on a machine: one worker, and the trust of the sample world."""
        own = {
            "HOST": self.place.host,
            "PORT": str(self.place.port),
            "BASE_URL": self.url,
            "DATA": str(self.folder),
            "WORKERS": "1",
            "LOG_LEVEL": "warning",
            "DID_DOCUMENTS": str(did_documents_folder()),
            "TRUST_LIST": str(trust_list_path()),
            "FETCH_ALLOW_HOSTS": ",".join(urlsplit(place.url).netloc for place in places),
            "OPERATOR_TOKEN_SHA256": hashlib.sha256(self._token.encode()).hexdigest(),
        }
        return {PREFIX + name: value for name, value in own.items()}


def _token(path: Path) -> str:
    """The operator's token in this file, made at the first start."""
    if not path.exists():
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii")


def _surroundings() -> dict[str, str]:
    """This process's environment without settings of a node."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
