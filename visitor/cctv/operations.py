"""Stills of access events: wanted, kept or missed. The picture itself is taken outside any transaction."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from visitor.access.models import AccessEvent
from visitor.access.operations import STILL_WITHIN
from visitor.cctv.faults import CameraFault
from visitor.cctv.grab import CameraSource, GrabLimits, SignIn
from visitor.cctv.models import Still, StillState
from visitor.core.classes import DataClass
from visitor.core.errors import SetupFault
from visitor.core.permissions import Permission
from visitor.core.settings import Settings, read_secret
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.people.operations import Sealing, seal
from visitor.sites import queries as places
from visitor.sites.models import Camera
from visitor.sites.preset import Preset

TOO_LATE: Final = "too_late"
"""Fault of a still that nobody could take in time: the worker was busy or away."""
RETRY_SECONDS: Final = 8.0
"""Between tries. Two more fit into the time within which a still still shows the right moment."""


@dataclass(frozen=True, slots=True)
class StillOrder:
    """A still to take now."""

    event_id: UUID
    camera_id: UUID
    source: CameraSource = field(repr=False)
    seconds: float
    """How long taking it may last."""


def source_of(settings: Settings, camera: Camera) -> CameraSource:
    """Return how to reach a camera, with the sign-in that the settings hold.

    Raises:
        SetupFault: the camera names a sign-in that is missing, or whose password cannot be read.
    """
    sign_in = None
    if camera.credentials is not None:
        entry = settings.cctv.credentials.get(camera.credentials)
        if entry is None:
            raise SetupFault(f"There is no sign-in `{camera.credentials}` under cctv.credentials in the settings.")
        sign_in = SignIn(entry.username, read_secret(entry.password_file, "a camera's password"))
    return CameraSource(camera.kind, camera.address, sign_in)


def limits_of(settings: Settings) -> GrabLimits:
    """Return what a camera may be and send."""
    return GrabLimits(settings.cctv.allowed_networks)


def want_still(work: Work, event_id: UUID, camera_id: UUID) -> StillOrder | None:
    """Note that a still is wanted and return the order for it; None when there is nothing to take.

    Nothing is taken twice, for an event or camera that is gone, or so late that it would show somebody else.
    """
    event, camera = work.session.get(AccessEvent, event_id), work.session.get(Camera, camera_id)
    if event is None or camera is None:
        return None
    still = _still(work, event_id, camera_id)
    if still.state in {StillState.KEPT, StillState.ERASED}:
        return None
    left = (_deadline(event) - work.now).total_seconds()
    try:
        source = source_of(work.settings, camera)
    except SetupFault:
        _miss(still, CameraFault.REFUSED_CREDENTIALS)
        return None
    if left <= 0:
        if still.fault is None:
            _miss(still, TOO_LATE)
        return None
    return StillOrder(event_id, camera_id, source, min(work.settings.cctv.still_timeout_seconds, left))


def keep_still(work: Work, order: StillOrder, jpeg: bytes, taken_at: datetime) -> None:
    """Seal a picture and note when it was taken; nothing if the event was erased meanwhile."""
    event = work.session.get(AccessEvent, order.event_id)
    still = _still(work, order.event_id, order.camera_id)
    if event is None or still.state in {StillState.KEPT, StillState.ERASED}:
        return
    rules = places.preset_of(places.site(work, event.site_id))
    still.record_id = seal(
        work,
        Sealing(
            site_id=event.site_id,
            data_class=DataClass.CCTV_STILL,
            content=jpeg,
            latest_at=event.scanned_at + longest_life(rules),
            visit_id=event.visit_id,
            subject_id=event.id,
            due_at=event.scanned_at + usual_life(rules),
        ),
    )
    still.state, still.fault, still.taken_at = StillState.KEPT, None, taken_at
    work.changed_sites.add(event.site_id)


def miss_still(work: Work, order: StillOrder, fault: CameraFault) -> bool:
    """Note why there is no picture; return whether a try in `RETRY_SECONDS` would still be in time."""
    event = work.session.get(AccessEvent, order.event_id)
    if event is None:
        return False
    _miss(_still(work, order.event_id, order.camera_id), fault)
    return work.now + timedelta(seconds=RETRY_SECONDS) < _deadline(event)


def note_test(work: Work, camera: Camera) -> None:
    """Record that an administrator looks through a camera."""
    work.require(Permission.ADMIN_SITES, camera.site_id)
    audit(work, "camera.test", site_id=camera.site_id, subject_id=camera.id)


def usual_life(rules: Preset) -> timedelta:
    """Return how long a still lives: as footage does, and never longer than the log of its visit."""
    return timedelta(days=min(rules.cctv_days.default, rules.visitor_log_days.default))


def longest_life(rules: Preset) -> timedelta:
    """Return the country's ceiling for footage, or its default where it names none."""
    ceiling = rules.cctv_days.ceiling
    return timedelta(days=rules.cctv_days.default if ceiling is None else ceiling)


def _deadline(event: AccessEvent) -> datetime:
    """Return until when a still shows this scan: by the server's clock, as the reader's may be off."""
    return min(event.scanned_at, event.received_at) + STILL_WITHIN


def _still(work: Work, event_id: UUID, camera_id: UUID) -> Still:
    found = work.session.get(Still, (event_id, camera_id), with_for_update=True)
    if found is None:
        found = Still(event_id=event_id, camera_id=camera_id, state=StillState.WANTED)
        work.session.add(found)
        work.session.flush()
    return found


def _miss(still: Still, fault: str) -> None:
    still.state, still.fault = StillState.MISSED, str(fault)
