"""Telling hosts that their visitor is here, and sending visitors their codes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from visitor.core.actors import SYSTEM
from visitor.core.errors import NotFound
from visitor.core.i18n import N_, translate
from visitor.core.permissions import Purpose
from visitor.core.work import Runtime, Work
from visitor.notify.mail import Letter, send
from visitor.people import queries as people
from visitor.reception import letters
from visitor.sites import queries as sites
from visitor.visits import invitations
from visitor.visits import queries as visits
from visitor.visits.models import VisitState

SUBJECT = N_("Your visitor is here: %(name)s")
TEXT = N_(
    "Hello %(host)s,\n\n%(name)s has signed in at %(site)s and is waiting for you at the reception.\n\n"
    "This message was written by the visitor system of %(site)s.\n"
)
FULL_NAME = N_("The full name is %(name)s.")
SAID = N_("The name is pronounced: %(words)s")


def tell_host(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Send the host a mail; tried again while the mail server does not answer, given up when the visitor has left."""
    settings = runtime.settings.mail
    if settings is None:
        return
    with runtime.transaction(SYSTEM) as work:
        letter = _letter(work, UUID(payload["visit_id"]))
    if letter is None:
        return
    send(settings, letter)
    with runtime.transaction(SYSTEM) as work:
        visit = visits.visit(work, UUID(payload["visit_id"]))
        visit.host_told_at = work.now
        work.changed_sites.add(visit.site_id)


def send_invitation(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Send a visitor the invitation. Each try writes a new code, so that none is ever kept in the clear."""
    settings = runtime.settings.mail
    if settings is None:
        return
    visit_id = UUID(payload["visit_id"])
    with runtime.transaction(SYSTEM) as work:
        letter = letters.invitation(work, visit_id) if visits.lines(work, [visit_id]) else None
    if letter is None:
        return
    send(settings, letter)
    with runtime.transaction(SYSTEM) as work:
        invitations.note_sent(work, visit_id)


def send_personal_code(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Send a visitor who is remembered the personal code, a new one with each try."""
    settings = runtime.settings.mail
    if settings is None:
        return
    with runtime.transaction(SYSTEM) as work:
        letter = letters.personal_code(work, UUID(payload["person_id"]))
    if letter is not None:
        send(settings, letter)


def _letter(work: Work, visit_id: UUID) -> Letter | None:
    try:
        visit = visits.visit(work, visit_id)
    except NotFound:
        return None
    if visit.state is not VisitState.ON_SITE or visit.host_id is None:
        return None
    host, site = visits.host(work, visit.host_id), sites.site(work, visit.site_id)
    contact = people.contacts(work, [visit_id], Purpose.NOTIFY_HOST).get(visit_id)
    if contact is None or not host.email:
        return None
    language = site.languages[0]
    values = {"name": contact.badge_name, "host": host.name, "site": site.name}
    text = translate(language, TEXT, **values)
    if contact.preferred_name:
        text += "\n" + translate(language, FULL_NAME, name=contact.name)
    if contact.pronunciation:
        text += "\n" + translate(language, SAID, words=contact.pronunciation)
    return Letter(
        host.email,
        translate(language, SUBJECT, **values),
        text,
        language,
        work.now,
    )
