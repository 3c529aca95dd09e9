"""Every action that the code writes into the audit trail has words."""

import ast
from collections.abc import Iterator
from pathlib import Path

from visitor.core.actors import ActorKind
from visitor.core.permissions import Purpose
from visitor.privacy.audit_words import ACTION_WORDS, ACTOR_WORDS, PURPOSE_WORDS

ROOT = Path(__file__).parents[2] / "visitor"
WRITERS = frozenset({"audit", "_changed", "_audit"})


def written() -> Iterator[str]:
    """Actions in calls that write an entry, and in what is named `action`."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and name_of(node.func) in WRITERS:
                yield from codes(node)
            elif isinstance(node, ast.Assign) and any(name_of(target) == "action" for target in node.targets):
                yield from codes(node.value)


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def codes(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and is_code(part.value):
            yield part.value


def is_code(text: str) -> bool:
    room, dot, act = text.partition(".")
    return bool(dot) and all(piece.replace("_", "").isalpha() and piece.islower() for piece in (room, act))


def test_every_action_in_the_code_has_words() -> None:
    found = set(written())
    assert {"people.open", "people.unrestrict", "zone.change", "visit.sign_out_undone"} <= found
    assert found - ACTION_WORDS.keys() == set()


def test_words_are_of_actions_that_there_are() -> None:
    assert ACTION_WORDS.keys() - set(written()) == set()


def test_every_purpose_and_every_actor_has_words() -> None:
    assert {purpose.value for purpose in Purpose} == PURPOSE_WORDS.keys()
    assert {kind.value for kind in ActorKind} == ACTOR_WORDS.keys()
