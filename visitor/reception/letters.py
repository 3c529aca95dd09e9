"""Letters to visitors, in their language: the invitation, and the personal code of who wants to be remembered."""

import io
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import dates
from jinja2 import Environment, FileSystemLoader, select_autoescape
from PIL import Image

from visitor.core.i18n import N_, direction, locale, translate
from visitor.core.migrations import carried
from visitor.core.permissions import Purpose
from visitor.core.work import Work
from visitor.imaging.qr import qr_matrix
from visitor.notices import queries as notices
from visitor.notify.mail import Enclosure, Letter
from visitor.people import queries as people
from visitor.people import remembering
from visitor.people.records import Contact
from visitor.reception.calendar import Appointment, calendar
from visitor.reception.operations import id_check_needed
from visitor.sites import queries as sites
from visitor.sites.models import Site
from visitor.visits import invitations
from visitor.visits import queries as visits

INVITED: Final = N_("Your visit to %(site)s")
REMEMBERED: Final = N_("Your personal code for %(site)s")
PICTURE: Final = "code"
MODULE_PIXELS: Final = 8
QUIET_MODULES: Final = 4
"""ISO/IEC 18004: so much white around a QR code."""


def invitation(work: Work, visit_id: UUID) -> Letter | None:
    """Write the invitation with a new code; None when nobody is invited any more, or there is no address."""
    visit = visits.visit(work, visit_id)
    contact = people.contacts(work, [visit_id], Purpose.RECEPTION).get(visit_id)
    if contact is None or not contact.email or visit.expected_at is None:
        return None
    code = invitations.make_code(work, visit_id)
    if code is None:
        return None
    site = sites.site(work, visit.site_id)
    preset = sites.preset_of(site)
    host = None if visit.host_id is None else visits.host(work, visit.host_id).name
    visit_type = visits.visit_type(work, visit.visit_type_id)
    title = translate(visit.language, INVITED, site=site.name)
    entity = sites.entity_of(work, site)
    facts = _facts(work, site, visit.language) | {
        "name": contact.badge_name,
        "host": host,
        "controller": entity.name,
        "when": _when(visit.expected_at, site, visit.language),
        "address": site.address or entity.address,
        "hint": site.reception_hint,
        "asks_id": id_check_needed(visit_type, preset),
    }
    appointment = Appointment(
        uid=f"{visit_id}@visitor",
        title=title,
        place=", ".join(part for part in (site.name, site.address or entity.address) if part),
        text=remembering.spaced_code(code),
        begins_at=visit.expected_at,
        ends_at=visit.expected_at + timedelta(minutes=visit_type.duration_minutes),
        written_at=work.now,
    )
    day = Enclosure("visit.ics", "text/calendar", calendar(appointment))
    return _letter(work, contact, ("invitation", title, visit.language, code), facts, (day,))


def personal_code(work: Work, person_id: UUID) -> Letter | None:
    """Write the letter with a new personal code; None when the visitor was forgotten meanwhile."""
    kept = remembering.of_person(work, person_id)
    contact = None if kept is None else remembering.contact(work, kept)
    if kept is None or contact is None or not contact.email:
        return None
    code = remembering.make_code(work, person_id)
    assert code is not None
    site = sites.site(work, kept.site_id)
    until = dates.format_date(kept.expires_at.astimezone(ZoneInfo(site.time_zone)), "long", locale(kept.language))
    facts = _facts(work, site, kept.language) | {"name": contact.badge_name, "until": until}
    title = translate(kept.language, REMEMBERED, site=site.name)
    return _letter(work, contact, ("personal_code", title, kept.language, code), facts, ())


def code_png(code: str) -> bytes:
    """Return the QR code of a visitor's code as a PNG picture, with its white border."""
    rows = qr_matrix(remembering.CODE_PREFIX + code)
    side = len(rows) + 2 * QUIET_MODULES
    picture = Image.new("1", (side, side), 1)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                picture.putpixel((x + QUIET_MODULES, y + QUIET_MODULES), 0)
    kept = io.BytesIO()
    picture.resize((side * MODULE_PIXELS, side * MODULE_PIXELS), Image.Resampling.NEAREST).save(kept, "PNG")
    return kept.getvalue()


def _letter(
    work: Work,
    contact: Contact,
    named: tuple[str, str, str, str],
    facts: dict[str, object],
    more: tuple[Enclosure, ...],
) -> Letter:
    template, title, language, code = named
    facts = facts | {"title": title, "code": remembering.spaced_code(code), "picture": PICTURE}
    facts |= {"language": language, "text_direction": direction(language), "_": partial(translate, language)}
    return Letter(
        contact.email or "",
        title,
        _templates().get_template(f"emails/{template}.txt").render(facts),
        language,
        work.now,
        _templates().get_template(f"emails/{template}.html").render(facts),
        (Enclosure("code.png", "image/png", code_png(code), PICTURE), *more),
    )


def _facts(work: Work, site: Site, language: str) -> dict[str, object]:
    address = work.settings.server.public_url.rstrip("/")
    live = notices.live(work, site.id)
    spoken = language if language in live else next(iter(live), site.languages[0])
    return {
        "site": site.name,
        "notice_href": f"{address}/notice/{site.number}/{spoken}",
        "forget_href": f"{address}/forget",
    }


def _when(at: datetime, site: Site, language: str) -> str:
    preset = sites.preset_of(site)
    return dates.format_datetime(
        at.astimezone(UTC), "full", tzinfo=ZoneInfo(site.time_zone), locale=locale(language, preset.territory)
    )


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(carried("templates"))
    return Environment(loader=loader, autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True)
