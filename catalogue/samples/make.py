"""Make the samples anew: `python -m catalogue.samples.make` writes keys, DID documents, files and trust list.

Every run makes new keys, and forgets them: nobody can sign for the sample world afterwards.
"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from catalogue.samples import did_documents_folder, trust_list_path
from catalogue.samples.documents import Writer
from catalogue.samples.table import File, Table, read_table
from credentials.signing import (
    CredentialForm,
    PresentationForm,
    PrivateKey,
    did_document,
    generate_key,
    sign_credential,
    sign_presentation,
)
from credentials.times import Clock, utc_now
from vocab.trust import TrustEntry, TrustList

_FRAGMENT = "key-1"


def make(folder: Path, clock: Clock = utc_now) -> None:
    """Write `did-documents/`, `signed/` and `trust-list.json` into `folder`, in place of what was there."""
    table = read_table()
    valid_from = clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    keys = {holder.did: generate_key(holder.key) for holder in table.holders.values()}
    _write_did_documents(_empty(folder / did_documents_folder().name), table, keys)
    writer = Writer(table, valid_from)
    signed = _empty(folder / "signed")
    published: dict[str, dict[str, Any]] = {}
    for file in table.files:
        data = _sign(file, writer, keys, published)
        ending = "jwt" if table.entries[file.entries[0]].issuer.form == "jwt" else "json"
        (signed / f"{file.name}.{ending}").write_bytes(data + b"\n")
    _write_trust_list(folder / trust_list_path().name, table, valid_from)


def _sign(
    file: File, writer: Writer, keys: dict[str, PrivateKey], published: dict[str, dict[str, Any]]
) -> bytes:
    """The bytes of a file; `published` gains its credentials as they go out, an embedded proof included."""
    holder = writer.table.entries[file.entries[0]].issuer
    key, method, created = keys[holder.did], f"{holder.did}#{_FRAGMENT}", writer.valid_from
    inner: CredentialForm = "vc-jwt" if holder.form == "jwt" else holder.form
    outer: PresentationForm = "vp-jwt" if holder.form == "jwt" else holder.form
    credentials = []
    for name in file.entries:
        document = writer.document(writer.table.entries[name], published)
        data = sign_credential(document, key, method, form=inner, created=created)
        published[name] = document if inner == "vc-jwt" else json.loads(data)
        credentials.append(data)
    if len(credentials) == 1:
        return credentials[0]
    return sign_presentation(
        credentials,
        key,
        method,
        holder=holder.did,
        form=outer,
        created=created,
        presentation_id=f"{holder.base}/presentations/{file.name}.json",
    )


def _write_did_documents(folder: Path, table: Table, keys: dict[str, PrivateKey]) -> None:
    for name, holder in table.holders.items():
        document = did_document(holder.did, {_FRAGMENT: keys[holder.did].public()})
        _write_json(folder / f"{name}.json", document)


def _write_trust_list(path: Path, table: Table, valid_from: datetime) -> None:
    entries = tuple(
        TrustEntry(
            did=table.holders[row["holder"]].did,
            attests=tuple(row["attests"]),
            valid_from=valid_from,
            name=row["name"],
            schemes=tuple(row.get("schemes", ())),
            programmes=tuple(row.get("programmes", ())),
        )
        for row in table.trusted
    )
    _write_json(path, TrustList(entries).to_dict())


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    make(Path(__file__).parent)
