"""A whole group of visitors from a pasted list: all of them are announced, or none."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import Field

from visitor.core.errors import Invalid, ProductError
from visitor.core.forms import Form, parse
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.reception import expecting
from visitor.reception.expecting import ExpectForm
from visitor.sites import queries as sites
from visitor.sites.models import Site
from visitor.visits import queries as visits

MOST_LINES: Final = 200
MOST_CHARACTERS: Final = 50_000
COLUMNS: Final = ("name", "email", "company", "host", "language")
"""In this order; all but the name may be empty or left out."""
TOO_LONG = N_("The list is too long. Send at most 200 visitors at once.")
EMPTY = N_("Enter at least one visitor.")
UNKNOWN_HOST = N_("No host here has this name or e-mail address.")
TOO_MANY_COLUMNS = N_("This line has too many columns. Put a text that holds the separator in quotation marks.")
WRONG_DAY = N_("Choose a day from today to a year from now.")


class GroupForm(Form):
    """A pasted list, and what holds for everybody on it."""

    client_id: UUID
    """Chosen by the page; a list sent twice announces once."""
    visit_type_id: UUID
    expected_at: datetime
    """In the site's local time."""
    lines: str = Field(max_length=MOST_CHARACTERS)
    invite: bool = False


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with a line; number 0 is about the whole list."""

    number: int
    message: str


class BadLines(ProductError):
    """Some lines cannot be used, so nobody was announced."""

    code = "bad_lines"
    status = 422
    message = N_("Nobody was announced. Correct the lines and send the list again.")

    def __init__(self, faults: list[LineFault]) -> None:
        super().__init__()
        self.faults = faults


def group_form(fields: Mapping[str, str]) -> GroupForm:
    """Return the list that was typed.

    Raises:
        BadLines: it is too long, or day or kind of visit are missing.
    """
    try:
        return parse(
            GroupForm,
            {
                "client_id": fields.get("client_id", ""),
                "visit_type_id": fields.get("visit_type_id", ""),
                "expected_at": fields.get("expected_at", ""),
                "lines": fields.get("lines", ""),
                "invite": "invite" in fields,
            },
        )
    except Invalid as fault:
        messages = {"lines": TOO_LONG, "expected_at": WRONG_DAY}
        faults = [LineFault(0, messages.get(name, text)) for name, text in fault.fields.items()]
        raise BadLines(faults) from None


def announce(work: Work, form: GroupForm, site: Site) -> int:
    """Put everybody on the list of the expected; return how many. Sent twice, it happens once.

    Raises:
        BadLines: each fault with its line; nobody was announced.
    """
    work.require(Permission.VISIT_INVITE, site.id)
    read = list(_read(form.lines))
    if not read or len(read) > MOST_LINES:
        raise BadLines([LineFault(0, TOO_LONG if read else EMPTY)])
    local = form.expected_at.replace(tzinfo=ZoneInfo(site.time_zone))
    forms, faults = [], []
    for number, cells in read:
        try:
            forms.append(_expected(work, form, site, local, number, cells))
        except Invalid as fault:
            faults += [LineFault(number, text) for text in fault.fields.values()]
    if faults:
        raise BadLines(faults)
    for each in forms:
        expecting.announce(work, each, site.id)
    return len(forms)


def _read(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that hold something, with their numbers; separated by semicolons, tabs or commas."""
    lines = text.splitlines()
    separator = next((mark for mark in ("\t", ";") if mark in text), ",")
    for number, line in enumerate(lines, start=1):
        cells = next(csv.reader([line], delimiter=separator), [])
        if any(cell.strip() for cell in cells):
            yield number, [cell.strip() for cell in cells]


def _expected(  # noqa: PLR0913  a line, and what holds for all of them
    work: Work, form: GroupForm, site: Site, local: datetime, number: int, cells: list[str]
) -> ExpectForm:
    """Return the announcement of one line.

    Raises:
        Invalid: faults by field.
    """
    if len(cells) > len(COLUMNS):
        raise Invalid(fields={"line": TOO_MANY_COLUMNS})
    given = dict(zip(COLUMNS, [*cells, *[""] * len(COLUMNS)], strict=False))
    made = parse(
        ExpectForm,
        {
            "client_id": uuid5(form.client_id, str(number)),
            "visit_type_id": form.visit_type_id,
            "name": given["name"],
            "email": given["email"] or None,
            "company": given["company"] or None,
            "host_id": _host(work, site, given["host"]),
            "expected_at": local,
            "language": given["language"] or site.languages[0],
            "invite": form.invite,
        },
    )
    faults = expecting.faults_of(work, made, sites.preset_of(site))
    if faults:
        raise Invalid(fields={name: _WORDS.get(text, text) for name, text in faults.items()})
    return made


def _host(work: Work, site: Site, wanted: str) -> UUID | None:
    if not wanted:
        return None
    name = wanted.casefold()
    found = [
        host for host in visits.hosts(work, site.id) if name in {host.name.casefold(), (host.email or "").casefold()}
    ]
    if len(found) != 1:
        raise Invalid(fields={"host": UNKNOWN_HOST})
    return found[0].id


_WORDS: Final = {"forbidden_number": N_("This looks like an official number that may not be kept here. Take it out.")}
