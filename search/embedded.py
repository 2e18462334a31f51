"""The embedded engine: a tantivy index in a folder, one writing process and any number of readers.

`<path>/current` names the generation in use, a folder `<version>-<number>` with tantivy's files in `index/`
and the replay's `position` beside them. A new generation is complete before `current` points to it, and each
file is replaced by renaming, so a process killed at any instant leaves an index that opens. Generations that
`current` doesn't point to are one being made beside it, or what was left of one.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tantivy import Index, IndexWriter, Schema

from search.document import Document
from search.embedded_schema import build_schema, tantivy_document
from search.embedded_search import Generation, Search
from search.engine import IndexBusy, IndexMissing, IndexUnusable
from search.indexing import INDEX_VERSION
from search.plan import question_of
from search.query import FACET_FIELDS, Hit, Page, Query, Sort
from search.suggesting import suggested

#: Bytes in which the writer gathers documents before it makes a segment: tantivy's least with room to spare.
_WRITER_BYTES = 15_000_000
#: The same for an index that is made beside another: some ten thousand documents. The fewer segments there
#: are, the less each question costs, and the fewer have to be merged.
_BESIDE_WRITER_BYTES = 80_000_000
_GENERATION = re.compile(r"(\d+)-(\d{6,})")
_CURRENT = "current"
_PROBE = Query(text="a", sort=Sort.NAME, size=1, facets=FACET_FIELDS)


class EmbeddedEngine:
    """The `Engine` over a folder.

    Opening never fails because of what is in the folder: an index that is missing, damaged or of another
    version makes every method but `wipe` and `close` raise IndexUnusable (a reader tries again at each
    `refresh`). A writing engine makes an empty index where there is none, and raises IndexBusy when another
    process writes. Threads may share an engine for searching.
    """

    def __init__(self, path: Path, *, writable: bool, generation: Path | None = None) -> None:
        """`generation` is the folder of one made by `beside`; without it, the one in use is opened."""
        self._path = path
        self._writable = writable
        self._own = generation
        self._schema: Schema = build_schema()
        self._generation: Generation | None = None
        self._problem: IndexUnusable = IndexMissing(str(path), "not opened")
        self._seen: tuple[object, ...] = ()
        if writable:
            path.mkdir(parents=True, exist_ok=True)
            if not (path / _CURRENT).exists():
                self._point_to(self._begin())
        self.refresh()
        if writable and generation is None:
            # What a process that was killed had begun beside it.
            self._forget_others(self._in_use())

    def apply(self, upserts: Sequence[Document], deletes: Sequence[str], position: str) -> None:
        """See `Engine.apply`. Durable when it returns; merging of segments goes on behind it.

        Beside another index nothing is durable before `publish`, since it is of no use before: a commit for
        each batch takes time and makes many small segments. IndexUnusable when that index can't be written.
        """
        generation = self._opened()
        writer = generation.writer
        if writer is None:
            raise PermissionError(f"{self._path} was opened for reading")
        if upserts or deletes:
            made = [tantivy_document(document) for document in upserts]
            try:
                for record in deletes:
                    writer.delete_documents_by_term("id", record)
                # A delete reaches what was added before it, so the last document of an id stays.
                for document, form in zip(upserts, made, strict=True):
                    writer.delete_documents_by_term("id", document.id)
                    writer.add_document(form)
                if self._own is None:
                    writer.commit()
            except (ValueError, OSError) as error:
                self._give_up(generation)
                if self._own is not None:
                    # With the writer all that it had gathered is lost: there is nothing to go on from.
                    raise IndexUnusable(str(self._own), f"can't be written: {error}") from error
                raise OSError(f"{self._path}: the index can't be written: {error}") from error
        if position != self.position():
            _replace(generation.folder / "position", position)

    def position(self) -> str | None:
        """See `Engine.position`."""
        try:
            return (self._opened().folder / "position").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def search(self, query: Query) -> Page:
        """See `Engine.search`."""
        question = question_of(query)
        generation = self._opened()
        with _tantivy_reports(generation.folder):
            return Search(generation, self._schema, question).page()

    def suggest(self, query: Query, *, forgiving: bool) -> tuple[Hit, ...]:
        """See `Engine.suggest`."""
        question = question_of(replace(query, sort=Sort.NAME))
        generation = self._opened()
        with _tantivy_reports(generation.folder):
            asked = Search(generation, self._schema, question)
            return suggested(question.query, asked.starting, forgiving=forgiving)

    def refresh(self) -> None:
        """See `Engine.refresh`. Two `stat` calls when nothing has changed."""
        if self._own is not None and self._generation is not None:
            self._commit(self._generation)
        seen = self._stamp()
        if seen == self._seen and self._generation is not None:
            return
        try:
            self._reload()
        except IndexBusy:
            raise
        except IndexUnusable as problem:
            self._generation = None
            self._problem = problem
        self._seen = seen

    def wipe(self) -> None:
        """See `Engine.wipe`: a new, empty generation; readers change over at their next `refresh`."""
        self._require_writable()
        self._generation = None
        self._point_to(self._begin())
        self._reload()
        self._forget_others(self._current())

    def beside(self) -> EmbeddedEngine:
        """See `Engine.beside`: a generation that `current` doesn't point to yet."""
        self._require_writable()
        self._forget_others(self._in_use())
        return EmbeddedEngine(self._path, writable=True, generation=self._begin())

    def beside_position(self) -> str | None:
        """See `Engine.beside_position`."""
        in_use = self._in_use()
        others = [folder for folder in self._generations() if folder != in_use]
        try:
            return (max(others) / "position").read_text(encoding="utf-8") if others else None
        except FileNotFoundError:
            return None

    def publish(self) -> None:
        """See `Engine.publish`."""
        if self._own is None:
            raise PermissionError(f"{self._path}: only what was made beside an index can be published")
        folder = self._own
        writer = self._commit(self._opened())
        # Nobody waits for this index yet, and what is merged now needn't be while it answers. A merge that
        # fails leaves the segments as they were.
        with contextlib.suppress(ValueError):
            writer.wait_merging_threads()
        self.close()
        self._point_to(folder)
        self._forget_others(folder)

    def close(self) -> None:
        """See `Engine.close`. Merges under way are given up, nothing applied is lost."""
        self._generation = None
        self._problem = IndexMissing(str(self._path), "closed")
        self._writable = False

    def _commit(self, generation: Generation) -> IndexWriter:
        """Make durable and visible what was applied beside another index."""
        writer = generation.writer
        if writer is None:
            raise PermissionError(f"{self._path} was opened for reading")
        try:
            writer.commit()
        except (ValueError, OSError) as error:
            self._give_up(generation)
            raise IndexUnusable(str(generation.folder), f"can't be written: {error}") from error
        return writer

    def _give_up(self, generation: Generation) -> None:
        """Let go of a writer that failed: tantivy's never works again. The next use opens the index anew."""
        self._generation = None
        self._seen = ()
        if generation.writer is not None:
            # Its only way to free the lock while somebody may still refer to it; it complains of its state.
            with contextlib.suppress(ValueError):
                generation.writer.wait_merging_threads()

    def _opened(self) -> Generation:
        if self._generation is None and self._writable:
            self.refresh()
        if self._generation is None:
            raise type(self._problem)(self._problem.where, self._problem.problem)
        return self._generation

    def _stamp(self) -> tuple[object, ...]:
        """What changes whenever a commit or another generation does."""
        folder = self._generation.folder if self._generation else self._path
        return (*_stat(self._path / _CURRENT), *_stat(folder / "index" / "meta.json"))

    def _reload(self) -> None:
        folder = self._current()
        opened = self._generation
        with _tantivy_reports(folder):
            if opened is not None and opened.folder == folder:
                self._generation = opened.reloaded()
                return
            index_folder = folder / "index"
            if not index_folder.is_dir() or not Index.exists(str(index_folder)):
                raise IndexUnusable(str(folder), "has no index in it")
            index = Index(self._schema, str(index_folder), reuse=True)
            index.config_reader("manual", 1)
            index.reload()
            generation = Generation(folder, index, None, index.searcher())
            # Damage is to show now, not at some later question: this one touches all fields.
            Search(generation, self._schema, question_of(_PROBE)).page()
        if self._writable:
            generation = replace(generation, writer=self._writer(index))
        self._generation = generation

    def _writer(self, index: Index) -> IndexWriter:
        try:
            size = _WRITER_BYTES if self._own is None else _BESIDE_WRITER_BYTES
            return index.writer(heap_size=size, num_threads=1)
        except ValueError as error:
            if "LockBusy" in str(error):
                raise IndexBusy(str(self._path)) from error
            raise IndexUnusable(str(self._path), str(error)) from error

    def _current(self) -> Path:
        if self._own is not None:
            return self._own
        try:
            name = (self._path / _CURRENT).read_text(encoding="ascii")
        except FileNotFoundError as error:
            raise IndexMissing(str(self._path), "there is no index yet") from error
        except (OSError, UnicodeDecodeError) as error:
            raise IndexUnusable(str(self._path), str(error)) from error
        match = _GENERATION.fullmatch(name)
        if match is None or int(match[1]) != INDEX_VERSION:
            raise IndexUnusable(str(self._path), f"index {name[:40]!r} was made by another version")
        return self._path / name

    def _in_use(self) -> Path | None:
        """The generation that `current` names, None if that is none of this version."""
        try:
            return self._current()
        except IndexUnusable:
            return None

    def _begin(self) -> Path:
        """Make an empty generation."""
        numbers = [int(folder.name.rpartition("-")[2]) for folder in self._generations()]
        folder = self._path / f"{INDEX_VERSION}-{max(numbers, default=0) + 1:06d}"
        (folder / "index").mkdir(parents=True)
        Index(self._schema, str(folder / "index"), reuse=False)
        _sync_folder(folder)
        _sync_folder(self._path)
        return folder

    def _point_to(self, folder: Path) -> None:
        _replace(self._path / _CURRENT, folder.name)

    def _generations(self) -> list[Path]:
        return [folder for folder in self._path.iterdir() if _GENERATION.fullmatch(folder.name)]

    def _forget_others(self, folder: Path | None) -> None:
        for other in self._generations():
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)

    def _require_writable(self) -> None:
        if not self._writable:
            raise PermissionError(f"{self._path} was opened for reading")


@contextlib.contextmanager
def _tantivy_reports(folder: Path) -> Iterator[None]:
    """Turn what tantivy raises about files into IndexUnusable."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexUnusable(str(folder), str(error)[:300]) from error


def _stat(path: Path) -> tuple[object, ...]:
    try:
        found = path.stat()
    except OSError:
        return (None,)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _replace(path: Path, text: str) -> None:
    """Write a small file so that it is, after any crash, either the old one or the new one."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
