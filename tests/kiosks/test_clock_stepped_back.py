"""The server's clock is set back by an hour: everybody gets a clear answer, and nothing is lost or out of order."""

from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.access import scenes
from tests.access.scenes import TOKEN
from tests.kiosks.conftest import Reception
from visitor.access.models import AccessEvent
from visitor.badges import queries as badges
from visitor.badges.models import Badge
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.work import Runtime
from visitor.ledger import operations as ledger
from visitor.ledger import queries as ledger_queries
from visitor.ledger.audit import Verdict
from visitor.sites.models import Zone
from visitor.visits.models import Visit

STEP = timedelta(hours=1)


def test_kiosk_is_told_the_time_and_its_visitor_is_signed_in(hall: Reception, clock: FixedClock) -> None:
    early = hall.sign_in().get_json()
    clock.move(-STEP)
    hall.kiosk.ahead = STEP

    late = hall.sign_in_body(name="Grace Hopper")
    refused = hall.kiosk.post("/sign-ins", late)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (401, "clock_skew")
    hall.kiosk.ahead -= STEP  # as the app does with the time that the answer tells
    signed_in = [hall.kiosk.post("/sign-ins", late) for _ in range(2)]

    assert [answer.status_code for answer in signed_in] == [201, 201]
    ids = {UUID(early["visit_id"]), *(UUID(answer.get_json()["visit_id"]) for answer in signed_in)}
    with hall.kiosk.runtime.reading(SYSTEM) as work:
        assert set(work.session.scalars(sa.select(Visit.id))) == ids


def test_badge_made_before_the_step_is_answered_and_each_scan_is_kept_in_order(
    hall: Reception, runtime: Runtime, client: FlaskClient, clock: FixedClock
) -> None:
    visit_id = UUID(hall.sign_in().get_json()["visit_id"])
    with runtime.transaction(SYSTEM) as work:
        badge = work.session.scalars(sa.select(Badge).where(Badge.visit_id == visit_id)).one()
        token = badges.token_of(work, badge, hall.site.number)
        zones = sa.select(Zone.id).where(Zone.site_id == hall.site.id).order_by(Zone.position)
        lobby = work.session.scalars(zones).first()
        point = factories.access_point(work, hall.site, to_zone_id=lobby)
        scenes.add_device(work, hall.site, TOKEN)

    def reason() -> str:
        scan = {
            "scan_id": str(uuid4()),
            "access_point_id": str(point.id),
            "credential": token,
            "scanned_at": clock.now().isoformat(),
        }
        answer = client.post("/api/v1/scans", json=scan, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 201
        return str(answer.get_json()["reason"])

    usual = reason()
    clock.move(-STEP)
    assert reason() == "not_yet_active"
    clock.move(STEP)
    assert reason() == usual

    with runtime.transaction(SYSTEM) as work:
        ledger.sequence(work)
        ledger.checkpoint(work)
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(AccessEvent)) == 3
    with runtime.reading(SYSTEM) as work:
        assert ledger_queries.verify(work).verdict is Verdict.GOOD
