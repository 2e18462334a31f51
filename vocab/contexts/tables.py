"""Reading context tables: tab-separated rows of facts in, JSON-LD context objects out.

A table has the columns `scope term iri type container context`; trailing empty cells may be left out, `#`
opens a comment line. A row says: within `scope` (empty: the document's own context), `term` means `iri`, its
values have `type` and `container`, and below it the scope named in `context` holds (`null`: no context).

Cells that hold an IRI are written as
- `prefix:name`, with the prefixes of `vocab.namespaces.PREFIXES`; in the iri column `prefix:` alone stands
  for the prefix followed by the row's own term;
- `prefix`, the bare namespace (for terms that are prefixes, and for `@vocab`);
- `<text>`, exactly this text, resolved by whoever processes the context;
- a JSON-LD keyword such as `@id`.

Rows whose term is a keyword set `@protected`, `@version` or `@vocab` for their scope; `@include` copies all
rows of another scope. Scopes are looked up in the table, then in the shared one, and never defined in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vocab.namespaces import PREFIXES

COLUMNS = ("scope", "term", "iri", "type", "container", "context")
INDEX_COLUMNS = ("url", "table", "gx")


class TableMalformed(ValueError):
    """A table breaks the rules above: `table` and `line` (0 for the whole table) say where."""

    def __init__(self, table: str, line: int, problem: str) -> None:
        super().__init__(f"{table}, line {line}: {problem}")
        self.table = table
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Binding:
    """What serves one URL: the table's name and the namespace that `gx` stands for in it (may be empty)."""

    table: str
    gx: str = ""

    def prefixes(self) -> Mapping[str, str]:
        """The prefixes in force while the table is expanded."""
        return {**PREFIXES, "gx": self.gx} if self.gx else PREFIXES


@dataclass(frozen=True, slots=True)
class Row:
    """One fact, its cells as written; `table` and `line` say where, for messages."""

    table: str
    line: int
    term: str
    iri: str
    type: str = ""
    container: str = ""
    context: str = ""

    def problem(self, text: str) -> TableMalformed:
        """The error to raise when this row cannot be used."""
        return TableMalformed(self.table, self.line, text)


@dataclass(frozen=True, slots=True)
class ContextTable:
    """The rows of one table by scope, with the shared table behind them."""

    name: str
    scopes: Mapping[str, tuple[Row, ...]]
    shared: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, *, shared: ContextTable | None = None) -> ContextTable:
        """The table in the file `path`, named by the file. Raises `TableMalformed`."""
        scopes: dict[str, list[Row]] = {}
        for line, cells in _rows(path, COLUMNS):
            scope, term, iri, *rest = cells
            if not term or not iri:
                raise TableMalformed(path.stem, line, "a row needs a term and an iri")
            scopes.setdefault(scope, []).append(Row(path.stem, line, term, iri, *rest))
        behind = shared.scopes if shared else {}
        twice = behind.keys() & scopes.keys()
        if twice:
            raise TableMalformed(path.stem, 0, f"scopes defined here and in shared: {sorted(twice)}")
        return cls(path.stem, {name: tuple(rows) for name, rows in scopes.items()}, behind)

    def context(self, prefixes: Mapping[str, str]) -> dict[str, object]:
        """The value of `@context`, with `prefixes` for the abbreviations. Raises `TableMalformed`."""
        return self._scope("", prefixes, ())

    def _scope(self, name: str, prefixes: Mapping[str, str], open_: tuple[str, ...]) -> dict[str, object]:
        context: dict[str, object] = {}
        for row in self._rows_of(name, open_):
            if row.term in context:
                raise row.problem(f"{row.term} is defined twice in the scope {name!r}")
            if row.term.startswith("@"):
                context[row.term] = _setting(row, prefixes)
            else:
                context[row.term] = self._definition(row, prefixes, (*open_, name))
        return context

    def _rows_of(self, name: str, open_: tuple[str, ...]) -> Iterator[Row]:
        if name in open_:
            raise TableMalformed(self.name, 0, f"the scope {name!r} contains itself")
        rows = self.scopes.get(name) or self.shared.get(name)
        if rows is None:
            raise TableMalformed(self.name, 0, f"there is no scope {name!r}")
        for row in rows:
            if row.term == "@include":
                yield from self._rows_of(row.iri, (*open_, name))
            else:
                yield row

    def _definition(self, row: Row, prefixes: Mapping[str, str], open_: tuple[str, ...]) -> object:
        iri = _expand(row, row.iri, prefixes, row.term)
        if not (row.type or row.container or row.context):
            # The short form matters: only such a term may be a prefix (JSON-LD 1.1 API, section 4.2.2).
            return iri
        definition: dict[str, object] = {"@id": iri}
        if row.type:
            definition["@type"] = _expand(row, row.type, prefixes)
        if row.container:
            containers = row.container.split()
            definition["@container"] = containers if len(containers) > 1 else containers[0]
        if row.context:
            null = row.context == "null"
            definition["@context"] = None if null else self._scope(row.context, prefixes, open_)
        return definition


def read_index(path: Path) -> dict[str, Binding]:
    """What serves each URL, from the index file. Raises `TableMalformed`."""
    index: dict[str, Binding] = {}
    for line, (url, table, gx) in _rows(path, INDEX_COLUMNS):
        if not table or url in index:
            raise TableMalformed(path.stem, line, "each url is listed once, with its table")
        index[url] = Binding(table, gx)
    return index


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    header: list[str] | None = None
    for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not text or text.startswith("#"):
            continue
        cells = text.split("\t")
        if header is None:
            header = cells
            if tuple(header) != columns:
                raise TableMalformed(path.stem, line, f"the columns are {' '.join(columns)}")
        elif len(cells) > len(columns):
            raise TableMalformed(path.stem, line, f"more than {len(columns)} cells")
        else:
            yield line, cells + [""] * (len(columns) - len(cells))


def _setting(row: Row, prefixes: Mapping[str, str]) -> object:
    if row.term == "@protected" and row.iri == "true":
        return True
    if row.term == "@version" and row.iri == "1.1":
        return 1.1
    if row.term == "@vocab":
        return _expand(row, row.iri, prefixes)
    raise row.problem(f"{row.term} {row.iri} is no setting of a context table")


def _expand(row: Row, cell: str, prefixes: Mapping[str, str], term: str = "") -> str:
    if cell.startswith("@"):
        return cell
    if cell.startswith("<") and cell.endswith(">"):
        return cell[1:-1]
    prefix, colon, name = cell.partition(":")
    namespace = prefixes.get(prefix)
    if namespace is None:
        raise row.problem(f"unknown prefix in {cell}")
    if not colon:
        return namespace
    if not (name or term):
        raise row.problem(f"{cell} names nothing")
    return namespace + (name or term)
