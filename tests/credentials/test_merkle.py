"""The tree and its proofs, against the specification word by word."""

from __future__ import annotations

from hashlib import sha256

import naive_merkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.transparency.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    subtrees,
    verify_consistency,
    verify_inclusion,
)
from credentials.transparency.refusals import ProofInvalid

SIZES = st.integers(0, 140)


def entries(size: int) -> list[bytes]:
    return [f"entry {number}".encode() for number in range(size)]


def read(height: int, index: int) -> bytes:
    return naive_merkle.tree_hash(entries((index + 1) << height)[index << height :])


def grown(size: int) -> Frontier:
    return Frontier().extend(map(leaf_hash, entries(size)))


def test_the_roots_are_those_of_the_specification_at_every_size() -> None:
    for size in range(140):
        assert grown(size).root() == naive_merkle.tree_hash(entries(size))


#: The tree that the tests of certificate-transparency (Apache-2.0) have, and many others since: its leaves,
#: and the root after each of them.
REFERENCE = """
- 6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
00 fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
10 aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
2021 d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
3031 4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
40414243 76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
5051525354555657 ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
606162636465666768696a6b6c6d6e6f 5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
"""


def test_the_reference_tree_has_its_known_roots() -> None:
    edge = Frontier()
    for line in REFERENCE.split("\n")[1:-1]:
        leaf, root = line.split(" ")
        edge = edge.extend([leaf_hash(bytes.fromhex(leaf.removeprefix("-")))])
        assert edge.root().hex() == root


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == sha256(b"").digest()


@settings(max_examples=60, deadline=None)
@given(SIZES, SIZES)
def test_a_tree_grows_to_the_same_edge_in_any_steps(one: int, two: int) -> None:
    old, size = sorted((one, two))
    added = [leaf_hash(entry) for entry in entries(size)[old:]]
    assert grown(old).extend(added) == grown(size)
    rest = [read(height, index) for height, index in subtrees(old, size)]
    assert grown(old).complete(size, rest) == grown(size)
    assert Frontier.read(read, size) == grown(size)


@settings(max_examples=60, deadline=None)
@given(SIZES, SIZES)
def test_subtrees_cover_a_range_once_and_in_order(one: int, two: int) -> None:
    start, end = sorted((one, two))
    covered = [
        leaf
        for height, index in subtrees(start, end)
        for leaf in range(index << height, (index + 1) << height)
    ]
    assert covered == list(range(start, end))


def test_an_edge_comes_back_from_its_bytes() -> None:
    for size in (0, 1, 255, 256, 700):
        edge = grown(size)
        assert Frontier.from_bytes(edge.to_bytes()) == edge


@pytest.mark.parametrize(
    "damage", [b"", b"\0" * 7, b"\0" * 40, b"\0" * 9, (3).to_bytes(8, "big") + b"\0" * 32]
)
def test_bytes_that_are_no_edge_are_refused(damage: bytes) -> None:
    with pytest.raises(ValueError, match="edge"):
        Frontier.from_bytes(damage)


def test_a_subtree_that_can_not_come_next_is_refused() -> None:
    with pytest.raises(ValueError, match="height 1"):
        grown(3).extend([bytes(32)], 1)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        grown(3).complete(8, [bytes(32)])


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 140), st.data())
def test_inclusion_proofs_are_those_of_the_specification_and_hold(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(read, index, size)
    assert list(proof) == naive_merkle.path(index, entries(size))
    leaf, root = leaf_hash(entries(size)[index]), grown(size).root()
    verify_inclusion(leaf, index, size, proof, root)
    with pytest.raises(ProofInvalid, match="another root"):
        verify_inclusion(leaf_hash(b"another"), index, size, proof, root)
    for other in {index + 1, index - 1, data.draw(st.integers(-1, 200))} - {index}:
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaf, other, size, proof, root)
    with pytest.raises(ProofInvalid):
        verify_inclusion(leaf, index, size, [*proof, bytes(32)], root)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        for changed in ([*proof[:place], bytes(32), *proof[place + 1 :]], proof[:-1]):
            with pytest.raises(ProofInvalid):
                verify_inclusion(leaf, index, size, changed, root)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 140), st.integers(0, 140), st.data())
def test_consistency_proofs_are_those_of_the_specification_and_hold(
    one: int, two: int, data: st.DataObject
) -> None:
    old, size = sorted((one, two))
    proof = consistency_proof(read, old, size)
    if 0 < old < size:
        assert list(proof) == naive_merkle.proof(old, entries(size))
    verify_consistency(old, grown(old).root(), size, grown(size).root(), proof)
    with pytest.raises(ProofInvalid):
        verify_consistency(old, bytes(32), size, grown(size).root(), proof)
    if old:
        with pytest.raises(ProofInvalid):
            verify_consistency(old, grown(old).root(), size, bytes(32), proof)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:place], bytes(32), *proof[place + 1 :]]
        with pytest.raises(ProofInvalid):
            verify_consistency(old, grown(old).root(), size, grown(size).root(), changed)
        with pytest.raises(ProofInvalid, match="hashes instead of"):
            verify_consistency(old, grown(old).root(), size, grown(size).root(), proof[1:])


def test_a_proof_of_what_can_not_be_is_refused() -> None:
    with pytest.raises(ValueError, match="no leaf 3"):
        inclusion_proof(read, 3, 3)
    with pytest.raises(ValueError, match="no beginning of 4"):
        consistency_proof(read, 4, 3)
    with pytest.raises(ProofInvalid, match="no beginning"):
        verify_consistency(4, bytes(32), 3, bytes(32), [])
    with pytest.raises(ProofInvalid, match="no leaf"):
        verify_inclusion(bytes(32), 0, MAX_SIZE + 1, [bytes(32)] * 63, bytes(32))
    with pytest.raises(ProofInvalid, match="wrong length"):
        verify_inclusion(bytes(32), 0, 2, [b"short"], bytes(32))


def test_the_largest_tree_that_can_be_has_proofs_of_bounded_length() -> None:
    def anything(height: int, index: int) -> bytes:
        return bytes(32)

    assert len(inclusion_proof(anything, MAX_SIZE - 1, MAX_SIZE)) <= 63
    assert len(consistency_proof(anything, MAX_SIZE // 3, MAX_SIZE)) <= 64
    assert Frontier.read(anything, MAX_SIZE).size == MAX_SIZE
    with pytest.raises(ValueError, match="edge"):
        Frontier.read(anything, MAX_SIZE + 1)
