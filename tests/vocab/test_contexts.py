"""Context tables: what a row means, and which rows are refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from vocab import namespaces
from vocab.contexts import CONTEXTS, UnknownContext, context_document, known_contexts
from vocab.contexts.tables import Binding, ContextTable, TableMalformed, read_index

PREFIXES = {"ex": "https://terms.example/ns#"}
HEADER = "scope\tterm\tiri\ttype\tcontainer\tcontext\n"


def table(tmp_path: Path, rows: str, name: str = "sample") -> ContextTable:
    path = tmp_path / f"{name}.tsv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return ContextTable.read(path)


def context(tmp_path: Path, rows: str) -> dict[str, object]:
    return table(tmp_path, rows).context(PREFIXES)


def test_a_term_with_an_iri_alone_takes_the_short_form(tmp_path: Path) -> None:
    assert context(tmp_path, "\tname\tex:label\n") == {"name": "https://terms.example/ns#label"}


def test_a_prefix_and_colon_alone_stand_for_the_term_itself(tmp_path: Path) -> None:
    assert context(tmp_path, "\tname\tex:\n") == {"name": "https://terms.example/ns#name"}


def test_a_prefix_without_colon_is_the_bare_namespace(tmp_path: Path) -> None:
    assert context(tmp_path, "\tshort\tex\n") == {"short": "https://terms.example/ns#"}


def test_angle_brackets_leave_a_name_to_the_processor(tmp_path: Path) -> None:
    assert context(tmp_path, "\tjws\t<sec:jws>\n") == {"jws": "sec:jws"}


def test_type_and_containers_are_columns(tmp_path: Path) -> None:
    assert context(tmp_path, "\tone\tex:\t@id\t@set\n\tmany\tex:\tex:T\t@graph @id\n") == {
        "one": {"@id": "https://terms.example/ns#one", "@type": "@id", "@container": "@set"},
        "many": {
            "@id": "https://terms.example/ns#many",
            "@type": "https://terms.example/ns#T",
            "@container": ["@graph", "@id"],
        },
    }


def test_a_scope_may_be_null_or_named_and_may_include_another(tmp_path: Path) -> None:
    rows = "\tT\tex:\t\t\tinner\n\tU\tex:\t\t\tnull\n"
    rows += "inner\t@include\tbase\ninner\tx\tex:\nbase\t@protected\ttrue\n"
    assert context(tmp_path, rows) == {
        "T": {
            "@id": "https://terms.example/ns#T",
            "@context": {"@protected": True, "x": "https://terms.example/ns#x"},
        },
        "U": {"@id": "https://terms.example/ns#U", "@context": None},
    }


def test_settings_of_a_scope_are_rows(tmp_path: Path) -> None:
    assert context(tmp_path, "\t@version\t1.1\n\t@protected\ttrue\n\t@vocab\tex\n") == {
        "@version": 1.1,
        "@protected": True,
        "@vocab": "https://terms.example/ns#",
    }


@pytest.mark.parametrize(
    ("rows", "line", "problem"),
    [
        ("\tname\tnope:\n", 2, "unknown prefix"),
        ("\tname\tex:\tex:\n", 2, "names nothing"),
        ("\tname\n", 2, "needs a term and an iri"),
        ("\tname\tex:\n\tname\tex:other\n", 3, "defined twice"),
        ("\t@propagate\ttrue\n", 2, "no setting"),
        ("\t@protected\tfalse\n", 2, "no setting"),
        ("\tname\tex:\t\t\tmissing\n", 0, "no scope 'missing'"),
        ("\tname\tex:\t\t\ta\na\tname\tex:\t\t\ta\n", 0, "contains itself"),
        ("\t@include\ta\na\t@include\ta\n", 0, "contains itself"),
        ("\ta\tex:\t\t\t\textra\n", 2, "more than 6 cells"),
    ],
)
def test_a_malformed_row_is_refused_with_its_place(
    tmp_path: Path, rows: str, line: int, problem: str
) -> None:
    with pytest.raises(TableMalformed, match=problem) as caught:
        context(tmp_path, rows)
    assert (caught.value.table, caught.value.line) == ("sample", line)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "sample.tsv"
    path.write_text("term\tiri\n", encoding="utf-8")
    with pytest.raises(TableMalformed, match="the columns are"):
        ContextTable.read(path)


def test_a_table_cannot_redefine_a_shared_scope(tmp_path: Path) -> None:
    shared = table(tmp_path, "node\tid\t@id\n", "shared")
    path = tmp_path / "sample.tsv"
    path.write_text(HEADER + "node\ttype\t@type\n", encoding="utf-8")
    with pytest.raises(TableMalformed, match="in shared"):
        ContextTable.read(path, shared=shared)


def test_an_index_lists_each_url_once(tmp_path: Path) -> None:
    path = tmp_path / "index.tsv"
    path.write_text("url\ttable\tgx\nhttps://a.example/\tx\nhttps://a.example/\ty\n", encoding="utf-8")
    with pytest.raises(TableMalformed, match="listed once"):
        read_index(path)


def test_gx_is_bound_by_the_index_alone() -> None:
    assert "gx" not in namespaces.PREFIXES
    assert Binding("t", "https://g.example/#").prefixes()["gx"] == "https://g.example/#"
    assert "gx" not in Binding("t").prefixes()


@pytest.mark.parametrize("url", known_contexts())
def test_every_known_context_is_generated_as_json(url: str) -> None:
    document = context_document(url)
    assert list(document) == ["@context"]
    assert json.loads(json.dumps(document)) == document


def test_every_table_is_served() -> None:
    folder = Path(namespaces.__file__).parent / "contexts"
    tables = {path.stem for path in folder.glob("*.tsv")} - {"index", "shared"}
    assert tables == {binding.table for binding in CONTEXTS.values()}


def _scopes_used(read: ContextTable) -> set[str]:
    rows = [row for rows in read.scopes.values() for row in rows]
    return {row.iri if row.term == "@include" else row.context for row in rows}


def test_no_scope_of_any_table_is_left_unused() -> None:
    folder = Path(namespaces.__file__).parent / "contexts"
    tables = [ContextTable.read(path) for path in folder.glob("*.tsv") if path.stem != "index"]
    used_anywhere = set().union(*map(_scopes_used, tables))
    for read in tables:
        used = used_anywhere if read.name == "shared" else _scopes_used(read)
        assert read.scopes.keys() - used <= {""}, read.name


def test_an_unknown_context_is_named() -> None:
    with pytest.raises(UnknownContext) as caught:
        context_document("https://unknown.example/v1")
    assert caught.value.url == "https://unknown.example/v1"


def test_the_spellings_of_one_context_share_one_document() -> None:
    assert context_document(namespaces.V2511) is context_document(namespaces.V2511.rstrip("#"))


def test_the_two_loire_namespaces_are_not_mixed() -> None:
    assert namespaces.DEVELOPMENT not in json.dumps(context_document(namespaces.V2511))
    assert namespaces.V2511 not in json.dumps(context_document(namespaces.DEVELOPMENT))


def test_our_own_context_links_capabilities_by_iri() -> None:
    terms = context_document(namespaces.CF_CONTEXT)["@context"]
    assert isinstance(terms, dict)
    assert terms["cf"] == namespaces.CF
    assert terms["capability"] == {"@id": namespaces.CF + "capability", "@type": "@id"}
    assert {"keyword", "participantKind", "jurisdiction"} < terms.keys()


def test_importing_reads_no_table_but_the_index() -> None:
    """Start-up pays for no context that nobody has asked for."""
    program = (
        "import pathlib\n"
        "read, names = pathlib.Path.read_text, []\n"
        "pathlib.Path.read_text = lambda self, *a, **k: (names.append(self.name), read(self, *a, **k))[1]\n"
        "import vocab.contexts\n"
        "print(*names)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["index.tsv"]


def test_gaia_x_gives_a_name_in_each_namespace_newest_first() -> None:
    assert namespaces.gaia_x("providedBy") == (
        namespaces.V2511 + "providedBy",
        namespaces.DEVELOPMENT + "providedBy",
        namespaces.TAGUS + "providedBy",
    )


def test_no_predicate_is_listed_twice() -> None:
    groups = {name: value for name, value in vars(namespaces).items() if isinstance(value, tuple)}
    assert len(groups) > 15
    for name, predicates in groups.items():
        assert len(set(predicates)) == len(predicates), name
