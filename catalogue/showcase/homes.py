"""Where in the showcase each sample is published: at the node of the state where its issuer has its seat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalogue.samples import sample_files
from catalogue.samples.table import Holder, Table, read_table

#: The states of the IPCEI-CIS of 2021 (docs/samples.md), and how they are called.
MEMBER_STATES: Mapping[str, str] = {
    "FR": "France",
    "DE": "Germany",
    "IT": "Italy",
    "ES": "Spain",
    "BE": "Belgium",
    "LU": "Luxembourg",
    "SI": "Slovenia",
    "HU": "Hungary",
    "CZ": "Czechia",
    "PL": "Poland",
    "LV": "Latvia",
}
#: Where those publish who have no seat in any of these states, or don't say where they have one.
ELSEWHERE = "LU"


@dataclass(frozen=True, slots=True)
class Sample:
    """A signed sample, with the country code of its home node."""

    path: Path
    home: str


def samples_at_home() -> tuple[Sample, ...]:
    """Every sample in the order of publication. What attests something is at home with its issuer."""
    table = read_table()
    seats = _seats(table)
    signer = {file.name: table.entries[file.entries[0]].issuer for file in table.files}
    return tuple(Sample(path, _home(signer[path.stem], seats)) for path in sample_files())


def _home(issuer: Holder, seats: Mapping[str, str]) -> str:
    country = seats.get(issuer.did, "")
    return country if country in MEMBER_STATES else ELSEWHERE


def _seats(table: Table) -> dict[str, str]:
    """The country of each participant's seat, by DID; the seat is a country or a subdivision (ISO 3166)."""
    return {
        entry.issuer.did: str(entry.members["seat"]).partition("-")[0]
        for entry in table.entries.values()
        if entry.about == "participant"
    }
