"""The way to an Elasticsearch: addresses, credentials, time limits, and what its failures mean."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from elastic_transport.client_utils import url_to_node_config
from elasticsearch import ApiError, Elasticsearch, NotFoundError, SerializationError, TransportError

from search.engine import EngineUnreachable, IndexMissing, IndexUnusable

#: Seconds that a search may take: a reader has gone by then, and the request's thread is free again.
SEARCH_SECONDS = 5.0
#: Seconds that a change may take: a bulk on a cluster that is moving shards about.
CHANGE_SECONDS = 60.0
#: How long Elasticsearch itself waits for a shard that is away: less, so that it says which change failed.
SHARD_WAIT = "20s"
#: Characters of a failure's reason that are passed on.
_MAX_REASON = 300

# It warns with a traceback of each try that failed; what comes of a failure is told by whoever asked.
logging.getLogger("elastic_transport").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class ElasticPlace:
    """Which Elasticsearch, and what of it is ours.

    `urls` are nodes of one cluster, asked in turn. `prefix` begins the names of all indexes and aliases: each
    catalogue node needs its own. `user` with `password` (or `password_file`, read at each opening), or an
    `api_key`, or neither. `ca_file` holds the authorities for https, the usual ones if empty.
    """

    urls: tuple[str, ...]
    prefix: str
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: str = ""
    api_key: str = field(default="", repr=False)
    ca_file: str = ""
    shards: int = 1

    def __str__(self) -> str:
        hosts = ", ".join(urlsplit(url).netloc.rpartition("@")[2] for url in self.urls)
        return f"Elasticsearch at {hosts}"


def connect(place: ElasticPlace) -> Elasticsearch:
    """A client for `place`; nothing is sent yet. EngineUnreachable when a file it names can't be read."""
    try:
        password = Path(place.password_file).read_text().strip() if place.password_file else place.password
    except OSError as error:
        raise EngineUnreachable(str(place), f"{place.password_file}: {error.strerror}") from error
    try:
        nodes = [url_to_node_config(url, use_default_ports_for_scheme=True) for url in place.urls]
        if place.ca_file:
            nodes = [
                replace(node, ca_certs=place.ca_file) if node.scheme == "https" else node for node in nodes
            ]
        return Elasticsearch(
            list(nodes),
            basic_auth=(place.user, password) if place.user else None,
            api_key=place.api_key or None,
            request_timeout=SEARCH_SECONDS,
            # What one node of several can't answer, another can; a lone one that is down is told at once.
            max_retries=len(place.urls),
            retry_on_timeout=False,
        )
    except (OSError, ValueError) as error:
        raise EngineUnreachable(str(place), str(error)[:_MAX_REASON]) from error


@contextmanager
def failures(place: ElasticPlace) -> Iterator[None]:
    """Turn the client's failures into those of `search.engine`.

    Out of reach, overloaded, a shard missing, credentials refused: EngineUnreachable, since the index may be
    all right. No such index: IndexMissing. An index that doesn't know our fields: IndexUnusable. A request
    that is wrong in itself is a fault of this program and passes through.
    """
    try:
        yield
    except NotFoundError as error:
        raise IndexMissing(str(place), _reason(error)) from error
    except ApiError as error:
        status = error.meta.status
        if status == 400 and "strict_dynamic_mapping_exception" in str(error.body):
            raise IndexUnusable(str(place), _reason(error)) from error
        if status in (400, 405, 406):
            raise
        raise EngineUnreachable(str(place), f"status {status}: {_reason(error)}") from error
    except (TransportError, SerializationError) as error:
        raise EngineUnreachable(str(place), str(error)[:_MAX_REASON]) from error


def _reason(error: ApiError) -> str:
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        cause = body["error"]
        return f"{cause.get('type', '')}: {cause.get('reason', '')}"[:_MAX_REASON]
    return str(error.message)[:_MAX_REASON]
