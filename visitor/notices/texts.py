"""Default privacy notices: a first layer of a few lines, and the full text, in plain language.

Every language has the same sections in `texts/<language>.toml`; a country preset chooses among them by its blocks.
Contents: GDPR, Articles 13 and 14, and what UK, US and Singapore law adds.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from visitor.core.errors import SetupFault
from visitor.sites.preset import NoticeBlock, Preset

LANGUAGES = tuple(
    sorted(entry.name.removesuffix(".toml") for entry in (resources.files("visitor.notices") / "texts").iterdir())
)

_PLACE = re.compile(r"\{([a-z_]+)\}")


class TextFault(SetupFault):
    """A notice text cannot be used; the sentence names the file or the language."""


class MissingFact(ValueError):
    """A text has a place for which nothing was given."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the notice needs '{name}'")


@dataclass(frozen=True, slots=True)
class NoticeText:
    """A notice for one site in one language."""

    title: str
    summary: tuple[str, ...]
    """The first layer."""
    body: str
    """The second layer: a line `## heading`, an empty line, a paragraph, and so on. Plain text otherwise."""


class Section(BaseModel):
    """A part of the full text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    heading: str = Field(min_length=1)
    text: str = Field(min_length=1)
    block: NoticeBlock | None = None
    """Only for presets that list this block."""
    needs: str | None = None
    """Only if this fact is given."""


class NoticeSource(BaseModel):
    """The texts of one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    recipients: str = Field(min_length=1)
    """Who sees the data, unless the facts say otherwise."""
    summary: tuple[str, ...] = Field(min_length=3, max_length=5)
    section: tuple[Section, ...]


@cache
def source(language: str) -> NoticeSource:
    """Return the texts of a language. Read once.

    Raises:
        TextFault: There are none, or the file is faulty.
    """
    if language not in LANGUAGES:
        raise TextFault(f"There is no default notice in '{language}'; there is one in {', '.join(LANGUAGES)}.")
    text = (resources.files("visitor.notices") / "texts" / f"{language}.toml").read_text("utf-8")
    return parse_source(f"{language}.toml", text)


def parse_source(file_name: str, text: str) -> NoticeSource:
    """Read the texts of one language.

    Raises:
        TextFault: The file is faulty; one sentence names the file and the key.
    """
    try:
        return NoticeSource.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise TextFault(f"{file_name} is not valid TOML: {fault}.") from fault
    except ValidationError as fault:
        first = fault.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise TextFault(f"{file_name}: {key}: {first['msg']}.") from fault


def compose(preset: Preset, language: str, facts: Mapping[str, str]) -> NoticeText:
    """Return the default notice of a site.

    Args:
        preset: Of the site. It gives `authority` and `minor_age`, unless `facts` names them.
        language: One of `LANGUAGES`.
        facts: controller, site, privacy_contact, retention_contact, retention_photo, retention_id,
            retention_access and retention_cctv (as words: "28 days"); optional: recipients, representative, transfers.

    Raises:
        MissingFact: A fact that a text needs is not given or empty.
        TextFault: There is no default notice in this language.
    """
    texts = source(language)
    defaults = {"authority": preset.authority.name, "minor_age": str(preset.minor_age), "recipients": texts.recipients}
    given = defaults | dict(facts)
    parts = [
        f"## {_fill(section.heading, given)}\n\n{_fill(section.text, given)}"
        for section in texts.section
        if _wanted(section, preset, given)
    ]
    summary = tuple(_fill(line, given) for line in texts.summary)
    return NoticeText(_fill(texts.title, given), summary, "\n\n".join(parts) + "\n")


def _wanted(section: Section, preset: Preset, given: Mapping[str, str]) -> bool:
    if section.block is not None and section.block not in preset.notice_blocks:
        return False
    return section.needs is None or bool(given.get(section.needs, "").strip())


def _fill(text: str, given: Mapping[str, str]) -> str:
    """Put facts into their places, once: braces inside a fact stay as they are, and it can begin no heading."""

    def fact(place: re.Match[str]) -> str:
        words = " ".join(given.get(place.group(1), "").split()).lstrip("# ")
        if not words:
            raise MissingFact(place.group(1))
        return words

    return _PLACE.sub(fact, text)
