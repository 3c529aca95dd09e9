"""The order in which mixed left-to-right and right-to-left text is drawn: UAX #9 for one cleaned line.

Embeddings, overrides and isolates do not occur (`core.names.clean_line` removes them), so a line is a single isolating
run sequence; the rules P2-P3, W1-W7, N0-N2, I1-I2, L1 and L2 remain. Rule names in comments are those of UAX #9.
"""

import unicodedata
from collections.abc import Sequence

_STRONG = {"L": 0, "R": 1, "AL": 1}
_RIGHT = frozenset({"R", "EN", "AN"})
"""Numbers count as right-to-left for the neutrals beside them (N0, N1)."""
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_NEUTRAL = frozenset({"B", "S", "WS", "ON", "ES", "ET", "CS", "BN"})
_OPENING = "([{\u2329\u27e6\u27e8\u3008\u300a\u300c\u300e\u3010\uff08\uff3b\uff5b\u2985"
_CLOSING = ")]}\u232a\u27e7\u27e9\u3009\u300b\u300d\u300f\u3011\uff09\uff3d\uff5d\u2986"
_PAIRS = dict(zip(_CLOSING, _OPENING, strict=True))


def base_level(text: str) -> int:
    """Return 1 when the first strong character is right-to-left, else 0 (P2, P3)."""
    for character in text:
        level = _STRONG.get(unicodedata.bidirectional(character))
        if level is not None:
            return level
    return 0


def levels(text: str, base: int) -> list[int]:
    """Return the embedding level of each character; odd levels run right to left."""
    original = [unicodedata.bidirectional(character) or "L" for character in text]
    if not base and _RIGHT_TO_LEFT.isdisjoint(original):
        return [0] * len(text)
    kinds = _weak(original, "R" if base else "L")
    _brackets(text, original, kinds, base)
    _neutrals(kinds, base)
    resolved = [_implicit(kind, base) for kind in kinds]
    for position in range(len(text) - 1, -1, -1):  # L1: white space at the end of the line
        if original[position] not in {"WS", "S", "B"}:
            break
        resolved[position] = base
    return resolved


def visual_order(run_levels: Sequence[int]) -> list[int]:
    """Return the indices of runs from left to right (L2)."""
    order = list(range(len(run_levels)))
    for level in range(max(run_levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and run_levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end + 1
    return order


def _weak(original: list[str], edge: str) -> list[str]:
    """W1 to W7."""
    kinds = list(original)
    before = edge
    for position, kind in enumerate(kinds):  # W1
        kinds[position] = before = before if kind == "NSM" else kind
    kinds = [
        "AN" if kind == "EN" and strong == "AL" else kind  # W2
        for kind, strong in zip(kinds, _strong_before(kinds, edge), strict=True)
    ]
    kinds = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    _separators(kinds)
    return [
        "L" if kind == "EN" and strong == "L" else kind  # W7
        for kind, strong in zip(kinds, _strong_before(kinds, edge), strict=True)
    ]


def _strong_before(kinds: list[str], edge: str) -> list[str]:
    """Return for each place the nearest strong type at or before it."""
    found: list[str] = []
    for kind in kinds:
        edge = kind if kind in _STRONG else edge
        found.append(edge)
    return found


def _separators(kinds: list[str]) -> None:
    """W4 to W6: separators and signs between or beside numbers."""
    for position in range(1, len(kinds) - 1):  # W4
        left, kind, right = kinds[position - 1 : position + 2]
        if left == right and ((kind == "CS" and left in {"EN", "AN"}) or (kind == "ES" and left == "EN")):
            kinds[position] = left
    for start, end in _spans(kinds, frozenset({"ET", "BN"})):  # W5
        beside = kinds[start - 1 : start] + kinds[end : end + 1]
        if "EN" in beside:
            kinds[start:end] = ["EN"] * (end - start)
    for position, kind in enumerate(kinds):  # W6
        if kind in {"ES", "ET", "CS"}:
            kinds[position] = "ON"


def _brackets(text: str, original: list[str], kinds: list[str], base: int) -> None:
    """N0: both brackets of a pair take one direction."""
    for opening, closing in _bracket_pairs(text, kinds):
        direction = _bracket_direction(kinds, (opening, closing), base)
        if direction is None:
            continue
        for position in (opening, closing):
            kinds[position] = direction
            following = position + 1
            while following < len(kinds) and original[following] == "NSM":
                kinds[following] = direction
                following += 1


def _bracket_pairs(text: str, kinds: list[str]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for position, character in enumerate(text):
        if kinds[position] != "ON":
            continue
        if character in _OPENING:
            waiting.append((character, position))
        elif character in _PAIRS:
            for depth in range(len(waiting) - 1, -1, -1):
                if waiting[depth][0] == _PAIRS[character]:
                    pairs.append((waiting[depth][1], position))
                    del waiting[depth:]
                    break
    return sorted(pairs)


def _bracket_direction(kinds: list[str], pair: tuple[int, int], base: int) -> str | None:
    opening, closing = pair
    embedding, opposite = ("R", "L") if base else ("L", "R")
    inside = {_direction(kind) for kind in kinds[opening + 1 : closing]}
    if embedding in inside:
        return embedding
    if opposite not in inside:
        return None
    before = next((found for kind in reversed(kinds[:opening]) if (found := _direction(kind))), embedding)
    return opposite if before == opposite else embedding


def _neutrals(kinds: list[str], base: int) -> None:
    """N1 and N2: neutrals follow what stands on both sides, else the line."""
    embedding = "R" if base else "L"
    for start, end in _spans(kinds, _NEUTRAL):
        before = _direction(kinds[start - 1]) if start else embedding
        after = _direction(kinds[end]) if end < len(kinds) else embedding
        kinds[start:end] = [before if before and before == after else embedding] * (end - start)


def _spans(kinds: list[str], members: frozenset[str]) -> list[tuple[int, int]]:
    """Return start and end of each unbroken stretch of the given kinds."""
    spans: list[tuple[int, int]] = []
    for position, kind in enumerate(kinds):
        if kind not in members:
            continue
        if spans and spans[-1][1] == position:
            spans[-1] = (spans[-1][0], position + 1)
        else:
            spans.append((position, position + 1))
    return spans


def _direction(kind: str) -> str | None:
    if kind == "L":
        return "L"
    return "R" if kind in _RIGHT else None


def _implicit(kind: str, base: int) -> int:
    """I1 and I2."""
    if base:
        return 1 if kind == "R" else 2
    return {"L": 0, "R": 1}.get(kind, 2)
