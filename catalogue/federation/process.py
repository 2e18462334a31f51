"""The process `cat-federation`: signs the node's log and follows its peers, once it is elected."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import structlog
from sqlalchemy.exc import SQLAlchemyError

from catalogue.federation.election import Place
from catalogue.federation.hints import HintSender
from catalogue.federation.key_rotation import KeyMissing
from catalogue.federation.reconciling import Reconciler, open_reconciler
from catalogue.federation.signer import Signer
from catalogue.federation.tending import follow_peers
from catalogue.settings import Settings
from catalogue.store.database import Database
from credentials.times import utc_now

#: Seconds between looks whether the log has grown: what is published is signed 0.3 s later at most.
LOOK_SECONDS = 0.2
#: Seconds between looks whether the place of another host is free.
PLACE_SECONDS = 2.0
#: Seconds before the next try after something was out of reach or a key was missing.
RETRY_SECONDS = 1.0
#: Seconds between attempts to release a log that is held: while peers don't answer, and when what they say,
#: or the entries themselves, stand in the way.
ASK_SECONDS = 10.0
STUCK_SECONDS = 600.0
#: Seconds after which all entries are read again: a second of work for 100,000, and an alteration by hand
#: shows within the hour.
CHECK_SECONDS = 3_600.0

log = structlog.get_logger("catalogue.federation")

#: A part of the work: runs in a thread of its own until the event is set.
Part = Callable[[Settings, Database, threading.Event], None]


def run(settings: Settings, stop: threading.Event) -> None:
    """Wait for the place, then do every part of the work until `stop`. A part that fails ends the process."""
    database = Database(settings.store_url)
    place = Place(database)
    try:
        waiting = False
        while not stop.is_set():
            if _taken(place):
                _work(settings, database, place, parts(), stop)
                return
            if not waiting:
                log.info("another process signs the log, waiting")
                waiting = True
            stop.wait(PLACE_SECONDS)
    finally:
        place.leave()
        database.close()


def parts() -> Sequence[Part]:
    """What there is to do."""
    return (sign_log, follow_peers)


def _taken(place: Place) -> bool:
    try:
        return place.take()
    except SQLAlchemyError as outage:
        log.warning("store out of reach, trying again", problem=type(outage).__name__)
        return False


def _work(
    settings: Settings, database: Database, place: Place, work: Sequence[Part], stop: threading.Event
) -> None:
    with ThreadPoolExecutor(len(work)) as pool:
        threads = [pool.submit(part, settings, database, stop) for part in work]
        try:
            while not stop.is_set() and not any(thread.done() for thread in threads):
                stop.wait(PLACE_SECONDS)
                # Whoever took a lost place meanwhile does the same work; that is waste and no harm.
                _taken(place)
        finally:
            stop.set()
    for thread in threads:
        thread.result()


def sign_log(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Keep the node's log signed, read all of it again from time to time, and release it when it is held."""
    signer = Signer(settings, database, utc_now)
    with (
        closing(HintSender(settings, database)) as hints,
        open_reconciler(settings, database, utc_now) as reconciler,
    ):
        _sign(signer, hints, reconciler, stop)


def _sign(signer: Signer, hints: HintSender, reconciler: Reconciler, stop: threading.Event) -> None:
    check_at = reconcile_at = time.monotonic()
    while not stop.is_set():
        pause = LOOK_SECONDS
        try:
            if signer.held is not None:
                if time.monotonic() >= reconcile_at:
                    outcome = reconciler.attempt()
                    wait = STUCK_SECONDS if outcome.problem else ASK_SECONDS
                    reconcile_at = time.monotonic() + (0.0 if outcome.released else wait)
            elif time.monotonic() >= check_at:
                signer.check()
                check_at = time.monotonic() + CHECK_SECONDS
            else:
                signed = signer.sign()
                if signed is not None:
                    hints.announce(signed.origin, signed.size, signed.note, signed.signed_at)
                    # More may have come than one signature covers.
                    continue
        except SQLAlchemyError as outage:
            log.warning("store out of reach, trying again", problem=type(outage).__name__)
            pause = RETRY_SECONDS
        except KeyMissing as missing:
            log.error("the log can't be signed", problem=str(missing))
            pause = RETRY_SECONDS
        except OSError as outage:
            log.warning("the data folder can't be written, trying again", problem=str(outage))
            pause = RETRY_SECONDS
        stop.wait(pause)
