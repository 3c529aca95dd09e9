"""The RFC 6962 Merkle tree: a growing root in a few hashes, and proofs of inclusion and consistency.

A tree over n leaves splits at the largest power of two below n; a lone node is promoted, never doubled.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """The right edge of a tree: one hash for each set bit of its size, largest subtree first."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, leaf_hash: bytes) -> None:
        """Add the next leaf."""
        rest, peak = self.size, leaf_hash
        while rest & 1:
            peak = node_hash(self.peaks.pop(), peak)
            rest >>= 1
        self.peaks.append(peak)
        self.size += 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaves in order."""
        for leaf_hash in leaf_hashes:
            self.append(leaf_hash)

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """Return the peaks, 32 bytes each; kept beside `size`, the next run continues here."""
        return b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, size: int, raw: bytes) -> Self:
        """Read what `to_bytes` wrote for a tree of `size` leaves.

        Raises:
            ValueError: the number of hashes does not fit the size.
        """
        if size < 0 or len(raw) != HASH_BYTES * size.bit_count():
            raise ValueError("a damaged frontier: its hashes do not fit its size")
        return cls(size, [raw[place : place + HASH_BYTES] for place in range(0, len(raw), HASH_BYTES)])


def tree_root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaf_hashes)
    return frontier.root()


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the sibling hashes from leaf `index` up to the root.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < len(leaf_hashes):
        raise ValueError(f"no leaf {index} in a tree of {len(leaf_hashes)}")
    proof: list[bytes] = []
    first, end = 0, len(leaf_hashes)
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            proof.append(tree_root(leaf_hashes[middle:end]))
            end = middle
        else:
            proof.append(tree_root(leaf_hashes[first:middle]))
            first = middle
    return proof[::-1]


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the hashes that show the tree of the first `old_size` leaves inside the whole tree.

    Raises:
        ValueError: `old_size` is not between 0 and the number of leaves.
    """
    if not 0 <= old_size <= len(leaf_hashes):
        raise ValueError(f"no tree of {old_size} in a tree of {len(leaf_hashes)}")
    proof: list[bytes] = []
    first, end, old_end, whole = 0, len(leaf_hashes), old_size, True
    if old_size == 0:
        return proof
    while old_end != end:
        middle = first + _split(end - first)
        if old_end <= middle:
            proof.append(tree_root(leaf_hashes[middle:end]))
            end = middle
        else:
            proof.append(tree_root(leaf_hashes[first:middle]))
            first, whole = middle, False
    if not whole:
        proof.append(tree_root(leaf_hashes[first:end]))
    return proof[::-1]


def includes(leaf_hash: bytes, place: tuple[int, int], proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `proof` shows the leaf in the tree; `place` is (index, size). RFC 9162, section 2.1.3.2."""
    index, size = place
    if not 0 <= index < size:
        return False
    last, result = size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            return False
        if index & 1 or index == last:
            result = node_hash(sibling, result)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and result == root


def consistent(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Tell whether `proof` shows that tree `old` (size, root) is the beginning of tree `new`. RFC 9162, 2.1.4.2."""
    if not 0 < old[0] < new[0]:
        return not proof and (old == new or old == (0, EMPTY_ROOT))
    path = list(proof) if old[0] & (old[0] - 1) else [old[1], *proof]
    if not path:
        return False
    return _climb(old[0] - 1, new[0] - 1, path) == (old[1], new[1])


def _climb(first: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the old and new roots that a consistency path leads to, or None when its length is wrong."""
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if first & 1 or first == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        first, last = first >> 1, last >> 1
    return (old, new) if last == 0 else None


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
