"""Documents for the tests of search, made by hand rather than from credentials."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from search.document import Document

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def record(name: str) -> str:
    """A record id that is the same for the same name."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def document(
    key: str,
    names: Mapping[str, str] | str = "",
    *,
    descriptions: Mapping[str, str] | str = "",
    kind: str = "offering",
    provider: str = "did:web:provider.example",
    provider_id: str | None = None,
    provider_name: str = "",
    jurisdictions: tuple[str, ...] = (),
    capabilities: tuple[str, ...] = (),
    capability_terms: tuple[tuple[str, str], ...] = (),
    broader_terms: tuple[tuple[str, str], ...] = (),
    fact_terms: tuple[tuple[str, str], ...] = (),
    concepts: tuple[str, ...] = (),
    keywords: tuple[str, ...] = (),
    labels: tuple[str, ...] = (),
    certifications: tuple[str, ...] = (),
    programmes: tuple[str, ...] = (),
    participant_kinds: tuple[str, ...] = (),
    identity: str = "domain",
    state: str = "listed",
    subject: str = "",
    minutes: int = 0,
    **more: Any,
) -> Document:
    """A document with id `record(key)`, listed `minutes` after `EPOCH`; `more` are members of Document."""
    names = {"": names} if isinstance(names, str) else dict(names)
    descriptions = {"": descriptions} if isinstance(descriptions, str) else dict(descriptions)
    return Document(
        id=record(key),
        kind=kind,
        provider_did=provider,
        identity=identity,
        state=state,
        listed_at=EPOCH + timedelta(minutes=minutes),
        subject=subject,
        names=names,
        descriptions=descriptions,
        keywords=keywords,
        provider_id=provider_id,
        provider_name=provider_name,
        jurisdictions=jurisdictions,
        capabilities=capabilities,
        capability_terms=capability_terms,
        broader_terms=broader_terms,
        fact_terms=fact_terms,
        concepts=concepts,
        labels=labels,
        certifications=certifications,
        programmes=programmes,
        participant_kinds=participant_kinds,
        **more,
        item={"id": record(key), "key": key, "names": names, "descriptions": descriptions},
    )
