"""Rules of the house that no linter knows."""

import ast
import re
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
LONGER = {
    "migrations/versions/0001_foundations.py": "a list of tables",
    "visitor/ledger/auditor/verify.py": "goes into every export as one file that needs nothing else",
}
SOURCES = sorted(
    path
    for path in chain.from_iterable((ROOT / top).rglob("*.py") for top in ("visitor", "kiosk", "tests", "migrations"))
    if "__pycache__" not in path.parts
)
PRODUCT = [path for path in SOURCES if path.parts[len(ROOT.parts)] in {"visitor", "kiosk"}]
SCRIPTS = sorted(chain((ROOT / "kiosk" / "app").rglob("*.js"), (ROOT / "visitor" / "app" / "static").rglob("*.js")))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
VAGUE = {"utils", "util", "helpers", "helper", "manager", "data", "info", "misc", "common"}
DOORS = {"models", "policy", "forms", "queries", "operations", "tasks", "views", "api"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [*SOURCES, *SCRIPTS], ids=named)
def test_file_is_short_enough_to_be_read(path: Path) -> None:
    if named(path) not in LONGER:
        assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_file_has_a_name_that_says_something(path: Path) -> None:
    assert not VAGUE & {path.stem, path.parent.name}


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_exception_from_the_linter_carries_its_reason(path: Path) -> None:
    bare = [
        f"{named(path)}:{number}"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"# (?:noqa: [A-Z0-9, ]+|type: ignore\[[a-z-, ]+\])\s*$", line)
    ]

    assert bare == []


@pytest.mark.parametrize("path", PRODUCT, ids=named)
def test_nothing_commits_but_the_edge(path: Path) -> None:
    if path.stem in DOORS:
        assert not re.search(r"\.(?:commit|rollback)\(\)", path.read_text())


@pytest.mark.parametrize("path", [path for path in PRODUCT if path.name == "operations.py"], ids=named)
def test_operations_take_work_before_all_else_and_do_not_log(path: Path) -> None:
    tree = ast.parse(path.read_text())
    public = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]

    asked = {node.name: [argument.arg for argument in node.args.args] for node in public}
    assert [name for name, arguments in asked.items() if "work" in arguments[1:]] == []
    assert "structlog" not in path.read_text()


@pytest.mark.parametrize("path", [path for path in PRODUCT if path.name == "policy.py"], ids=named)
def test_policy_reads_neither_clock_nor_environment(path: Path) -> None:
    assert not re.search(r"\bos\.environ|\.now\(|\bopen\(", path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_template_has_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"", text)
    assert "|safe" not in re.sub(r"'[^']*'\|safe", "", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_script_is_checked_and_writes_no_markup(path: Path) -> None:
    text = path.read_text()

    assert text.startswith("// @ts-check")
    assert not re.search(r"\.(?:innerHTML|outerHTML|insertAdjacentHTML)\b|\beval\(|document\.write", text)
