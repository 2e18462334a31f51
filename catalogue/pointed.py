"""What somebody points at by its address: fetched once, within the limits of who asked, and kept nowhere."""

from __future__ import annotations

from urllib.parse import urlsplit

from catalogue.admission import Admission
from catalogue.errors import BadParameter
from catalogue.fetching import WebFetcher

#: What is asked for. The bytes decide what it is, so that a mislabelled document isn't lost.
ACCEPT = "application/vc+jwt, application/vc, application/ld+json, application/json, */*;q=0.1"


class Pointed:
    """Fetches self-descriptions for clients. Safe to share between threads."""

    def __init__(self, fetcher: WebFetcher, admission: Admission, max_bytes: int) -> None:
        self._fetcher = fetcher
        self._admission = admission
        self._max_bytes = max_bytes

    def fetch(self, url: str, address: str | None) -> bytes:
        """The bytes at `url`, for the client at `address`.

        Raises BadParameter for what names no host, LimitExceeded, FetchFailed.
        """
        try:
            host = urlsplit(url).hostname
        except ValueError:
            host = None
        if host is None:
            raise BadParameter("url", "must be an address that begins with https://")
        self._admission.fetch(host, address)
        return self._fetcher.fetch(url, accept=ACCEPT, max_bytes=self._max_bytes).body
