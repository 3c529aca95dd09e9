"""Signing in and out: one act, one transaction, the same for kiosk and desk."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from visitor.badges import operations as badges
from visitor.badges import queries as badge_queries
from visitor.badges.forms import IssueBadge
from visitor.badges.models import Badge
from visitor.badges.token import BadgeFlags
from visitor.core import jobs, turns
from visitor.core.classes import DataClass
from visitor.core.errors import Conflict, Invalid, NotFound
from visitor.core.permissions import Permission
from visitor.core.settings import Settings
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.notices import operations as notices
from visitor.notices import queries as notice_queries
from visitor.people import fingerprints, remembering
from visitor.people import operations as people
from visitor.people import queries as people_queries
from visitor.people.records import Contact, IdDocument
from visitor.reception.forms import ArrivalForm, Entrance, SignedIn, SignedOut, SignInForm, SignOutForm
from visitor.reception.preparation import F, Prepared
from visitor.sites import queries as sites
from visitor.sites.models import Site
from visitor.sites.policy import IdMode, contains_forbidden_number, id_capture
from visitor.sites.preset import Preset
from visitor.visits import operations as visits
from visitor.visits import policy as visit_policy
from visitor.visits import queries as visit_queries
from visitor.visits.forms import NewVisit
from visitor.visits.models import FieldUse, PhotoUse, Visit, VisitType

NOTIFY_JOB = "notify.host"
CODE_JOB = "reception.personal_code"
OFFLINE_LIMIT = timedelta(days=31)
"""A kiosk may have been cut off for so long; an earlier instant is a clock that was reset, and is taken as now."""
BADGE_GRACE = timedelta(minutes=30)
"""A badge works so much longer than the visit is expected to last."""


def sign_in(work: Work, prepared: Prepared[SignInForm], entrance: Entrance) -> SignedIn:
    """Sign a visitor in: person sealed, notice acknowledged, visit begun, badge issued, print and message queued.

    Sent twice under the same client id, it happens once and answers the same.

    Raises:
        Invalid: a field does not fit the visit type or the country's rules; message keys by field.
        Conflict: the client id was used for another sign-in.
        NotFound: visit type, host or notice belong to another site.
    """
    form = prepared.form
    fingerprint = fingerprint_of(work, form)
    before = repeated(work, form, entrance, fingerprint)
    if before is not None:
        return before
    site = sites.site(work, entrance.site_id)
    visit_type = _checked_type(work, prepared, site)
    person_id = people.make_person(work, site.id)
    preset = sites.preset_of(site)
    new = NewVisit(
        site_id=site.id,
        person_id=person_id,
        visit_type_id=visit_type.id,
        source=entrance.source,
        language=form.language,
        client_id=form.client_id,
        client_device_id=entrance.device_id,
        request_hash=fingerprint,
        host_id=form.host_id,
        arrived_at=believed(form.happened_at, work.now),
        id_check_needed=id_check_needed(visit_type, preset),
        photo_declined=form.photo_declined,
    )
    visit = visits.open_visit(work, new)
    contact = _contact(form)
    seal(work, prepared, visit, contact)
    if form.notice_version_id is not None:
        acknowledge(work, visit, form.notice_version_id, form.notice_shown_at or form.happened_at)
    if form.remember_email is not None and remembers(work.settings):
        _remember(work, form, visit, contact)
    return welcome(work, visit, visit_type, entrance.printer_id)


def remembers(settings: Settings) -> bool:
    """Tell whether visitors are asked whether they want to be remembered: their code goes by mail."""
    return settings.mail is not None and settings.kiosk.remember_days > 0


def fingerprint_of(work: Work, form: ArrivalForm) -> bytes:
    """Return by what a repetition is told from another arrival; the times may differ."""
    content = form.model_dump_json(exclude={"happened_at", "notice_shown_at"}, exclude_defaults=True)
    return fingerprints.fingerprint(work, content.encode())


def repeated(work: Work, form: ArrivalForm, entrance: Entrance, fingerprint: bytes) -> SignedIn | None:
    """Return what this arrival came to when it was sent before.

    Raises:
        Conflict: the client id was used for another one.
    """
    turns.wait_turn(work, "sign-in", form.client_id)  # it may come to two servers at once
    before = visit_queries.repeated(work, entrance.device_id, form.client_id)
    return None if before is None else _again(work, before, fingerprint)


def welcome(work: Work, visit: Visit, visit_type: VisitType, printer_id: UUID | None) -> SignedIn:
    """Give somebody who has arrived a badge, and tell the host."""
    badge = badges.issue(work, _badge(work, visit, visit_type))
    printing = badges.queue_print(work, badge.id, printer_id)
    if visit.host_id is not None:
        jobs.enqueue(work, NOTIFY_JOB, {"visit_id": str(visit.id)})
    audit(work, "visit.sign_in", site_id=visit.site_id, subject_id=visit.id, detail=visit.source)
    work.counted["sign_in", visit.source.value] += 1
    return _answer(visit, badge, printing.id if printing else None, repeated=False)


def sign_out(work: Work, form: SignOutForm, site_id: UUID) -> SignedOut:
    """Sign out whoever holds the badge; a second time changes nothing.

    An expired badge and an older copy still sign out: nobody is kept in by paper.
    """
    badge = _badge_of(work, form, site_id)
    if badge is None or badge.site_id != site_id:
        return SignedOut.UNKNOWN_BADGE
    visit = visit_queries.visit(work, badge.visit_id)
    return leave(work, visit, visit_policy.DepartureBy.KIOSK, believed(form.happened_at, work.now))


def sign_out_visit(work: Work, visit_id: UUID) -> SignedOut:
    """Sign a visitor out at the desk."""
    visit = visit_queries.visit(work, visit_id)
    work.require(Permission.DESK_ACT, visit.site_id)
    return leave(work, visit, visit_policy.DepartureBy.DESK, work.now)


def leave(work: Work, visit: Visit, by: visit_policy.DepartureBy, at: datetime) -> SignedOut:
    """End the visit and let its badge die."""
    outcome = visits.depart(work, visit, by, at)
    if outcome is not visit_policy.DepartureOutcome.SIGNED_OUT:
        return SignedOut.ALREADY_OUT
    badges.end(work, visit.id, at)
    work.counted["sign_out", by.value] += 1
    audit(work, "visit.sign_out", site_id=visit.site_id, subject_id=visit.id, detail=by)
    return SignedOut.DONE


def _again(work: Work, visit: Visit, fingerprint: bytes) -> SignedIn:
    if visit.request_hash != fingerprint:
        raise Conflict
    badge = badge_queries.of_visit(work, visit.id)
    if badge is None:
        raise Conflict
    printing = badge_queries.newest_print(work, badge.id)
    return _answer(visit, badge, printing.id if printing else None, repeated=True)


def _answer(visit: Visit, badge: Badge, print_job_id: UUID | None, *, repeated: bool) -> SignedIn:
    return SignedIn(visit.id, badge.id, badge.number, badge.expires_at, print_job_id, visit.id_check_needed, repeated)


def believed(happened_at: datetime, now: datetime) -> datetime:
    """A device whose clock is wrong dates nothing into the future, nor to before it was cut off."""
    return happened_at if now - OFFLINE_LIMIT <= happened_at <= now else now


def id_check_needed(visit_type: VisitType, preset: Preset) -> bool:
    """Tell whether somebody must look at the visitor's ID: the visit type asks for it and the rules allow it."""
    return id_capture(preset, visit_type.ask_id).mode is not IdMode.NONE


def _checked_type(work: Work, prepared: Prepared[SignInForm], site: Site) -> VisitType:
    form = prepared.form
    visit_type = visit_queries.visit_type(work, form.visit_type_id)
    if visit_type.site_id != site.id or visit_type.retired_at is not None:
        raise NotFound
    faults = _field_faults(form, visit_type) | arrival_faults(work, prepared, visit_type, site)
    typed = {name: getattr(form, name) for name in ("name", "preferred_name", "pronunciation", "company")}
    faults |= forbidden_numbers(typed, sites.preset_of(site))
    if faults:
        raise Invalid(fields=faults)
    return visit_type


def arrival_faults(work: Work, prepared: Prepared[F], visit_type: VisitType, site: Site) -> dict[str, str]:
    """Return what is wrong with photo, ID and notice: field to message key."""
    faults = _id_faults(prepared.form, visit_type, sites.preset_of(site))
    if prepared.portrait is not None and visit_type.photo is PhotoUse.OFF:
        faults["photo"] = "photo_not_wanted"
    if notice_queries.live(work, site.id) and prepared.form.notice_version_id is None:
        faults["notice_version_id"] = "notice_missing"
    return faults


def _field_faults(form: SignInForm, visit_type: VisitType) -> dict[str, str]:
    asked = {
        "company": (visit_type.ask_company, form.company),
        "email": (visit_type.ask_email, form.email),
        "host_id": (visit_type.ask_host, form.host_id),
    }
    faults = {name: "required" for name, (use, value) in asked.items() if use is FieldUse.REQUIRED and value is None}
    # A host may be unknown to the visitor: the desk then finds out.
    faults.pop("host_id", None)
    return faults | {
        name: "not_asked" for name, (use, value) in asked.items() if use is FieldUse.OFF and value is not None
    }


def _id_faults(form: ArrivalForm, visit_type: VisitType, preset: Preset) -> dict[str, str]:
    allowed = id_capture(preset, visit_type.ask_id).mode
    if form.id_document is not None and form.id_document.mode != allowed:
        return {"id_document": "id_not_allowed"}
    if form.id_document is None and allowed in {IdMode.LAST4, IdMode.FULL}:
        return {"id_document": "required"}
    return {}


def forbidden_numbers(fields: Mapping[str, str | None], preset: Preset) -> dict[str, str]:
    """Return the fields that hold a number which may not be kept in this country: field to message key."""
    return {
        name: "forbidden_number"
        for name, text in fields.items()
        if text and contains_forbidden_number(text, preset) is not None
    }


def seal(work: Work, prepared: Prepared[F], visit: Visit, contact: Contact | None) -> None:
    """Seal what the visitor gave: photo, ID, and who it is unless that was sealed before."""
    form = prepared.form
    preset = sites.preset_of(sites.site(work, visit.site_id))
    latest = work.now + timedelta(days=ceiling_days(preset)) + timedelta(days=1)
    contents: list[tuple[DataClass, Contact | IdDocument | bytes, datetime]] = []
    if contact is not None:
        contents.append((DataClass.CONTACT, contact, latest))
    if prepared.portrait is not None:
        contents.append((DataClass.PHOTO, prepared.portrait, latest))
    if form.id_document is not None:
        id_latest = (visit.due_out_at or work.now) + timedelta(hours=preset.id_hours.ceiling or preset.id_hours.default)
        contents.append((DataClass.ID_DOCUMENT, _id_document(form), min(latest, id_latest)))
    people.seal_all(
        work,
        [
            people.Sealing(visit.site_id, data_class, content, latest_at, person_id=visit.person_id, visit_id=visit.id)
            for data_class, content, latest_at in contents
        ],
    )


def ceiling_days(preset: Preset) -> int:
    """Return the days after which nothing about a visitor may remain, whatever the rules of the site say."""
    return preset.visitor_log_days.ceiling or preset.visitor_log_days.default


def _contact(form: SignInForm) -> Contact:
    return Contact(
        name=form.name,
        company=form.company,
        email=form.email,
        preferred_name=form.preferred_name,
        pronunciation=form.pronunciation,
    )


def _remember(work: Work, form: SignInForm, visit: Visit, contact: Contact) -> None:
    """Keep who the visitor is for the next time, and send the personal code."""
    assert visit.person_id is not None
    agreement = remembering.Agreement(
        visit.site_id,
        contact.model_copy(update={"email": form.remember_email}),
        visit.visit_type_id,
        visit.host_id,
        form.language,
        form.notice_version_id,
    )
    remembering.remember(work, visit.person_id, agreement)
    jobs.enqueue(work, CODE_JOB, {"person_id": str(visit.person_id)})


def _id_document(form: ArrivalForm) -> IdDocument:
    document = form.id_document
    assert document is not None
    if document.mode is IdMode.LAST4:
        return IdDocument(kind="last4", number=document.last4 or "")
    return IdDocument(
        kind="full",
        number=document.number or "",
        type=document.type,
        country=document.country,
        expires_on=document.expires_on,
    )


def acknowledge(work: Work, visit: Visit, version_id: UUID, shown_at: datetime) -> None:
    """Record which notice the visitor was shown, and when by the device's clock."""
    notices.acknowledge(work, visit.id, visit.site_id, version_id, believed(shown_at, work.now))


def _badge(work: Work, visit: Visit, visit_type: VisitType) -> IssueBadge:
    flags = BadgeFlags.PASSBACK | BadgeFlags.OFFLINE_OK
    if visit_type.needs_escort:
        flags |= BadgeFlags.ESCORT
    if any(record.data_class is DataClass.PHOTO for record in people_queries.records_of(work, visit.id)):
        flags |= BadgeFlags.PHOTO
    begins = visit.arrived_at or work.now
    return IssueBadge(
        site_id=visit.site_id,
        visit_id=visit.id,
        not_before_at=begins,
        expires_at=(visit.due_out_at or begins) + BADGE_GRACE,
        zone_positions=tuple(zone.position for zone in visit_queries.zones_of(work, visit_type.id)),
        flags=flags,
    )


def _badge_of(work: Work, form: SignOutForm, site_id: UUID) -> Badge | None:
    if form.token is not None:
        return badge_queries.by_token(work, form.token)
    return badge_queries.by_number(work, site_id, form.badge_number or "")
