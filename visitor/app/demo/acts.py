"""What happens in the demo, done by the product's own operations: each act at its own moment, by whoever does it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from visitor.access import operations as access
from visitor.access.forms import ScanForm
from visitor.access.operations import RecordedScan
from visitor.accounts.queries import device_actor
from visitor.app.demo.days import Pass, PlannedVisit
from visitor.app.demo.house import Place
from visitor.app.demo.scenes import camera_picture
from visitor.badges import operations as badges
from visitor.badges import queries as badge_queries
from visitor.badges.forms import CopyReason, RevokeReason
from visitor.cctv import operations as cctv
from visitor.core.actors import Actor, ActorKind
from visitor.core.ids import new_code
from visitor.core.work import Work
from visitor.kiosks.admission import KIOSK_PERMISSIONS
from visitor.notices import queries as notices
from visitor.reception import operations as reception
from visitor.reception.forms import Entrance, IdDocumentForm, SignInForm
from visitor.reception.preparation import Prepared
from visitor.sites.policy import IdMode
from visitor.visits import operations as visits
from visitor.visits import policy as visit_policy
from visitor.visits import queries as visit_queries
from visitor.visits.models import PhotoUse, VisitSource, VisitState

FOREIGN_CODE = "https://menu.example/today"
"""What somebody held to the reader instead of a badge."""


@dataclass(slots=True)
class Stay:
    """One planned visit on its way."""

    place: Place
    planned: PlannedVisit
    desk: Actor
    """The receptionist on duty."""
    at_desk: bool = False
    """Signed in by the receptionist, without the kiosk."""
    visit_id: UUID | None = None
    badge_id: int | None = None
    scans: list[RecordedScan] = field(default_factory=list)


def sign_in(work: Work, stay: Stay, portraits: list[bytes]) -> None:
    """Sign the guest in, at the kiosk or at the desk."""
    place, planned = stay.place, stay.planned
    visit_type = place.types[kind_of(place, planned)]
    notice = notices.live(work, place.site.id).get(_language(stay)) or next(
        iter(notices.live(work, place.site.id).values())
    )
    portrait = None
    if planned.photo is not None and visit_type.photo is not PhotoUse.OFF:
        portrait = portraits[planned.photo % len(portraits)]
    form = SignInForm(
        client_id=uuid4(),
        happened_at=work.now,
        language=_language(stay),
        visit_type_id=visit_type.id,
        name=planned.guest.name,
        company=planned.company,
        email=planned.email,
        host_id=place.hosts[planned.host % len(place.hosts)].id,
        notice_version_id=notice.id,
        notice_shown_at=work.now - timedelta(seconds=40),
        photo_declined=portrait is None and visit_type.photo is not PhotoUse.OFF,
        id_document=_id_document(stay),
    )
    source = VisitSource.DESK if stay.at_desk else VisitSource.KIOSK
    work.actor = stay.desk if stay.at_desk else kiosk_actor(place)
    done = reception.sign_in(work, Prepared(form, portrait), Entrance(place.site.id, source, work.actor.id))
    stay.visit_id, stay.badge_id = done.visit_id, done.badge_id


def see_id(work: Work, stay: Stay) -> None:
    """Let the receptionist look at the guest's ID where the visit asks for it."""
    if stay.visit_id is not None and visit_queries.visit(work, stay.visit_id).id_check_needed:
        work.actor = stay.desk
        visits.tick_id_seen(work, stay.visit_id)


def pass_door(work: Work, stay: Stay, door: Pass, *, with_still: bool) -> None:
    """Hold the badge to a reader; keep the camera's picture if wanted."""
    point = stay.place.points.get(door.point)
    if point is None or stay.badge_id is None:
        return
    badge = badge_queries.by_id(work, stay.badge_id)
    credential = FOREIGN_CODE if door.foreign else badge_queries.token(work, badge)
    scan = ScanForm(
        scan_id=uuid4(),
        access_point_id=point.id,
        credential=credential,
        scanned_at=work.now,
        escorted=door.escorted,
    )
    work.actor = device_actor(stay.place.reader)
    event = access.record_scan(work, stay.place.reader, scan)
    stay.scans.append(event)
    if with_still:
        _keep_stills(work, stay, event, door)


def sign_out(work: Work, stay: Stay) -> None:
    """Let the guest leave by the kiosk."""
    if stay.visit_id is None:
        return
    visit = visit_queries.visit(work, stay.visit_id)
    if visit.state is VisitState.ON_SITE:
        work.actor = kiosk_actor(stay.place)
        reception.leave(work, visit, visit_policy.DepartureBy.KIOSK, work.now)


def reprint(work: Work, stay: Stay) -> None:
    """Give the guest a new copy of a damaged badge."""
    if stay.badge_id is not None and badge_queries.by_id(work, stay.badge_id).expires_at > work.now:
        work.actor = stay.desk
        badges.make_copy(work, stay.badge_id, CopyReason.DAMAGED)


def withdraw(work: Work, stay: Stay) -> None:
    """Withdraw a badge that was lost."""
    if stay.badge_id is not None:
        work.actor = stay.desk
        badges.revoke(work, stay.badge_id, RevokeReason.LOST)


def kind_of(place: Place, planned: PlannedVisit) -> str:
    """Return the visit type of the plan, or a guest's where the site lacks that type."""
    return planned.kind if planned.kind in place.types else "guest"


def kiosk_actor(place: Place) -> Actor:
    """Return the site's kiosk as an actor."""
    return Actor(ActorKind.KIOSK, place.kiosk_id, at_site={place.site.id: KIOSK_PERMISSIONS})


def _language(stay: Stay) -> str:
    spoken, wanted = stay.place.site.languages, stay.planned.guest.language
    return wanted if wanted in spoken else spoken[0]


def _id_document(stay: Stay) -> IdDocumentForm | None:
    """Give the last four characters where the site's country lets the product ask for them."""
    if stay.place.site.preset != "SG" or kind_of(stay.place, stay.planned) != "contractor":
        return None
    return IdDocumentForm(mode=IdMode.LAST4, last4=new_code(4))


def _keep_stills(work: Work, stay: Stay, event: RecordedScan, door: Pass) -> None:
    for camera_id, camera in stay.place.cameras.get(door.point, ()):
        order = cctv.want_still(work, event.id, camera_id)
        if order is not None:
            taken_at: datetime = work.now + timedelta(seconds=1)
            cctv.keep_still(work, order, camera_picture(camera, taken_at, stay.planned.host), taken_at)
