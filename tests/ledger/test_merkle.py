"""The tree agrees with the plain recursive definition of RFC 6962, and proofs prove nothing else."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visitor.ledger.auditor import verify
from visitor.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    consistent,
    includes,
    inclusion_proof,
    tree_root,
)

LEAVES = [hashlib.sha256(b"\0%d" % place).digest() for place in range(80)]
SIZES = st.integers(0, len(LEAVES))


def naive(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + naive(leaves[:k]) + naive(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """RFC 6962, section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [naive(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive(leaves[:k])]


@given(SIZES)
def test_growing_root_is_the_recursive_root(size: int) -> None:
    assert tree_root(LEAVES[:size]) == naive(LEAVES[:size])
    peaks: list[bytes] = []
    for place in range(size):
        verify.push(peaks, place, LEAVES[place])
    assert verify.fold(peaks) == naive(LEAVES[:size])


@given(SIZES, SIZES)
def test_frontier_goes_on_after_it_was_stored(size: int, more: int) -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    stored = Frontier.from_bytes(frontier.size, frontier.to_bytes())
    stored.extend(LEAVES[:more])
    assert stored.root() == naive(LEAVES[:size] + LEAVES[:more])


def test_frontier_that_does_not_fit_its_size_is_refused() -> None:
    for size, raw in ((1, b""), (2, bytes(64)), (-1, bytes(32)), (3, bytes(63))):
        with pytest.raises(ValueError, match="damaged"):
            Frontier.from_bytes(size, raw)


@given(st.data())
def test_inclusion_proof_is_that_of_the_standard_and_proves_one_leaf_at_one_place(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    proof = inclusion_proof(leaves, index)

    assert proof == naive_path(index, leaves)
    assert includes(leaves[index], (index, size), proof, naive(leaves))
    for other in {0, size - 1, size, -1, index + 1} - {index}:
        assert not includes(leaves[index], (other, size), proof, naive(leaves))
    assert not includes(LEAVES[index - 1], (index, size), proof, naive(leaves))
    assert not includes(leaves[index], (index, size), [*proof, leaves[0]], naive(leaves))


@given(st.data())
def test_consistency_proof_is_that_of_the_standard_and_proves_one_beginning(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LEAVES)))
    old = data.draw(st.integers(1, size))
    leaves = LEAVES[:size]
    proof = consistency_proof(leaves, old)
    older, newer = (old, naive(leaves[:old])), (size, naive(leaves))

    assert proof == naive_subproof(old, leaves, True)
    assert consistent(older, newer, proof)
    assert not consistent((old, LEAVES[-1][::-1]), newer, proof)
    assert not consistent(older, (size, LEAVES[-1][::-1]), proof)
    assert not consistent(older, newer, [*proof, leaves[0]])
    assert not proof or not consistent(older, newer, proof[:-1])
    assert old == size or not consistent(newer, older, proof)


def test_empty_tree_begins_every_tree() -> None:
    assert consistency_proof(LEAVES, 0) == []
    assert consistent((0, EMPTY_ROOT), (5, LEAVES[0]), [])
    assert not consistent((0, LEAVES[0]), (5, LEAVES[0]), [])


@settings(max_examples=30)
@given(st.integers(1, 30), st.data())
def test_no_changed_bit_in_a_proof_passes(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(LEAVES[:size], index)
    for place, sibling in enumerate(proof):
        bit = data.draw(st.integers(0, 255))
        spoiled = (int.from_bytes(sibling, "big") ^ 1 << bit).to_bytes(32, "big")
        changed = [*proof[:place], spoiled, *proof[place + 1 :]]
        assert not includes(LEAVES[index], (index, size), changed, naive(LEAVES[:size]))


def test_places_outside_the_tree_are_refused() -> None:
    for index in (-1, 3):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_proof(LEAVES[:3], index)
    with pytest.raises(ValueError, match="no tree"):
        consistency_proof(LEAVES[:3], 4)
