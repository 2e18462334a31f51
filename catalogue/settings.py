"""The node's settings: one frozen object, read once from `CATALOGUE_*`, validated at start.

`docs/configuration.md` has one line per key; a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from limits import parse as parse_limit

from credentials.policies import Policy, UnknownPolicy, policy_named
from credentials.policy_file import PolicyFileInvalid, read_policies
from credentials.trust_anchors import AnchorsUnusable, TrustAnchors

PREFIX = "CATALOGUE_"
#: A log's entries come in bundles of 256, of which the first and the last may be partial.
MIN_PEER_ENTRIES = 512


class SettingsInvalid(Exception):
    """A setting that can't be used: `key` is the environment variable, `problem` what is wrong with it."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


def setting(default: Any, doc: str, *, secret: bool = False) -> Any:
    """A field of `Settings` with the sentence that documents it; a secret one is never shown."""
    return field(default=default, metadata={"doc": doc}, repr=not secret)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every knob of a node. Durations are seconds, sizes bytes, rates `limits` notation (`600/minute`)."""

    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(8080, "Port to listen on.")
    data: Path = setting(Path("data"), "Folder for the store, the index, the node's key and metrics.")
    base_url: str = setting("", "Public https URL of this node; required unless bound to loopback.")
    database_url: str = setting("", "SQLAlchemy URL of the store; empty for SQLite in the data folder.")
    policy: str = setting(
        "default", "Policy that publications must pass: default, strict, lab, or one of CATALOGUE_POLICIES."
    )
    policies: str = setting("", "JSON file of the operator's own policies; empty for the built-in ones only.")
    did_documents: str = setting("", "Folder of DID documents (*.json) used instead of fetching them.")
    self_certifying_hosts: frozenset[str] = setting(
        frozenset(), "Hosts whose did:web identifiers carry their own key; counts only under lab."
    )
    allow_rs256: bool = setting(False, "Accept RS256 signatures on JWTs.")
    trust_anchors: str = setting(
        "", "PEM file or folder of the certificates at which chains must end; empty checks no chains."
    )
    trust_list: str = setting("", "JSON file of who may attest what; empty trusts nobody.")
    admission: str = setting("open", "Who may publish: open, or allowlist (issuers the operator allowed).")
    max_bytes: int = setting(1_000_000, "Largest self-description taken, in bytes.")
    operator_token_sha256: str = setting(
        "", "SHA-256 (hex) of the operator's bearer token; empty keeps operator actions off HTTP."
    )
    rate_publish: str = setting("600/minute", "Publications and withdrawals per client address.")
    rate_verify: str = setting(
        "300/minute",
        "Dry-run verifications, searches with `why`, and what live searches ask and verify, per address.",
    )
    rate_read: str = setting("6000/minute", "Reads per client address.")
    rate_issuer: str = setting("600/minute", "Publications per issuer.")
    rate_fetch_host: str = setting("60/minute", "Requests that this node makes to one host.")
    rate_fetch_address: str = setting("60/minute", "Fetches that one client address can cause.")
    volume_address: int = setting(200_000_000, "Bytes per day that one client address may publish.")
    volume_issuer: int = setting(200_000_000, "Bytes per day that one issuer may publish.")
    self_issued_daily: int = setting(
        1_000, "Publications per day by did:key and did:jwk issuers, whose names cost nothing, all together."
    )
    fetch_allow_hosts: frozenset[str] = setting(
        frozenset(), "Hosts that may be fetched although they resolve to private addresses."
    )
    fetch_ca_file: str = setting("", "PEM file of authorities for fetches; empty for the usual ones.")
    did_cache_seconds: int = setting(3600, "How long a fetched DID document is used again; at most 3600.")
    search_url: str = setting(
        "", "URLs of an Elasticsearch cluster's nodes; empty for the embedded index in the data folder."
    )
    search_user: str = setting("", "User at Elasticsearch.")
    search_password: str = setting("", "The user's password.", secret=True)
    search_password_file: str = setting("", "File that holds the password, instead.")
    search_api_key: str = setting("", "API key for Elasticsearch, instead of a user.", secret=True)
    search_ca_file: str = setting("", "PEM file of authorities for Elasticsearch; empty for the usual ones.")
    search_index: str = setting("catalogue", "How the names of this node's indexes in Elasticsearch begin.")
    search_shards: int = setting(1, "Shards of an index in Elasticsearch, from its next rebuild on.")
    search_fallback: str = setting(
        "", "embedded: keep that index too, and answer from it while Elasticsearch is away."
    )
    recheck_seconds: int = setting(21_600, "How often what is listed is verified again.")
    peer_stale_seconds: int = setting(
        600, "Seconds without a new signature after which what a peer lists is marked as stale."
    )
    peer_poll_seconds: int = setting(5, "How often each peer is asked whether its log has grown.")
    peer_rate: str = setting("1200/minute", "Requests to one peer.")
    peer_volume: int = setting(2_000_000_000, "Bytes per day taken from one peer.")
    peer_entries: int = setting(500_000, "Entries per day taken from one peer's log.")
    peer_rate_fetch: str = setting(
        "600/minute", "Fetches (DID documents, status lists) that one peer's entries can cause."
    )
    federation_hints: bool = setting(
        True, "Tell peers at once when this node's log has grown, and ask those that tell so."
    )
    log_resign_seconds: int = setting(
        60, "How often the node's log is signed again when it hasn't grown, so that a stopped node shows."
    )
    workers: int = setting(2, "Web worker processes.")
    threads: int = setting(4, "Threads per web worker.")
    trusted_proxies: int = setting(0, "Reverse proxies in front whose X-Forwarded-For is believed.")
    ready_lag: int = setting(1_000, "Log entries that the index may be behind before /readyz says 503.")
    samples: bool = setting(False, "Fill an empty node with the bundled, invented samples.")
    log_level: str = setting("info", "debug, info, warning or error.")

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise SettingsInvalid(PREFIX + "PORT", f"{self.port} is not a port (1 to 65535)")
        if self.admission not in ("open", "allowlist"):
            raise SettingsInvalid(PREFIX + "ADMISSION", f"{self.admission!r} is neither open nor allowlist")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingsInvalid(PREFIX + "LOG_LEVEL", f"{self.log_level!r} is not a level")
        if not 0 <= self.did_cache_seconds <= 3600:
            raise SettingsInvalid(PREFIX + "DID_CACHE_SECONDS", "a key may be revoked: at most 3600")
        if self.operator_token_sha256 and not re.fullmatch(r"[0-9a-f]{64}", self.operator_token_sha256):
            raise SettingsInvalid(PREFIX + "OPERATOR_TOKEN_SHA256", "not 64 lower-case hex digits")
        for name in (
            "max_bytes",
            "recheck_seconds",
            "peer_stale_seconds",
            "peer_poll_seconds",
            "peer_volume",
            "log_resign_seconds",
            "workers",
            "threads",
            "volume_address",
            "volume_issuer",
            "search_shards",
        ):
            if getattr(self, name) < 1:
                raise SettingsInvalid(PREFIX + name.upper(), "must be at least 1")
        if self.peer_entries < MIN_PEER_ENTRIES:
            raise SettingsInvalid(PREFIX + "PEER_ENTRIES", f"must be at least {MIN_PEER_ENTRIES}")
        for name in ("self_issued_daily", "trusted_proxies", "ready_lag"):
            if getattr(self, name) < 0:
                raise SettingsInvalid(PREFIX + name.upper(), "must not be negative")
        for name in (entry.name for entry in fields(self) if entry.name.startswith(("rate_", "peer_rate"))):
            try:
                parse_limit(getattr(self, name))
            except ValueError as error:
                raise SettingsInvalid(
                    PREFIX + name.upper(), f"{getattr(self, name)!r} is not a rate such as 600/minute"
                ) from error
        for name in (
            "did_documents",
            "trust_anchors",
            "trust_list",
            "fetch_ca_file",
            "policies",
            "search_ca_file",
            "search_password_file",
        ):
            value = getattr(self, name)
            if value and not Path(value).exists():
                raise SettingsInvalid(PREFIX + name.upper(), f"{value} does not exist")
        self._check_policy()
        self._check_anchors()
        self._check_base_url()
        self._check_search()

    def _check_policy(self) -> None:
        try:
            policy_named(self.policy, self.own_policies)
        except UnknownPolicy as error:
            raise SettingsInvalid(PREFIX + "POLICY", str(error)) from error
        except PolicyFileInvalid as error:
            raise SettingsInvalid(PREFIX + "POLICIES", str(error)) from error

    def _check_search(self) -> None:
        for url in self.search_urls:
            parts = urlsplit(url)
            if "@" in parts.netloc:
                raise SettingsInvalid(
                    PREFIX + "SEARCH_URL", f"user and password belong into {PREFIX}SEARCH_USER and _PASSWORD"
                )
            if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
                raise SettingsInvalid(PREFIX + "SEARCH_URL", f"{url!r} is not an http(s) URL")
        if self.search_fallback not in ("", "embedded"):
            raise SettingsInvalid(PREFIX + "SEARCH_FALLBACK", f"{self.search_fallback!r} is not embedded")
        if self.search_fallback and not self.search_urls:
            raise SettingsInvalid(PREFIX + "SEARCH_FALLBACK", f"means nothing without {PREFIX}SEARCH_URL")
        if self.search_user and self.search_api_key:
            raise SettingsInvalid(PREFIX + "SEARCH_API_KEY", "a user or an API key, not both")
        if (self.search_password or self.search_password_file) and not self.search_user:
            raise SettingsInvalid(PREFIX + "SEARCH_USER", "a password needs its user")
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", self.search_index):
            raise SettingsInvalid(
                PREFIX + "SEARCH_INDEX", "lower-case letters, digits, dots, hyphens, at most 100 characters"
            )

    def _check_anchors(self) -> None:
        if self.trust_anchors:
            try:
                TrustAnchors.load(Path(self.trust_anchors))
            except AnchorsUnusable as error:
                raise SettingsInvalid(PREFIX + "TRUST_ANCHORS", str(error)) from error

    def _check_base_url(self) -> None:
        if not self.base_url:
            if not is_loopback(self.host):
                raise SettingsInvalid(
                    PREFIX + "BASE_URL", f"required when listening on {self.host}, which is not loopback"
                )
            return
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise SettingsInvalid(PREFIX + "BASE_URL", f"{self.base_url!r} is not an http(s) URL")

    @property
    def own_policies(self) -> Mapping[str, Policy]:
        """The operator's policies by name, read from their file. Raises `PolicyFileInvalid`."""
        return read_policies(Path(self.policies)) if self.policies else MappingProxyType({})

    @property
    def url(self) -> str:
        """The URL under which this node speaks of itself, without a trailing slash."""
        if self.base_url:
            return self.base_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{self.data / 'catalogue.sqlite'}"

    @property
    def search_urls(self) -> tuple[str, ...]:
        """The nodes of the Elasticsearch cluster; none for the embedded index alone."""
        return tuple(url.strip() for url in self.search_url.split(",") if url.strip())

    @property
    def index_folder(self) -> Path:
        """Where the embedded index lives."""
        return self.data / "index"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **overrides: Any) -> Settings:
        """Read every `CATALOGUE_*` key of `environ`. An unknown key is an error: no typo hides."""
        known = {entry.name: entry for entry in fields(cls)}
        values: dict[str, Any] = {}
        for key, text in environ.items():
            if not key.startswith(PREFIX):
                continue
            name = key.removeprefix(PREFIX).lower()
            if name not in known:
                raise SettingsInvalid(key, "no such setting")
            values[name] = _convert(key, text, known[name].default)
        return cls(**(values | overrides))


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


def _convert(key: str, text: str, default: object) -> object:
    """`text` in the type of the setting's default."""
    text = text.strip()
    if isinstance(default, bool):
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise SettingsInvalid(key, f"{text!r} is neither true nor false")
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError as error:
            raise SettingsInvalid(key, f"{text!r} is not a whole number") from error
    if isinstance(default, frozenset):
        return frozenset(part.strip() for part in text.split(",") if part.strip())
    if isinstance(default, Path):
        return Path(text)
    return text
