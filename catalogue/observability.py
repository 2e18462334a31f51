"""Metrics and the access log: what a node does, in numbers and in lines, never with a payload or a query.

Workers share their numbers through PROMETHEUS_MULTIPROC_DIR where it is set (before this is imported).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import structlog
from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from catalogue.errors import IndexUnavailable
from catalogue.node import Node

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
#: From a read out of memory to a publication that had to fetch a DID document.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

REQUESTS = Counter("catalogue_http_requests", "Requests answered.", ["method", "route", "status"])
LATENCY = Histogram(
    "catalogue_http_request_seconds", "Time to answer.", ["method", "route"], buckets=_SECONDS
)
PROBLEMS = Counter("catalogue_problems", "Problems answered, by type.", ["type", "status"])
OUTCOMES = Counter("catalogue_submissions", "What became of submissions.", ["action", "outcome"])

log = structlog.get_logger("catalogue.http")


def observe(app: Flask) -> None:
    """Count and log every request of `app`."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        seconds = time.perf_counter() - g.started if "started" in g else 0.0
        # Names from the client must not become label values: their number has no bound.
        method = request.method if request.method in METHODS else "other"
        route = request.url_rule.rule if request.url_rule is not None else "none"
        REQUESTS.labels(method, route, response.status_code).inc()
        LATENCY.labels(method, route).observe(seconds)
        line: dict[str, object] = {
            "method": method,
            "route": route,
            "status": response.status_code,
            "ms": round(seconds * 1000, 2),
            "received": request.content_length or 0,
            "sent": response.content_length or 0,
        }
        if "problem" in g:
            PROBLEMS.labels(g.problem, response.status_code).inc()
            line["problem"] = g.problem
        if response.status_code == 429:
            # The one place where an address is logged: whoever passes a limit may have to be kept out.
            line["address"] = request.remote_addr
        log.info("answered", **line)
        return response


class _Present:
    """What is read at the moment of asking: no gauges that live on, or each worker would keep its own."""

    def __init__(self, services: Node) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Every gauge, those of which nothing is known without a value."""
        yield from self._log_and_index()
        yield from self._peers()

    def _log_and_index(self) -> Iterator[Metric]:
        entries = GaugeMetricFamily("catalogue_log_entries", "Entries taken in, own and copied ones.")
        lag = GaugeMetricFamily("catalogue_index_lag_entries", "Entries that the index is behind.")
        each = GaugeMetricFamily(
            "catalogue_engine_lag_entries", "Entries that one engine is behind.", labels=["engine"]
        )
        try:
            behind = self._services.discovery.lag()
        except IndexUnavailable:
            available = 0
        else:
            available = 1
            entries.add_metric([], behind.entries)
            lag.add_metric([], behind.entries - behind.indexed)
            for name, indexed in behind.engines.items():
                if indexed is not None:
                    each.add_metric([name], behind.entries - indexed)
        yield from (entries, lag, each)
        yield GaugeMetricFamily("catalogue_index_available", "1 if the index answers.", available)
        yield GaugeMetricFamily(
            "catalogue_log_signed_size",
            "Entries of the own log that are signed.",
            self._services.log.signed_size() or 0,
        )

    def _peers(self) -> Iterator[Metric]:
        """A line of each for every peer, of which there are at most `roster.MAX_PEERS`."""
        size = GaugeMetricFamily("catalogue_peer_entries", "Entries received from a peer.", labels=["peer"])
        lag = GaugeMetricFamily(
            "catalogue_peer_lag_entries", "Entries of a peer's log still to come.", labels=["peer"]
        )
        stale = GaugeMetricFamily(
            "catalogue_peer_stale", "1 if a peer shows no new signature.", labels=["peer"]
        )
        for peer, standing in self._services.overview.standings():
            size.add_metric([peer.name], peer.size)
            stale.add_metric([peer.name], standing.stale)
            if peer.lag is not None:
                lag.add_metric([peer.name], peer.lag)
        yield from (size, lag, stale)


def exposition(services: Node) -> tuple[bytes, str]:
    """All metrics in Prometheus's text form, of every worker, and its media type."""
    registry = CollectorRegistry()
    registry.register(_Present(services))
    text = generate_latest(registry)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        text += generate_latest(shared)
    else:
        text += generate_latest(REGISTRY)
    return text, CONTENT_TYPE_LATEST
