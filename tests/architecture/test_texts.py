"""Every text a person reads can be translated, and every macro that a template names exists and is used."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.extract import extract
from jinja2 import Environment, nodes

from visitor.core.migrations import carried

ROOT = Path(__file__).parents[2]
FOLDER = carried("templates")
TEMPLATES = sorted(FOLDER.rglob("*.html"))
SOURCES = sorted((ROOT / "visitor").rglob("*.py"))
JINJA = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
SHOWN = ("alt", "aria-label", "title", "placeholder", "content")
"""Attributes that people read or hear."""
NOT_WORDS = re.compile(r"width=device-width|initial-scale|noindex|same-origin|light dark|utf-8|no-referrer")


SAME_EVERYWHERE = {"SHA"}


def named(path: Path) -> str:
    return str(path.relative_to(path.parents[len(path.parts) - len(ROOT.parts) - 1]))


@cache
def tree(path: Path) -> nodes.Template:
    return JINJA.parse(path.read_text())


def written(path: Path) -> str:
    """A template's own markup, each place that is filled in replaced by a mark."""
    parsed = tree(path)
    classes = {id(part) for block in parsed.find_all(nodes.Block) if block.name == "page_class" for part in block.body}
    parts: list[str] = []
    for output in parsed.find_all(nodes.Output):
        if id(output) not in classes:
            parts += [part.data if isinstance(part, nodes.TemplateData) else "\0" for part in output.nodes]
    return "".join(parts)


def bare_words(markup: str) -> Iterator[str]:
    """Words that stand in the markup itself: between tags, or in attributes that people read."""
    without_code = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", markup, flags=re.DOTALL)
    for tag in re.findall(r"<[^>]*>", without_code):
        for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag):
            if name in SHOWN and re.search(r"[^\W\d_]{2,}", value) and not NOT_WORDS.search(value):
                yield f'{name}="{value}"'
    text = re.sub(r"&\w+;", " ", re.sub(r"<[^>]*>?", "\0", without_code))
    # Attributes that a macro puts together apart from their tag.
    text = re.sub(r'[\w-]+="[^"]*"', " ", text)
    yield from re.findall(r"[^\W\d_]{2,}", text)


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ('<p class="soft">\0 · \0</p>', []),
        ('<img alt="A face">', ['alt="A face"']),
        ('<input name="q" placeholder="\0">', []),
        ("<svg><title>Mark</title></svg>", []),
        ("&nbsp;–", []),
    ],
)
def test_bare_words_are_found(markup: str, found: list[str]) -> None:
    assert list(bare_words(markup)) == found


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path.name != "style.html"], ids=named)
def test_template_holds_no_words_of_its_own(path: Path) -> None:
    """The page of all components is read by developers alone."""
    assert set(bare_words(written(path))) - SAME_EVERYWHERE == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_text_is_not_put_together_while_it_is_shown(path: Path) -> None:
    """Such a text is in no catalogue."""
    for call in tree(path).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}:
            texts = call.args[: 2 if call.node.name == "ngettext" else 1]
            put_together = (nodes.BinExpr, nodes.Concat, nodes.CondExpr, nodes.Filter)
            assert not [text for text in texts if isinstance(text, put_together)], call.lineno


def marked(path: Path) -> Iterator[tuple[int, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "N_":
            yield node.lineno, node


def test_every_marked_text_of_the_code_can_be_extracted() -> None:
    wrong = [
        f"{named(path)}:{line}"
        for path in SOURCES
        for line, call in marked(path)
        if not (len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str))
    ]
    assert wrong == []


def test_babel_finds_every_marked_text() -> None:
    missing: list[str] = []
    for path in SOURCES:
        found = {message for _line, message, *_rest in extract("python", BytesIO(path.read_bytes()), {"N_": None})}
        missing += [f"{named(path)}:{line}" for line, call in marked(path) if call.args[0].value not in found]  # type: ignore[attr-defined]  # the test above
    assert missing == []


def places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", text))


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_places_of_a_text_are_filled(path: Path) -> None:
    for call in tree(path).find_all(nodes.Call):
        if not (isinstance(call.node, nodes.Name) and call.node.name in {"_", "ngettext"}):
            continue
        texts = [text.value for text in call.args[:2] if isinstance(text, nodes.Const) and isinstance(text.value, str)]
        wanted = set().union(*map(places, texts)) - ({"num"} if call.node.name == "ngettext" else set())
        given = {keyword.key for keyword in call.kwargs}
        assert wanted <= given, (path, texts)
        if not call.kwargs:
            assert not [text for text in texts if "%" in text.replace("%(", "").replace("%%", "") and wanted], texts


def macros(path: Path) -> set[str]:
    return {macro.name for macro in tree(path).find_all(nodes.Macro)}


def imported(path: Path) -> Iterator[tuple[str, str, str]]:
    """Template, macro and the name that it has here."""
    for node in tree(path).find_all(nodes.FromImport):
        assert isinstance(node.template, nodes.Const)
        for name in node.names:
            yield (node.template.value, *((name, name) if isinstance(name, str) else name))


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_imported_macros_exist_and_are_used(path: Path) -> None:
    names = {name.name for name in tree(path).find_all(nodes.Name) if name.ctx == "load"}
    for source, macro, here in imported(path):
        assert macro in macros(FOLDER / source), f"{source} has no {macro}"
        assert here in names, f"{here} is imported and not used"


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_called_macro_is_defined_or_imported(path: Path) -> None:
    """A name that only a template gives must come from one; everything else comes from the page's view."""
    everywhere = set(chain.from_iterable(map(macros, TEMPLATES)))
    known = macros(path) | {here for _source, _macro, here in imported(path)}
    called = {call.node.name for call in tree(path).find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
    assert (called & everywhere) - known == set()


def test_no_macro_is_there_for_nobody() -> None:
    used = {(source, macro) for path in TEMPLATES for source, macro, _here in imported(path)}
    for path in TEMPLATES:
        calls = {call.node.name for call in tree(path).find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
        used |= {(str(path.relative_to(FOLDER)), name) for name in calls & macros(path)}
    there = {(str(path.relative_to(FOLDER)), macro) for path in TEMPLATES for macro in macros(path)}
    assert there - used == set()


def test_extended_and_included_templates_exist() -> None:
    for path in TEMPLATES:
        parsed = tree(path)
        named_there: list[nodes.Extends | nodes.Include] = [
            *parsed.find_all(nodes.Extends),
            *parsed.find_all(nodes.Include),
        ]
        for node in named_there:
            if isinstance(node.template, nodes.Const):
                assert (FOLDER / node.template.value).is_file(), (path, node.template.value)
