"""Announcing visitors, and receiving those who were announced."""

from datetime import timedelta
from uuid import UUID

from pydantic import AwareDatetime, field_validator

from visitor.core.classes import DataClass
from visitor.core.errors import Invalid, NotFound
from visitor.core.forms import Form, Language, Line
from visitor.core.i18n import N_
from visitor.core.names import name_fault
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.people import operations as people
from visitor.people.records import Contact
from visitor.reception import operations
from visitor.reception.forms import EmailLine, NamePart, SignedIn
from visitor.sites import queries as sites
from visitor.sites.preset import Preset
from visitor.visits import invitations
from visitor.visits import operations as visits
from visitor.visits import queries as visit_queries
from visitor.visits.forms import NewVisit
from visitor.visits.models import Visit, VisitSource

EARLIEST, LATEST = timedelta(days=1), timedelta(days=366)


class ExpectForm(Form):
    """Somebody who will come."""

    client_id: UUID
    """Chosen by the page; a form sent twice announces once."""
    visit_type_id: UUID
    name: Line
    preferred_name: NamePart = None
    pronunciation: NamePart = None
    company: NamePart = None
    email: EmailLine = None
    host_id: UUID | None = None
    expected_at: AwareDatetime
    language: Language = "en"
    invite: bool = False
    """Send an invitation with a code to the e-mail address."""

    @field_validator("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        if name_fault(value) is not None:
            raise ValueError(N_("Enter a name of 1 to 200 characters."))
        return value


def announce(work: Work, form: ExpectForm, site_id: UUID) -> Visit:
    """Put somebody on the list of the expected. Sent twice, it happens once.

    Raises:
        Invalid: the day is in the past or more than a year away, or a field holds a number that may not be kept.
        NotFound: visit type or host belong to another site.
    """
    work.require(Permission.VISIT_INVITE, site_id)
    before = visit_queries.repeated(work, work.actor.id, form.client_id)
    if before is not None:
        return before
    site = sites.site(work, site_id)
    preset = sites.preset_of(site)
    faults = faults_of(work, form, preset)
    if faults:
        raise Invalid(fields=faults)
    person_id = people.make_person(work, site_id)
    new = NewVisit(
        site_id=site_id,
        person_id=person_id,
        visit_type_id=form.visit_type_id,
        source=VisitSource.INVITATION,
        language=form.language,
        client_id=form.client_id,
        client_device_id=work.actor.id,
        host_id=form.host_id,
        expected_at=form.expected_at,
    )
    visit = visits.open_visit(work, new)
    latest = form.expected_at + timedelta(days=operations.ceiling_days(preset) + 1)
    contact = Contact(
        name=form.name,
        company=form.company,
        email=form.email,
        preferred_name=form.preferred_name,
        pronunciation=form.pronunciation,
    )
    people.seal(
        work,
        people.Sealing(site_id, DataClass.CONTACT, contact, latest, person_id=person_id, visit_id=visit.id),
    )
    audit(work, "visit.announce", site_id=site_id, subject_id=visit.id)
    if form.invite:
        invitations.invite(work, visit.id)
    work.changed_sites.add(site_id)
    return visit


def faults_of(work: Work, form: ExpectForm, preset: Preset) -> dict[str, str]:
    """Return what keeps somebody from being announced: field to message."""
    typed = {name: getattr(form, name) for name in ("name", "preferred_name", "pronunciation", "company")}
    faults = operations.forbidden_numbers(typed, preset)
    if not work.now - EARLIEST <= form.expected_at <= work.now + LATEST:
        faults["expected_at"] = N_("Choose a day from today to a year from now.")
    if form.invite and form.email is None:
        faults["email"] = N_("Enter the address that the invitation goes to.")
    if form.invite and work.settings.mail is None:
        faults["invite"] = N_("This system sends no mail. Ask an administrator to set it up.")
    return faults


def receive(work: Work, visit_id: UUID, notice_version_id: UUID | None) -> SignedIn:
    """Sign in somebody who was expected, at the desk.

    Raises:
        NotFound: no such visit at a site of the actor.
        Conflict: the visit has begun or was cancelled.
    """
    visit = visit_queries.visit(work, visit_id)
    work.require(Permission.DESK_ACT, visit.site_id)
    visit_type = visit_queries.visit_type(work, visit.visit_type_id)
    if visit.person_id is None:
        raise NotFound
    visit.id_check_needed = operations.id_check_needed(visit_type, sites.preset_of(sites.site(work, visit.site_id)))
    visits.arrive(work, visit, work.now, timedelta(minutes=visit_type.duration_minutes))
    if notice_version_id is not None:
        operations.acknowledge(work, visit, notice_version_id, work.now)
    return operations.welcome(work, visit, visit_type, None)
