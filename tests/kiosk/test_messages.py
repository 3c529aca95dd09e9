"""The catalogues: the same in every language, complete, and nothing left over."""

from __future__ import annotations

import re

import pytest
from babel import Locale

from tests.kiosk.sources import APP, LANGUAGES, catalogue, code

_CALL = re.compile(r"\bt\('([a-z0-9_.]+)'")
_PLURAL = re.compile(r"\bplural\('([a-z0-9_.]+)'")
_BUILT = re.compile(r"`([a-z0-9_.]+\.)\$\{")
_LITERAL = re.compile(r"'([a-z0-9_]+(?:\.[a-z0-9_]+)*)'")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FORM = re.compile(r"\.(zero|one|two|few|many|other)$")


def _family(key: str) -> str:
    """The key without its form: `seconds` for `seconds.few`. Languages count in different ways."""
    return _FORM.sub("", key)


def test_every_catalogue_on_disk_is_known_to_the_app() -> None:
    listed = re.search(r"CATALOGUES = \[(.*?)\]", (APP / "i18n.js").read_text())
    assert listed is not None
    assert sorted(re.findall(r"'([\w-]+)'", listed[1])) == sorted(path.stem for path in (APP / "messages").glob("*.js"))
    assert sorted(LANGUAGES) == sorted(path.stem for path in (APP / "messages").glob("*.js"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_in_the_same_order(language: str) -> None:
    assert list(dict.fromkeys(map(_family, catalogue(language)))) == list(dict.fromkeys(map(_family, catalogue("en"))))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_count_has_the_forms_that_its_language_needs(language: str) -> None:
    rule = Locale.parse(language, sep="-").plural_form
    needed = {rule(count) for count in range(200)} | {"other"}
    found: dict[str, set[str]] = {}
    for key in catalogue(language):
        if _FORM.search(key):
            found.setdefault(_family(key), set()).add(key.rpartition(".")[2])
    assert found
    assert all(forms == needed for forms in found.values()), found


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_in_the_language_and_not_in_english(language: str) -> None:
    english = catalogue("en")
    same = [key for key, text in catalogue(language).items() if len(text) > 12 and text == english.get(key)]
    assert language == "en" or not same, same


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_keeps_its_placeholders(language: str) -> None:
    english = {_family(key): text for key, text in catalogue("en").items()}
    for key, text in catalogue(language).items():
        assert set(_PLACEHOLDER.findall(text)) == set(_PLACEHOLDER.findall(english[_family(key)])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_padded(language: str) -> None:
    for key, text in catalogue(language).items():
        assert text.strip(), key
        assert text == text.strip(), key


def test_every_used_key_exists() -> None:
    used = set(_CALL.findall(code())) | {f"{key}.other" for key in _PLURAL.findall(code())}
    assert len(used) > 80
    assert sorted(used - set(catalogue("en"))) == []


def test_every_built_key_has_messages() -> None:
    prefixes = {prefix for prefix in _BUILT.findall(code()) if not prefix.startswith(("./", "/"))}
    assert {"error.", "advice.", "document."} <= prefixes
    for prefix in prefixes:
        assert any(key.startswith(prefix) for key in catalogue("en")), prefix


def test_no_message_is_left_over() -> None:
    prefixes = tuple(_BUILT.findall(code()))
    plurals = tuple(f"{key}." for key in _PLURAL.findall(code()))
    literals = set(_LITERAL.findall(code()))
    unused = [key for key in catalogue("en") if key not in literals and not key.startswith(prefixes + plurals)]
    assert unused == []


def test_every_fault_the_app_finds_itself_has_words() -> None:
    validation = (APP / "validation.js").read_text()
    faults = set(re.findall(r"'([a-z0-9]+_[a-z0-9_]+)'", validation)) | {"host_missing", "choice_missing", "day_wrong"}
    assert "name_empty" in faults
    for fault in faults:
        assert f"error.{fault}" in catalogue("en"), fault
