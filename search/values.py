"""The values that documents are filtered by: in which field of the index each stands, and in which form."""

from __future__ import annotations

import re

from search.text import fold
from vocab.model import Basis

#: Values that are looked up and never counted.
LOOK_UPS = (
    "concept",
    "provider_id",
    "provider_named",
    "subject",
    "label_basis",
    "profile",
    "consortium_id",
    "consortium_named",
)
#: Numbers, which are filtered by in ranges: figures times `SCALE`, days counted as `date.toordinal` does.
NUMBER_FIELDS = ("pue", "renewable", "valid_from", "valid_until")
#: Figures are compared to four decimals.
SCALE = 10_000
#: The value of `exposed_to` of documents that other states may reach too.
UNKNOWN = "unknown"
#: Stands for the node itself among the names of nodes: none of them begins with a dot, and all sort after it.
HERE = "."
#: Whether something was submitted to this node, or only copied from others: the values of `home`.
HOME, COPIED = "yes", "no"
#: The values of `immune`; a document has one if it was worked out at all.
IMMUNITIES = ("yes", "no", UNKNOWN)
#: On whose word a label may be held, strongest first.
BASES = tuple(basis.value for basis in Basis)

_RECORD_ID = re.compile(r"[0-9a-f]{32}")


def value_field(filter_field: str) -> str:
    """The indexed field that holds the values of a filter field."""
    return "capability_id" if filter_field == "capability" else filter_field


def provider_lookup(value: str) -> tuple[str, str]:
    """Field and value for one value of the provider filter.

    Its form decides what it is, so that nobody is found under another's DID or id by taking it for a name.
    """
    return _party_lookup("provider", value)


def consortium_lookup(value: str) -> tuple[str, str]:
    """Field and value for one value of the consortium filter; see `provider_lookup`."""
    return _party_lookup("consortium", value)


def _party_lookup(field: str, value: str) -> tuple[str, str]:
    if value.startswith("did:"):
        return field, value
    if _RECORD_ID.fullmatch(value):
        return f"{field}_id", value
    return f"{field}_named", named(value)


def label_on(label: str, basis: str) -> str:
    """The indexed value of a label that is held on one basis."""
    return f"{label} {basis}"


def named(name: str) -> str:
    """A participant's name as filters compare it: folded, spaces alike."""
    return " ".join(fold(name).split())
