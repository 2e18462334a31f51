"""Who may do how much: rates and volumes per client address, per issuer and per fetched host.

The counts are shared by all workers through `catalogue.counters`. A window is fixed and starts with its first
hit; what is refused counts too, so that hammering gains nothing. An issuer's counters are touched only after
its signature was verified, or anybody could use up somebody else's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Literal

from limits import parse as parse_rate

from catalogue.counters import Counters, Increment
from catalogue.errors import LimitExceeded
from catalogue.leases import Leases, share_of
from catalogue.settings import Settings
from credentials.times import Clock

Action = Literal["publish", "verify", "read"]

DAY = 86_400
#: A household or a server usually holds a whole IPv6 /64: counting single addresses would count nothing.
IPV6_PREFIX = 64
#: DID methods whose identifiers anybody makes at no cost, so that limits per issuer don't bind them.
SELF_ISSUED = ("did:key:", "did:jwk:")
#: The scope of the limit on what one host is asked.
FETCHED_HOST = "fetched host"
#: What to call a client without an address (a socket file, the command line).
LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` in `seconds`, for each name within `scope`; `words` is how people are told."""

    scope: str
    kind: str
    amount: int
    seconds: int
    words: str

    @classmethod
    def rate(cls, scope: str, kind: str, notation: str) -> Limit:
        """From `limits` notation such as `600/minute`."""
        item = parse_rate(notation)
        return cls(scope, kind, item.amount, item.get_expiry(), str(item))

    @classmethod
    def volume(cls, scope: str, kind: str, size: int) -> Limit:
        """Of `size` bytes a day."""
        return cls(scope, kind, size, DAY, f"{size} bytes per day")


class Admission:
    """The node's limits. Every method counts first and raises `LimitExceeded` when a limit is passed."""

    def __init__(self, settings: Settings, counters: Counters, clock: Clock) -> None:
        self._counters = counters
        self._leases = Leases()
        self._clock = clock
        self._rates: dict[str, Limit] = {
            "publish": Limit.rate("address", "publish", settings.rate_publish),
            "verify": Limit.rate("address", "verify", settings.rate_verify),
            "read": Limit.rate("address", "read", settings.rate_read),
        }
        self._volume_address = Limit.volume("address", "volume", settings.volume_address)
        self._rate_issuer = Limit.rate("issuer", "publish", settings.rate_issuer)
        self._volume_issuer = Limit.volume("issuer", "volume", settings.volume_issuer)
        self._self_issued = Limit(
            "kind of issuer (did:key and did:jwk, all together)",
            "self-issued",
            settings.self_issued_daily,
            DAY,
            f"{settings.self_issued_daily} per day",
        )
        self._fetch_host = Limit.rate(FETCHED_HOST, "fetch", settings.rate_fetch_host)
        self._fetch_address = Limit.rate("address", "fetch", settings.rate_fetch_address)

    def request(self, address: str | None, action: Action, size: int = 0) -> None:
        """Count one request of `size` body bytes by a client."""
        name = address_name(address)
        uses = [(self._rates[action], name, 1)]
        if size:
            uses.append((self._volume_address, name, size))
        self._spend(uses)

    def publication(self, issuer: str, size: int) -> None:
        """Count one publication of `size` bytes under a verified issuer's name."""
        uses = [(self._rate_issuer, issuer, 1), (self._volume_issuer, issuer, size)]
        if issuer.startswith(SELF_ISSUED):
            uses.append((self._self_issued, "all", 1))
        self._spend(uses)

    def fetch(self, host: str, address: str | None) -> None:
        """Count one outside fetch from `host`, caused by the client at `address`."""
        self._spend([(self._fetch_host, host, 1), (self._fetch_address, address_name(address), 1)])

    def close(self) -> None:
        """Release the counters' connections."""
        self._counters.close()

    def _spend(self, uses: Sequence[tuple[Limit, str, int]]) -> None:
        now = self._clock().timestamp()
        due = [
            (limit, f"{limit.kind}/{limit.scope}/{name}", amount, share_of(limit.amount, amount))
            for limit, name, amount in uses
            if not self._leases.take(f"{limit.kind}/{limit.scope}/{name}", amount, now)
        ]
        if not due:
            return
        counts = self._counters.add(
            [Increment(name, share, limit.seconds) for limit, name, _, share in due], now
        )
        exceeded = []
        for (limit, name, amount, share), count in zip(due, counts, strict=True):
            if count.used - share + amount > limit.amount:
                exceeded.append((count.expires_at - now, limit))
            elif share > amount and count.used <= limit.amount:
                self._leases.keep(name, share - amount, count.expires_at)
        if exceeded:
            # The one that lasts longest: retrying before that is in vain.
            wait, limit = max(exceeded, key=lambda pair: pair[0])
            raise LimitExceeded(limit.scope, limit.words, max(1, math.ceil(wait)))


@lru_cache(maxsize=4096)
def address_name(address: str | None) -> str:
    """The name under which a client is counted: its IPv4 address, its IPv6 /64, or `local`."""
    if not address:
        return LOCAL
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        # A proxy that forwards names instead of addresses: still one name per client.
        return address[:64]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        prefix = int(parsed) >> (128 - IPV6_PREFIX) << (128 - IPV6_PREFIX)
        return f"{IPv6Address(prefix)}/{IPV6_PREFIX}"
    return str(parsed)
