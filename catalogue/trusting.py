"""The operator's trust list: read as the file has it now, changed whole or not at all, and followed.

Every process looks at the file itself. The indexer also remembers which list the index was made with, and
has whatever a change bears on described anew, within seconds and after any interruption.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog
from sqlalchemy import select

from catalogue.log import Event, tell_all
from catalogue.settings import Settings
from catalogue.store.database import Database
from catalogue.store.tables import listings
from credentials.times import Clock
from vocab.trust import TrustList, TrustListInvalid

#: Seconds between looks at the file: one `stat` each.
LOOK_SECONDS = 1.0
#: Records told of in one transaction: writers in other processes wait for it.
_CHUNK = 200
#: In the data folder: the list that everything described so far was described with.
_SEEN = "trust-list.seen.json"
_Stamp = tuple[int, int, int]

log = structlog.get_logger("catalogue.trusting")


class TrustFile:
    """The trust list of this process, never older than `LOOK_SECONDS`. Without a file nobody is trusted.

    Raises TrustListInvalid when made with a file that can't be used. A file that is damaged later changes
    nothing: the list before it stays, and a warning says why.
    """

    def __init__(
        self,
        path: Path | None,
        ticks: Callable[[], float] = time.monotonic,
        *,
        given: TrustList | None = None,
    ) -> None:
        """`given` is the list that stands where there is no file."""
        self._path = path
        self._ticks = ticks
        self._looked = ticks()
        self._stamp = self._stamp_now()
        self._list = TrustList.load(path) if path else given or TrustList()

    @classmethod
    def of(cls, settings: Settings) -> TrustFile:
        """The file that the settings name; that of the samples for a node with samples and no list."""
        path = Path(settings.trust_list) if settings.trust_list else None
        if path is None and settings.samples:
            from catalogue.samples import trust_list_path

            path = trust_list_path()
        return cls(path)

    def current(self) -> TrustList:
        """The list as it stands."""
        if self._path is not None and self._ticks() - self._looked >= LOOK_SECONDS:
            self._looked = self._ticks()
            stamp = self._stamp_now()
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._list = TrustList.load(self._path)
                    log.info("trust list taken up", entries=len(self._list.entries))
                except TrustListInvalid as error:
                    log.warning("trust list can't be used, the one before it stays", problem=str(error))
        return self._list

    def _stamp_now(self) -> _Stamp | None:
        try:
            found = os.stat(self._path) if self._path else None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None


class TrustChanges:
    """Notices for the indexer whose trust has changed since everything was described."""

    def __init__(self, settings: Settings, database: Database, trust: TrustFile, clock: Clock) -> None:
        self._seen = settings.data / _SEEN
        self._database = database
        self._trust = trust
        self._clock = clock
        self._done: TrustList | None = None

    def catch_up(self) -> int:
        """Tell of every record of an issuer whose entries changed; returns how many records that were.

        The list is remembered last, so that what an interruption leaves is told again.
        """
        current = self._trust.current()
        if current is self._done:
            return 0
        changed = _changed(self._remembered(), current)
        told = sum(self._tell(did) for did in changed)
        if changed:
            replace_file(self._seen, json.dumps(current.to_dict(), ensure_ascii=False))
        self._done = current
        return told

    def _remembered(self) -> TrustList:
        try:
            return TrustList.load(self._seen)
        except TrustListInvalid:
            # Not there yet, or from a version that wrote other entries: everybody listed counts as changed.
            return TrustList()

    def _tell(self, did: str) -> int:
        last, told = "", 0
        while True:
            with self._database.read() as connection:
                chunk = list(
                    connection.execute(
                        select(listings.c.record_id)
                        .where(listings.c.issuer == did, listings.c.record_id > last)
                        .distinct()
                        .order_by(listings.c.record_id)
                        .limit(_CHUNK)
                    ).scalars()
                )
            if not chunk:
                return told
            now, reason = self._clock(), "the operator's trust list says something else of its issuer"
            with self._database.write() as connection:
                tell_all(connection, [Event(0, now, "trust", record, None, reason) for record in chunk])
            last, told = chunk[-1], told + len(chunk)


@contextmanager
def exclusive_change(path: Path) -> Iterator[None]:
    """One change of the file `path` at a time; OSError when its folder can't be used."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def replace_file(path: Path, text: str) -> None:
    """Put `text` into the file `path` at once and durably; it keeps its permissions. OSError if it can't."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except OSError:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise


def _changed(before: TrustList, after: TrustList) -> list[str]:
    """The DIDs of which the two lists say different things. Names are for people and change nothing."""
    old, new = ({did: _said(trust, did) for did in _dids(trust)} for trust in (before, after))
    return sorted(did for did in old.keys() | new.keys() if old.get(did) != new.get(did))


def _dids(trust: TrustList) -> set[str]:
    return {entry.did for entry in trust.entries}


def _said(trust: TrustList, did: str) -> list[dict[str, object]]:
    entries = [entry.to_dict() for entry in trust.entries if entry.did == did]
    return [{key: value for key, value in entry.items() if key != "name"} for entry in entries]
