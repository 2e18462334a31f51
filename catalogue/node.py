"""One node in one process: its services, wired once from the settings."""

from __future__ import annotations

from typing import Any

from catalogue.admission import Admission
from catalogue.counters import open_counters
from catalogue.describing import Describer
from catalogue.discovery import Discovery
from catalogue.evaluating import Evaluations
from catalogue.federation.difference import LIVE_SECONDS, Differences
from catalogue.federation.given import Giving
from catalogue.federation.live import LiveSearch
from catalogue.federation.overview import Overview
from catalogue.federation.own_log import OwnLog
from catalogue.federation.peers import Peers
from catalogue.fetching import WebFetcher
from catalogue.node_key import OVERLAP, ensure_key, node_did_document, previous_key
from catalogue.operations import Operations
from catalogue.oversight import Oversight
from catalogue.pointed import Pointed
from catalogue.publishing import Publisher
from catalogue.records import Records
from catalogue.settings import Settings
from catalogue.store import schema
from catalogue.store.database import Database
from catalogue.verifying import open_verification
from credentials.times import Clock, utc_now


class Node:
    """The services that HTTP and the command line call. Make it after a fork; `prepare` ran before."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.store_url)
        schema.require_current(self.database)
        counters = open_counters(settings.store_url, settings.data)
        self.admission = Admission(settings, counters, clock)
        self.verification = open_verification(settings, self.database, self.admission, clock)
        self.records = Records(self.database, clock)
        self.log = OwnLog(settings, self.database)
        self.giving = Giving(self.database)
        self.operations = Operations(self.database, clock)
        self.publisher = Publisher(settings, self.database, self.verification, self.admission, clock)
        describer = Describer(settings)
        self.discovery = Discovery(settings, self.database, describer, clock)
        self.evaluations = Evaluations(self.database, describer, self.discovery, clock)
        self.live = LiveSearch(
            settings, self.database, self.verification, self.admission, counters, describer.trust, clock
        )
        fetcher = WebFetcher(
            allowed_hosts=settings.fetch_allow_hosts, ca_file=settings.fetch_ca_file or None, clock=clock
        )
        self.pointed = Pointed(fetcher, self.admission, settings.max_bytes)
        self.peers = Peers(settings, self.database, fetcher, clock)
        live = WebFetcher(
            allowed_hosts=settings.fetch_allow_hosts,
            ca_file=settings.fetch_ca_file or None,
            clock=clock,
            total_seconds=LIVE_SECONDS,
        )
        self.differences = Differences(settings, self.database, live)
        self.overview = Overview(settings, self.database, clock)
        self.oversight = Oversight(settings, self.database, clock)

    def did_document(self) -> dict[str, Any]:
        """The node's own DID document, with the key as it is now: it may be changed while the node runs."""
        folder = self.settings.data
        previous = previous_key(folder, since=self.clock() - OVERLAP)
        return node_did_document(self.settings.url, ensure_key(folder), previous)

    def close(self) -> None:
        """Give back connections and files."""
        self.live.close()
        self.discovery.close()
        self.admission.close()
        self.database.close()


def prepare(settings: Settings) -> None:
    """Make an empty data folder and store ready, once, before any process of the node starts.

    Raises SchemaOutdated when the store has an older shape: upgrading is the operator's decision.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    ensure_key(settings.data)
    database = Database(settings.store_url)
    try:
        if schema.found_revision(database) is None:
            schema.upgrade(database)
        schema.require_current(database)
    finally:
        database.close()
