"""Every action that the code writes into the audit trail has words."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from visitor.badges.forms import CopyReason, RevokeReason
from visitor.core.actors import ActorKind
from visitor.core.classes import SEALED, DataClass
from visitor.core.permissions import Purpose, Role
from visitor.logbook.forms import LogForm
from visitor.privacy.audit_details import DETAIL_WORDS, detail_words
from visitor.privacy.audit_words import ACTION_WORDS, ACTOR_WORDS, PURPOSE_WORDS
from visitor.privacy.forms import HoldReason
from visitor.privacy.purge import Refusal
from visitor.sites.models import SiteMode
from visitor.visits.models import VisitSource
from visitor.visits.policy import DepartureBy

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


def test_every_entry_with_a_detail_has_words_for_it() -> None:
    found = {action for action in with_detail() if action}
    assert {"badge.revoke", "people.open", "site.mode"} <= found
    assert found == DETAIL_WORDS.keys()


@pytest.mark.parametrize(
    ("action", "codes_of"),
    [
        ("account.grant", Role),
        ("badge.copy", CopyReason),
        ("badge.revoke", RevokeReason),
        ("hold.place", HoldReason),
        ("people.open", DataClass),
        ("purge.stopped", Refusal),
        ("site.mode", SiteMode),
        ("visit.sign_in", VisitSource),
        ("visit.sign_out", DepartureBy),
    ],
)
def test_every_code_of_a_detail_has_words(action: str, codes_of: type[StrEnum]) -> None:
    sealed = SEALED if codes_of is DataClass else set(codes_of)
    assert {code.value for code in sealed} <= DETAIL_WORDS[action].keys()


def test_every_filter_of_the_log_has_words() -> None:
    assert LogForm.model_fields.keys() == DETAIL_WORDS["log.search"].keys()


def test_details_become_words_and_unknown_codes_stay() -> None:
    assert detail_words("log.search", "since+words") == ["From", "Visitor"]
    assert detail_words("hold.place", "audit") == ["Audit"]
    assert detail_words("site.mode", "later") == ["later"]
    assert detail_words("zone.add", None) == []


def with_detail() -> Iterator[str]:
    """Actions of the calls that write an entry with a detail."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or name_of(node.func) not in WRITERS:
                continue
            if any(keyword.arg == "detail" for keyword in node.keywords):
                yield from codes(ast.Tuple(elts=node.args, ctx=ast.Load()))
