"""What is fetched because somebody points at it counts against who does."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.admission import Admission
from catalogue.counters import open_counters
from catalogue.errors import BadParameter, LimitExceeded
from catalogue.fetching import WebFetcher
from catalogue.pointed import Pointed
from catalogue.settings import Settings
from credentials.resolving import FetchFailed
from credentials.times import utc_now


def test_fetches_are_counted_for_the_client_and_inward_ones_refused(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, rate_fetch_address="2/hour")
    admission = Admission(settings, open_counters(settings.store_url, settings.data), utc_now)
    pointed = Pointed(WebFetcher(), admission, 1_000)
    try:
        for _ in range(2):
            with pytest.raises(FetchFailed, match="not a domain name"):
                pointed.fetch("https://127.0.0.1/secret", "192.0.2.1")
        with pytest.raises(LimitExceeded):
            pointed.fetch("https://127.0.0.1/secret", "192.0.2.1")
        with pytest.raises(BadParameter):
            pointed.fetch("no address", "192.0.2.2")
    finally:
        admission.close()
