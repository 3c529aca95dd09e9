"""For whom a page is written just now: the texts of a language, and the way in which days and times are put.

Put together once for each page that is rendered, because a page asks hundreds of times.
"""

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel import Locale, dates
from babel.dates import DateTimeFormat
from markupsafe import escape

from visitor.core.i18n import locale, translations

Kind = Literal["datetime", "time", "date"]
Form = Literal["short", "medium"]

PLACE: Final = re.compile(r"%\((\w+)\)s")
NUMBERS: Final[Mapping[str, tuple[str, str]]] = {
    "y": ("year", "%d"),
    "yyyy": ("year", "%04d"),
    "M": ("month", "%d"),
    "MM": ("month", "%02d"),
    "d": ("day", "%d"),
    "dd": ("day", "%02d"),
    "H": ("hour", "%d"),
    "HH": ("hour", "%02d"),
    "m": ("minute", "%d"),
    "mm": ("minute", "%02d"),
    "s": ("second", "%d"),
    "ss": ("second", "%02d"),
}
"""Fields of a CLDR pattern that are an instant's own numbers, and how they are put; the others Babel words."""


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
    numbers: Callable[[datetime], object] | None
    """Returns what fills the places; None where some are words."""
    spoken: Locale

    def written(self, local: datetime) -> str:
        """Return the instant, which is in the reader's time zone, as the pattern has it."""
        filling = DateTimeFormat(local, self.spoken) if self.numbers is None else self.numbers(local)
        return self.text % filling


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


def text(message: str, /, **values: object) -> str:
    """Return a text in the reader's language, its places filled."""
    said = _READING.get().texts[message]
    return said % values if values else said


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
    places = PLACE.findall(text)
    if not places or not NUMBERS.keys() >= set(places):
        return Pattern(text, None, spoken)
    plain = PLACE.sub(lambda place: NUMBERS[place[1]][1], text)
    return Pattern(plain, attrgetter(*(NUMBERS[place][0] for place in places)), spoken)


def _time(form: Form, spoken: Locale) -> str:
    return str(dates.get_time_format(form, locale=spoken).format)


def _date(form: Form, spoken: Locale) -> str:
    return str(dates.get_date_format(form, locale=spoken).format)
