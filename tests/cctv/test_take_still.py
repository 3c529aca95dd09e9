import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from PIL import Image

from tests import factories
from tests.access import scenes
from tests.cctv.test_grab import difference
from tests.real.camera import HttpFault, http_camera, rtsp_camera
from tests.real.programs import free_port
from tests.real.scenes import face
from visitor.access.models import AccessEvent
from visitor.cctv import queries
from visitor.cctv.models import Still, StillState
from visitor.cctv.queries import StillLine
from visitor.cctv.tasks import take_still
from visitor.core.actors import SYSTEM
from visitor.core.classes import DataClass
from visitor.core.clock import FixedClock
from visitor.core.errors import NotFound
from visitor.core.jobs import Tasks, run_all
from visitor.core.models import Job
from visitor.core.permissions import Purpose
from visitor.core.work import Runtime
from visitor.people.models import PersonalRecord
from visitor.sites.models import Camera, CameraKind


def tasks() -> Tasks:
    known = Tasks()
    known.add("cctv.take_still", take_still)
    return known


def scanned(runtime: Runtime, **camera: Any) -> tuple[UUID, UUID]:
    """Scan a badge at a door that one camera sees; return the event's and the camera's id."""
    with runtime.transaction(SYSTEM) as work:
        at = scenes.door(work)
        seeing = factories.camera(work, at.site, (at.point,), **camera)
        return scenes.scan(work, at).id, seeing.id


def line(runtime: Runtime, event_id: UUID) -> StillLine:
    with runtime.reading(SYSTEM) as work:
        return queries.stills_of(work, [event_id])[event_id][0]


def left_jobs(runtime: Runtime) -> int:
    with runtime.reading(SYSTEM) as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(Job)) or 0


def picture(runtime: Runtime, event_id: UUID, camera_id: UUID) -> Image.Image:
    with runtime.transaction(SYSTEM) as work:
        return Image.open(io.BytesIO(queries.still_bytes(work, event_id, camera_id, Purpose.SECURITY_REVIEW)))


def test_a_camera_that_is_off_is_tried_three_times_and_then_missed(runtime: Runtime, clock: FixedClock) -> None:
    event_id, _camera_id = scanned(runtime, address=f"http://127.0.0.1:{free_port()}/still.jpg")
    tried = 0
    for _ in range(6):
        tried += run_all(runtime, tasks())
        clock.move(timedelta(seconds=8))

    assert tried == 3
    assert left_jobs(runtime) == 0
    assert (line(runtime, event_id).state, line(runtime, event_id).fault) == (StillState.MISSED, "unreachable")


def test_a_still_that_nobody_took_in_time_is_missed_without_asking_the_camera(
    runtime: Runtime, clock: FixedClock
) -> None:
    with http_camera(face()) as camera:
        event_id, _ = scanned(runtime, address=camera.snapshot_url)
        clock.move(timedelta(seconds=21))
        run_all(runtime, tasks())

        assert camera.requests == []
    assert (line(runtime, event_id).state, line(runtime, event_id).fault) == (StillState.MISSED, "too_late")


def test_a_camera_that_comes_back_in_time_gives_its_still(runtime: Runtime, clock: FixedClock) -> None:
    port = free_port()
    event_id, camera_id = scanned(runtime, address=f"http://127.0.0.1:{port}/snapshot.jpg")
    run_all(runtime, tasks())
    assert line(runtime, event_id).state is StillState.MISSED

    with http_camera(face()) as camera:
        with runtime.transaction(SYSTEM) as work:
            work.session.execute(sa.update(Camera).values(address=camera.snapshot_url))
        clock.move(timedelta(seconds=8))
        run_all(runtime, tasks())

    kept = line(runtime, event_id)
    assert (kept.state, kept.fault, kept.taken_at) == (StillState.KEPT, None, clock.now())
    assert difference(picture(runtime, event_id, camera_id), face()) < 4


@pytest.mark.parametrize("credentials", ["of nobody", None])
def test_a_sign_in_that_is_missing_or_refused_is_the_fault(runtime: Runtime, credentials: str | None) -> None:
    with http_camera(face(), fault=HttpFault.REFUSES) as camera:
        event_id, _ = scanned(runtime, address=camera.snapshot_url, credentials=credentials)
        run_all(runtime, tasks())

    assert line(runtime, event_id).fault == "refused_credentials"


def test_nothing_is_taken_for_an_event_that_was_erased(runtime: Runtime) -> None:
    with http_camera(face()) as camera:
        scanned(runtime, address=camera.snapshot_url)
        with runtime.transaction(SYSTEM) as work:
            work.session.execute(sa.delete(AccessEvent))
        run_all(runtime, tasks())

        assert camera.requests == []
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(Still)).all() == []


def test_a_still_is_sealed_bound_to_its_event_and_visit_and_due_with_the_log(runtime: Runtime) -> None:
    with http_camera(face()) as camera:
        event_id, _ = scanned(runtime, address=camera.snapshot_url)
        run_all(runtime, tasks())

    with runtime.reading(SYSTEM) as work:
        record = work.session.scalars(sa.select(PersonalRecord)).one()
        event = work.session.scalars(sa.select(AccessEvent)).one()
    assert (record.data_class, record.subject_id, record.visit_id) == (
        DataClass.CCTV_STILL,
        event_id,
        event.visit_id,
    )
    assert b"\xff\xd8\xff" not in record.sealed
    assert record.latest_at == event.scanned_at + timedelta(days=28)
    assert record.due_at == record.latest_at


def test_a_still_past_its_time_is_not_found(runtime: Runtime, clock: FixedClock) -> None:
    with http_camera(face()) as camera:
        event_id, camera_id = scanned(runtime, address=camera.snapshot_url)
        run_all(runtime, tasks())
    clock.move(timedelta(days=28))

    with pytest.raises(NotFound):
        picture(runtime, event_id, camera_id)


def test_a_job_done_twice_takes_one_still(runtime: Runtime) -> None:
    with http_camera(face()) as camera:
        event_id, camera_id = scanned(runtime, address=camera.snapshot_url)
        for _ in range(2):
            take_still(runtime, {"event_id": str(event_id), "camera_id": str(camera_id)})

        assert len(camera.requests) == 1
    with runtime.reading(SYSTEM) as work:
        assert len(work.session.scalars(sa.select(PersonalRecord)).all()) == 1


def test_a_stranger_s_still_is_kept_without_a_visit(runtime: Runtime) -> None:
    with http_camera(face()) as camera:
        with runtime.transaction(SYSTEM) as work:
            at = scenes.door(work)
            seeing = factories.camera(work, at.site, (at.point,), address=camera.snapshot_url)
            event = scenes.scan(work, at, credential="not a badge")
        run_all(runtime, tasks())

    assert line(runtime, event.id).state is StillState.KEPT
    assert picture(runtime, event.id, seeing.id).format == "JPEG"


@pytest.mark.real
def test_an_rtsp_camera_gives_the_still_of_a_scan(runtime: Runtime, tmp_path: Path) -> None:
    with rtsp_camera(tmp_path, face()) as url:
        event_id, camera_id = scanned(runtime, kind=CameraKind.RTSP, address=url)
        run_all(runtime, tasks())

    assert line(runtime, event_id).state is StillState.KEPT
    assert difference(picture(runtime, event_id, camera_id), face()) < 12


def test_a_clip_link_holds_the_window_in_seconds(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        at = scenes.door(work)
        address = "https://recorder.example/clip?from={from_unix}&to={until_unix}"
        camera = factories.camera(work, at.site, (at.point,), clip_address=address)
        event = scenes.stored(work, scenes.scan(work, at).id)

        link = queries.clip_link(camera, event.clip_from_at, event.clip_until_at)

    begin = int(event.scanned_at.timestamp())
    assert link == f"https://recorder.example/clip?from={begin - 10}&to={begin + 20}"
