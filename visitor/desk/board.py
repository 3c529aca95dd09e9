"""The reception's board: visits of a day with the names that reception may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from visitor.badges import queries as badges
from visitor.core.classes import DataClass
from visitor.core.names import search_words
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Work
from visitor.people import queries as people
from visitor.people.records import Contact
from visitor.sites.models import Site
from visitor.visits import policy, queries
from visitor.visits.models import VisitType
from visitor.visits.queries import BoardLine

NO_NAME = "—"
"""Where the name was erased or is restricted."""


@dataclass(frozen=True, slots=True)
class VisitLine:
    """One row of the board."""

    visit_id: UUID
    name: str
    company: str | None
    host_name: str | None
    visit_type_id: UUID
    visit_type_name: str
    colour: str
    badge_number: str | None
    state: str
    expected_at: datetime | None
    arrived_at: datetime | None
    due_out_at: datetime | None
    left_at: datetime | None
    id_check_needed: bool
    photo_url: str | None = None
    """None: lists show no faces; the visit's own page does."""
    help_wanted: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows each list has, before any search."""

    expected: int
    on_site: int
    overdue: int
    gone: int


@dataclass(frozen=True, slots=True)
class BoardView:
    """The lists of one day."""

    expected: Sequence[VisitLine]
    on_site: Sequence[VisitLine]
    overdue: Sequence[VisitLine]
    gone: Sequence[VisitLine]
    counts: Counts


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows, and whether the board is open already."""

    search: str = ""
    """Only rows with these words."""
    visit_type_id: str = ""
    """Only this kind of visit."""
    again: bool = False
    """The board refreshes itself."""


EVERYTHING = Asked()


def board(work: Work, site: Site, at: datetime, language: str, asked: Asked = EVERYTHING) -> BoardView:
    """Return the board of the site's local day that holds `at`.

    Names are opened for the rows shown, in one step that the audit log records.
    """
    found = queries.board(work, site, at)
    lines = [*found.expected, *found.on_site, *found.gone]
    contacts = people.contacts(work, [line.visit.id for line in lines], Purpose.RECEPTION, again=asked.again)
    numbers = {
        visit_id: badge.number for visit_id, badge in badges.of_visits(work, [line.visit.id for line in lines]).items()
    }

    def rows(part: Sequence[BoardLine]) -> list[VisitLine]:
        made = [visit_line(line, contacts.get(line.visit.id), numbers.get(line.visit.id), language) for line in part]
        return [line for line in made if _fits(line, asked)]

    late = [line for line in found.on_site if policy.is_overdue(line.visit.due_out_at, work.now)]
    here = [line for line in found.on_site if line not in late]
    counts = Counts(len(found.expected), len(here), len(late), len(found.gone))
    return BoardView(rows(found.expected), rows(here), rows(late), rows(found.gone), counts)


@dataclass(frozen=True, slots=True)
class UnrecordedLine:
    """Somebody who signed in or out during an outage and could not be recorded afterwards."""

    id: UUID
    leaving: bool
    happened_at: datetime
    name: str | None
    """None: the kiosk did not know it, or it was erased."""


def unrecorded_lines(work: Work, site_id: UUID) -> list[UnrecordedLine]:
    """Return who could not be recorded, with the names that reception may see."""
    found = queries.unrecorded(work, site_id)
    record_ids = [row.record_id for row in found if row.record_id is not None]
    opened = people.open_records(work, record_ids, DataClass.CONTACT, Purpose.RECEPTION) if record_ids else {}
    names = {record_id: content.name for record_id, content in opened.items() if isinstance(content, Contact)}
    return [
        UnrecordedLine(row.id, row.step.startswith("sign-out"), row.happened_at, names.get(row.record_id or row.id))
        for row in found
        if row.happened_at is not None
    ]


def board_buttons(work: Work, site_id: UUID) -> dict[str, bool]:
    """Return which buttons the board has: guards look at it, and act at doors."""
    buttons = {
        "act": Permission.DESK_ACT,
        "print": Permission.BADGE_PRINT,
        "invite": Permission.VISIT_INVITE,
        "reprint": Permission.BADGE_PRINT,
        "list": Permission.ROLLCALL,
    }
    return {name: work.actor.may(permission, site_id) for name, permission in buttons.items()}


def visit_line(line: BoardLine, contact: Contact | None, badge_number: str | None, language: str) -> VisitLine:
    """Return a row as the reception reads it."""
    visit = line.visit
    return VisitLine(
        visit_id=visit.id,
        name=contact.badge_name if contact else NO_NAME,
        company=contact.company if contact else None,
        host_name=line.host_name,
        visit_type_id=line.visit_type.id,
        visit_type_name=type_name(line, language),
        colour=line.visit_type.colour,
        badge_number=badge_number,
        state=visit.state,
        expected_at=visit.expected_at,
        arrived_at=visit.arrived_at,
        due_out_at=visit.due_out_at,
        left_at=visit.left_at,
        id_check_needed=visit.id_check_needed and visit.id_seen_at is None,
    )


def type_name(line: BoardLine, language: str) -> str:
    """Return the name of the sort of visit in the reader's language, else in the site's first."""
    return type_words(line.visit_type, language)


def type_words(kind: VisitType, language: str) -> str:
    """Return the name of a sort of visit, as `type_name`."""
    return str(kind.names.get(language) or next(iter(kind.names.values())))


def _fits(line: VisitLine, asked: Asked) -> bool:
    """Each typed word stands somewhere in the row; case and accents do not matter."""
    if asked.visit_type_id and asked.visit_type_id != str(line.visit_type_id):
        return False
    if not asked.search.strip():
        return True
    wanted = search_words(asked.search)
    text = " ".join(search_words(" ".join(filter(None, (line.name, line.company, line.host_name, line.badge_number)))))
    return bool(wanted) and all(word in text for word in wanted)
