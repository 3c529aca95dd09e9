"""For whom a page is written just now: the texts of a language, and the way in which days and times are put.

Put together once for each page that is rendered, because a page asks hundreds of times.
"""

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale, dates
from babel.dates import DateTimeFormat
from markupsafe import escape

from visitor.core.i18n import locale, translations

Kind = Literal["datetime", "time", "date"]
Form = Literal["short", "medium"]

PLACE: Final = re.compile(r"%\((\w+)\)s")
NUMBERS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "y": lambda at: str(at.year),
    "yy": lambda at: f"{at.year % 100:02}",
    "yyyy": lambda at: f"{at.year:04}",
    "M": lambda at: str(at.month),
    "MM": lambda at: f"{at.month:02}",
    "d": lambda at: str(at.day),
    "dd": lambda at: f"{at.day:02}",
    "H": lambda at: str(at.hour),
    "HH": lambda at: f"{at.hour:02}",
    "h": lambda at: str(at.hour % 12 or 12),
    "hh": lambda at: f"{at.hour % 12 or 12:02}",
    "m": lambda at: str(at.minute),
    "mm": lambda at: f"{at.minute:02}",
    "s": lambda at: str(at.second),
    "ss": lambda at: f"{at.second:02}",
}
"""Fields of a CLDR pattern that are the same in every language; the others are words."""


class Texts(dict[str, str]):
    """A language's texts by msgid, each looked up in the catalogue once."""

    def __init__(self, language: str, *, escaped: bool) -> None:
        super().__init__()
        self._language, self._escaped = language, escaped

    def __missing__(self, message: str) -> str:
        """Look the text up and keep it."""
        said = translations(self._language).gettext(message)
        self[message] = str(escape(said)) if self._escaped else said
        return self[message]


@dataclass(frozen=True, slots=True)
class Pattern:
    """How a day or time is written: CLDR's pattern for one language, read once."""

    text: str
    numbers: tuple[tuple[str, Callable[[datetime], str]], ...]
    words: tuple[str, ...]
    spoken: Locale

    def written(self, local: datetime) -> str:
        """Return the instant, which is in the reader's time zone, as the pattern has it."""
        parts = {name: number(local) for name, number in self.numbers}
        if self.words:
            format_ = DateTimeFormat(local, self.spoken)
            parts |= {name: format_[name] for name in self.words}
        return self.text % parts


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads the page."""

    language: str
    territory: str
    zone: ZoneInfo
    texts: Texts
    escaped: Texts

    def moment(self, kind: Kind, at: datetime | None, form: Form) -> str:
        """Return day, time or both in the site's time zone, in the reader's way of writing."""
        if at is None:
            return ""
        return _pattern(self.language, self.territory, kind, form).written(at.astimezone(self.zone))

    def relative(self, at: datetime, now: datetime) -> str:
        """Return how long ago or ahead `at` is, in words."""
        spoken = locale(self.language, self.territory)
        return dates.format_timedelta(at.astimezone(UTC) - now, add_direction=True, locale=spoken)


_READING: Final[ContextVar[Reader]] = ContextVar("reader")


def reading() -> Reader:
    """Return for whom the page is that is being rendered."""
    return _READING.get()


def write_for(language: str, territory: str, time_zone: str) -> None:
    """Say for whom the page is that is rendered next."""
    _READING.set(Reader(language, territory, ZoneInfo(time_zone), _texts(language), _escaped(language)))


def say(message: str) -> str:
    """Return a text without places in the reader's language."""
    return _READING.get().texts[message]


def say_escaped(message: str) -> str:
    """Return a text without places in the reader's language, as it stands in HTML."""
    return _READING.get().escaped[message]


@cache
def _texts(language: str) -> Texts:
    return Texts(language, escaped=False)


@cache
def _escaped(language: str) -> Texts:
    return Texts(language, escaped=True)


@cache
def _pattern(language: str, territory: str, kind: Kind, form: Form) -> Pattern:
    spoken = locale(language, territory)
    if kind == "datetime":
        # As Babel puts the two together.
        glue = str(dates.get_datetime_format(form, locale=spoken)).replace("'", "")
        text = glue.replace("{0}", _time(form, spoken)).replace("{1}", _date(form, spoken))
    else:
        text = _time(form, spoken) if kind == "time" else _date(form, spoken)
    names = dict.fromkeys(PLACE.findall(text))
    numbers = tuple((name, NUMBERS[name]) for name in names if name in NUMBERS)
    return Pattern(text, numbers, tuple(name for name in names if name not in NUMBERS), spoken)


def _time(form: Form, spoken: Locale) -> str:
    return str(dates.get_time_format(form, locale=spoken).format)


def _date(form: Form, spoken: Locale) -> str:
    return str(dates.get_date_format(form, locale=spoken).format)
