"""RDF Dataset Canonicalization, RDFC-1.0 (https://www.w3.org/TR/rdf-canon/), over quads of N-Quads terms.

Working on the serialised terms makes it several times faster than a general RDF library, and a bound on the
work stops data made to be hard to canonicalise ("poison graphs", section 7.1 of the specification).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import Literal

from pyld.canon import permutations as transposing_permutations

from credentials.nquads import Quad, is_blank, line

#: What a dataset without malice may cost, in quads looked at and nodes put in order by the N-degree hashing.
#: The hardest positive cases of the W3C suite stay under 30,000; ordinary credentials need 0. It takes a
#: second or less to spend.
MAX_WORK = 100_000

#: Nested N-degree hashings. Each takes three frames of the interpreter's stack of 1,000.
MAX_NESTING = 150

_HASHES = {"sha256": hashlib.sha256, "sha384": hashlib.sha384}

#: How the N-degree step keeps the nodes related by equal hashes. Engines in circulation differ: most keep a
#: node once for each quad that relates it ("duplicates"), some once ("distinct"). It only matters where
#: several blank nodes look alike. Either gives a complete serialisation of the same dataset.
Related = Literal["duplicates", "distinct"]


class TooMuchWork(Exception):
    """The dataset needs more than the allowed work to canonicalise."""


def canonicalise(
    quads: Iterable[Quad],
    *,
    related: Related = "duplicates",
    algorithm: str = "sha256",
    max_work: int = MAX_WORK,
) -> str:
    """The canonical N-Quads of a dataset. Raises `TooMuchWork`."""
    distinct = list(dict.fromkeys(quads))
    labels = issue_labels(distinct, related=related, algorithm=algorithm, max_work=max_work)
    if not labels:
        return "".join(sorted(map(line, distinct)))
    name = labels.get
    return "".join(
        sorted(line((name(s, s), p, name(o, o), name(g, g))) for s, p, o, g in distinct),
    )


def issue_labels(
    quads: Iterable[Quad],
    *,
    related: Related = "duplicates",
    algorithm: str = "sha256",
    max_work: int = MAX_WORK,
) -> dict[str, str]:
    """The canonical label (`_:c14n0`, ...) of every blank node, in order of issue. Raises `TooMuchWork`."""
    return _Canonicalisation(quads, related, algorithm, max_work).run()


class _Issuer:
    """Section 4.5.2: gives out `prefix0`, `prefix1`, ... and remembers the order."""

    __slots__ = ("issued", "prefix")

    def __init__(self, prefix: str, issued: dict[str, str] | None = None) -> None:
        self.prefix = prefix
        self.issued: dict[str, str] = issued if issued is not None else {}

    def issue(self, node: str) -> str:
        label = self.issued.get(node)
        if label is None:
            label = self.issued[node] = f"{self.prefix}{len(self.issued)}"
        return label

    def copy(self) -> _Issuer:
        return _Issuer(self.prefix, self.issued.copy())


class _Canonicalisation:
    """The state of one run, section 4.4.2. The methods carry the names of the specification's algorithms."""

    def __init__(self, quads: Iterable[Quad], related: Related, algorithm: str, max_work: int) -> None:
        self.quads_of: dict[str, list[Quad]] = {}
        for quad in quads:
            subject, _, object_, graph = quad
            if subject[0] == "_":
                self.quads_of.setdefault(subject, []).append(quad)
            if object_[0] == "_" and object_ != subject:
                self.quads_of.setdefault(object_, []).append(quad)
            if graph and graph[0] == "_" and graph != subject and graph != object_:
                self.quads_of.setdefault(graph, []).append(quad)
        self.related = related
        self.new_hash = _HASHES[algorithm]
        self.work_left = max_work
        self.nesting = 0
        self.first_degree: dict[str, str] = {}
        self.canonical = _Issuer("_:c14n")

    def run(self) -> dict[str, str]:
        """Section 4.4.3."""
        nodes_by_hash: dict[str, list[str]] = {}
        for node in self.quads_of:
            nodes_by_hash.setdefault(self.hash_first_degree_quads(node), []).append(node)
        alike: list[list[str]] = []
        for _, nodes in sorted(nodes_by_hash.items()):
            if len(nodes) == 1:
                self.canonical.issue(nodes[0])
            else:
                alike.append(nodes)
        for nodes in alike:
            results = []
            for node in nodes:
                if node not in self.canonical.issued:
                    issuer = _Issuer("_:b")
                    issuer.issue(node)
                    results.append(self.hash_n_degree_quads(node, issuer))
            for _, issuer in sorted(results, key=lambda result: result[0]):
                for node in issuer.issued:
                    self.canonical.issue(node)
        return self.canonical.issued

    def hash(self, text: str) -> str:
        return self.new_hash(text.encode()).hexdigest()

    def hash_first_degree_quads(self, node: str) -> str:
        """Section 4.6.3."""

        lines = []
        for subject, predicate, object_, graph in self.quads_of[node]:
            # Inlined, since this is the innermost loop: the node itself is _:a, any other blank node _:z.
            if subject[0] == "_":
                subject = "_:a" if subject == node else "_:z"
            if object_[0] == "_":
                object_ = "_:a" if object_ == node else "_:z"
            if graph and graph[0] == "_":
                graph = "_:a" if graph == node else "_:z"
            lines.append(line((subject, predicate, object_, graph)))
        lines.sort()
        digest = self.first_degree[node] = self.hash("".join(lines))
        return digest

    def hash_related_blank_node(self, related: str, quad: Quad, issuer: _Issuer, position: str) -> str:
        """Section 4.7.3."""
        name = self.canonical.issued.get(related) or issuer.issued.get(related) or self.first_degree[related]
        predicate = "" if position == "g" else quad[1]
        return self.hash(f"{position}{predicate}{name}")

    def hash_n_degree_quads(self, node: str, issuer: _Issuer) -> tuple[str, _Issuer]:
        """Section 4.8.3: the hash, and the issuer as it is after the chosen path."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise TooMuchWork
        data: list[str] = []
        for digest, nodes in sorted(self.related_by_hash(node, issuer).items()):
            path, issuer = self.shortest_path(nodes, issuer)
            data += (digest, path)
        self.nesting -= 1
        return self.hash("".join(data)), issuer

    def related_by_hash(self, node: str, issuer: _Issuer) -> dict[str, list[str]]:
        """Steps 1 to 3 of section 4.8.3."""
        related: dict[str, list[str]] = {}
        quads = self.quads_of[node]
        self.spend(len(quads))
        for quad in quads:
            for term, position in ((quad[0], "s"), (quad[2], "o"), (quad[3], "g")):
                if is_blank(term) and term != node:
                    digest = self.hash_related_blank_node(term, quad, issuer, position)
                    nodes = related.setdefault(digest, [])
                    if self.related == "duplicates" or term not in nodes:
                        nodes.append(term)
        return related

    def shortest_path(self, nodes: list[str], issuer: _Issuer) -> tuple[str, _Issuer]:
        """Step 5.4 of section 4.8.3: the least path over all orders of `nodes`, and its issuer."""
        chosen_path = ""
        chosen_issuer = issuer
        for order in _orders(nodes):
            self.spend(len(order) + len(issuer.issued))
            path, candidate = self.path_of(order, issuer.copy(), chosen_path)
            if path is not None and (not chosen_path or path < chosen_path):
                chosen_path, chosen_issuer = path, candidate
        return chosen_path, chosen_issuer

    def path_of(self, order: list[str], issuer: _Issuer, chosen_path: str) -> tuple[str | None, _Issuer]:
        """Steps 5.4.1 to 5.4.5: None for a path that cannot become the least one."""

        def hopeless() -> bool:
            return bool(chosen_path) and len(path) >= len(chosen_path) and path > chosen_path

        path = ""
        to_visit: list[str] = []
        for node in order:
            label = self.canonical.issued.get(node)
            if label is None:
                if node not in issuer.issued:
                    to_visit.append(node)
                label = issuer.issue(node)
            path += label
            if hopeless():
                return None, issuer
        for node in to_visit:
            digest, result = self.hash_n_degree_quads(node, issuer)
            path += f"{issuer.issue(node)}<{digest}>"
            issuer = result
            if hopeless():
                return None, issuer
        return path, issuer

    def spend(self, work: int) -> None:
        self.work_left -= max(work, 1)
        if self.work_left < 0:
            raise TooMuchWork


def _orders(nodes: list[str]) -> Iterator[list[str]]:
    """All orders of `nodes`.

    With repeated nodes the engines in circulation walk a subset, that of their transposing generator; the
    least path depends on it, so the same generator is used there.
    """
    if len(nodes) == 1:
        yield nodes
    elif len(set(nodes)) == len(nodes):
        yield from map(list, itertools.permutations(sorted(nodes)))
    else:
        yield from transposing_permutations(list(nodes))
