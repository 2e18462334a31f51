"""An invented world of providers and services, signed, for a first look at a node and for tests.

The files are made from the tables in `table/` by `catalogue.samples.make`; the keys were discarded at once.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent

#: A search that finds something among the samples: words, and evidence for what it finds.
SEARCH = "/offerings?q=office+suite&jurisdiction=EU&label=gaia-x:L1"


def sample_files() -> tuple[Path, ...]:
    """The signed self-descriptions, in the order in which they are to be published."""
    return tuple(sorted((_FOLDER / "signed").iterdir()))


def did_documents_folder() -> Path:
    """The folder with the DID documents of everybody who signed a sample."""
    return _FOLDER / "did-documents"


def trust_list_path() -> Path:
    """The trust list of the sample world: whom it believes about what."""
    return _FOLDER / "trust-list.json"
