"""Every text of the server is said in every language, with the places it has in English."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

from visitor.core.i18n import languages

ROOT = Path(__file__).parents[2]
CATALOGUES = sorted((ROOT / "visitor" / "translations").glob("*.po"))
BRACES = re.compile(r"\{\w+\}")
"""Places that a script of the page fills in; gettext does not know them."""
SENTENCE = re.compile(r"[a-z]{3,} [a-z]{3,} [a-z]{2,}")
"""Three words side by side, which are no name."""


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    """The check that runs before a text lands."""
    spec = importlib.util.spec_from_file_location("messages", ROOT / ".ci" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_nothing_is_untranslated_unused_or_has_other_places(messages: ModuleType, path: Path) -> None:
    assert list(messages.faults(path, messages.texts())) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_places_in_braces_are_kept(path: Path) -> None:
    with path.open("rb") as source:
        catalogue = read_po(source, locale=path.stem.replace("-", "_"))
    for message in catalogue:
        if message.id:
            wanted = {place for text in forms(message.id) for place in BRACES.findall(text)}
            assert all(set(BRACES.findall(text)) == wanted for text in forms(message.string)), message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_sentences_are_in_the_language_and_not_in_english(path: Path) -> None:
    with path.open("rb") as source:
        catalogue = read_po(source, locale=path.stem.replace("-", "_"))
    same = [
        message.id
        for message in catalogue
        if message.id and SENTENCE.search(forms(message.id)[0]) and message.id == message.string
    ]
    assert same == []


def test_a_text_that_is_missing_is_found(messages: ModuleType) -> None:
    assert any(
        "not translated: 'No such text'" in fault for fault in messages.faults(CATALOGUES[0], {"No such text": []})
    )


def test_badges_can_be_printed_in_every_language_of_the_kiosk() -> None:
    """The words on a badge are the server's, in the language that the visitor chose."""
    assert set(languages()) == {path.stem for path in (ROOT / "kiosk" / "app" / "messages").glob("*.js")}
