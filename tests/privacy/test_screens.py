"""The privacy officer's screens: who may see and do what, and that each page answers."""

from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import factories
from tests.conftest import ON_POSTGRES
from tests.privacy.house import put_visits
from tests.privacy.visitors import whole_visit
from tests.web import SignIn
from visitor.app.tasks import all_tasks
from visitor.core import jobs
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.people import operations as people
from visitor.privacy.models import Hold, PurgeRun, PurgeState, RetentionRule
from visitor.sites.models import Site
from visitor.visits.models import Visit

NOBODY = UUID(int=7)
PAGES = ("/privacy/", "/privacy/rules", "/privacy/holds", "/privacy/purges")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.RECEPTIONIST, 403),
        (Role.SECURITY, 403),
        (Role.PRIVACY_OFFICER, 200),
        (Role.ADMINISTRATOR, 200),
        (Role.AUDITOR, 200),
    ],
)
def test_each_role_sees_only_its_pages(sign_in: SignIn, site: Site, path: str, role: Role, status: int) -> None:
    assert sign_in(role).get(path).status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/privacy/rules"),
        ("post", f"/privacy/rules/{NOBODY}/end"),
        ("post", "/privacy/holds"),
        ("post", f"/privacy/holds/{NOBODY}/release"),
        ("get", "/privacy/purges/preview"),
        ("post", "/privacy/purges"),
        ("post", f"/privacy/purges/{NOBODY}/approve"),
        ("get", "/privacy/requests"),
        ("get", f"/privacy/requests/{NOBODY}/copy.json"),
        ("post", f"/privacy/requests/{NOBODY}/erase"),
        ("get", f"/privacy/requests/{NOBODY}/correct"),
        ("post", f"/privacy/requests/{NOBODY}/correct"),
        ("post", f"/privacy/requests/{NOBODY}/restrict"),
    ],
)
@pytest.mark.parametrize("role", [Role.RECEPTIONIST, Role.SECURITY, Role.ADMINISTRATOR, Role.AUDITOR])
def test_only_privacy_officers_change_anything(sign_in: SignIn, site: Site, method: str, path: str, role: Role) -> None:
    call: Callable[..., object] = getattr(sign_in(role), method)

    assert call(path).status_code == 403  # type: ignore[attr-defined]  # a response


def test_nobody_sees_anything_without_signing_in(client: FlaskClient, site: Site) -> None:
    assert client.get("/privacy/").status_code in {302, 403}


def test_an_officer_sets_a_shorter_rule(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    officer = sign_in(Role.PRIVACY_OFFICER)

    answer = officer.post(
        "/privacy/rules", data={"subject": "contact", "keep": "7", "unit": "days", "basis": "A week is enough"}
    )

    assert answer.status_code == 302
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(RetentionRule.keep_minutes)).all() == [7 * 24 * 60]
    page = officer.get("/privacy/rules").get_data(as_text=True)
    assert "7 days" in page
    assert "A week is enough" in page


def test_a_rule_longer_than_the_country_allows_is_refused_in_words(sign_in: SignIn, site: Site) -> None:
    answer = sign_in(Role.PRIVACY_OFFICER).post(
        "/privacy/rules", data={"subject": "contact", "keep": "91", "unit": "days", "basis": "We would like more"}
    )

    assert answer.status_code == 422
    assert "90 d" in answer.get_data(as_text=True)


def test_an_officer_of_one_site_changes_nothing_at_another(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    with runtime.transaction(SYSTEM) as work:
        other = factories.site(work)
        rule = RetentionRule(
            id=work.new_id(), site_id=other.id, subject="contact", keep_minutes=60, basis="theirs", set_at=work.now
        )
        work.session.add(rule)
    officer = sign_in(Role.PRIVACY_OFFICER, at=site)

    assert officer.post(f"/privacy/rules/{rule.id}/end").status_code == 404
    assert officer.get(f"/privacy/rules?site={other.number}").status_code == 404


def test_a_hold_is_placed_and_released_on_the_screen(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    visit = put_visits(runtime, site, 1, 3)[0].visit
    officer = sign_in(Role.PRIVACY_OFFICER)
    form = {"visit_id": str(visit.id), "reason": "claim", "reference": "2026-014", "review_on": "2026-05-01"}

    assert officer.post("/privacy/holds", data=form).status_code == 302
    assert "2026-014" in officer.get("/privacy/holds").get_data(as_text=True)
    with runtime.reading(SYSTEM) as work:
        hold = work.session.scalars(sa.select(Hold)).one()
    assert officer.post(f"/privacy/holds/{hold.id}/release").status_code == 302
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(Hold.released_at)).one() is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": "Mrs. Quirina Testvrouw"},
        {"review_on": "2027-03-01"},
        {"visit_id": "", "from_on": "", "until_on": ""},
        {"visit_id": "", "from_on": "2026-03-02", "until_on": "2026-03-01"},
    ],
)
def test_a_hold_that_cannot_be_is_refused_with_its_form(
    sign_in: SignIn, runtime: Runtime, site: Site, wrong: dict[str, str]
) -> None:
    visit = put_visits(runtime, site, 1, 3)[0].visit
    form = {"visit_id": str(visit.id), "reason": "claim", "reference": "2026-014", "review_on": "2026-05-01"} | wrong

    answer = sign_in(Role.PRIVACY_OFFICER).post("/privacy/holds", data=form)

    assert answer.status_code == 422
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(Hold)).all() == []


def test_a_small_purge_started_on_the_screen_ends_with_a_certificate(
    sign_in: SignIn, runtime: Runtime, site: Site
) -> None:
    put_visits(runtime, site, 2, 40)
    officer = sign_in(Role.PRIVACY_OFFICER)
    assert "Would be erased" in officer.get("/privacy/purges/preview").get_data(as_text=True)

    answer = officer.post("/privacy/purges")
    jobs.run_all(runtime, all_tasks())

    page = officer.get(answer.location).get_data(as_text=True)
    assert "Traces looked for" in page
    facts = officer.get(f"{answer.location}/certificate.json").get_json()
    assert ON_POSTGRES or facts["scan"]["hits"] == 0
    assert facts["erased_rows"] == facts["planned"] > 0
    assert "Done" in officer.get("/privacy/purges").get_data(as_text=True)
    assert officer.get("/privacy/").status_code == 200


def test_a_large_purge_needs_a_second_person(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    put_visits(runtime, site, 25, 40)
    first, second = sign_in(Role.PRIVACY_OFFICER), sign_in(Role.PRIVACY_OFFICER)
    place = first.post("/privacy/purges").location
    jobs.run_all(runtime, all_tasks())
    with runtime.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(PurgeRun.state)).all() == [PurgeState.NEEDS_APPROVAL]
        assert len(work.session.scalars(sa.select(Visit.id)).all()) == 25

    assert first.post(f"{place}/approve").status_code == 409
    assert "Approve" not in first.get(place).get_data(as_text=True)
    assert "Approve" in second.get(place).get_data(as_text=True)
    assert second.post(f"{place}/approve").status_code == 302
    jobs.run_all(runtime, all_tasks())

    with runtime.reading(SYSTEM) as work:
        assert work.session.scalars(sa.select(PurgeRun.state)).all() == [PurgeState.DONE]
        assert work.session.scalars(sa.select(Visit.id)).all() == []
        assert second.get(place).status_code == 200


def test_a_visitor_gets_a_copy_of_everything_and_each_opening_is_audited(
    sign_in: SignIn, runtime: Runtime, site: Site
) -> None:
    whole = put_visits(runtime, site, 1, 0.5)[0]
    officer = sign_in(Role.PRIVACY_OFFICER)
    assert whole.name in officer.get("/privacy/requests?words=quirina").get_data(as_text=True)
    assert officer.get(f"/privacy/requests/{whole.visit.id}").status_code == 200

    copy = officer.get(f"/privacy/requests/{whole.visit.id}/copy.json").get_json()

    assert copy["data"]["contact"]["name"] == whole.name
    assert copy["data"]["photo"]["jpeg_base64"]
    assert len(copy["scans"]) == 1
    assert any(line["class"] == "cctv_still" and not line["copied"] for line in copy["kept_until"])
    again = officer.get(f"/privacy/requests/{whole.visit.id}/copy.json").get_json()
    assert {"people.open", "request.copy"} <= {line["action"] for line in again["consultations"]}


def test_a_visit_is_erased_on_request(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    whole = put_visits(runtime, site, 1, 0.5)[0]
    form = {"reason": "request", "reference": "R-7"}

    answer = sign_in(Role.PRIVACY_OFFICER).post(f"/privacy/requests/{whole.visit.id}/erase", data=form)

    assert answer.status_code == 302
    with runtime.reading(SYSTEM) as work:
        assert work.session.get(Visit, whole.visit.id) is None


def test_a_held_or_restricted_visit_is_not_erased_on_request(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    held, restricted = put_visits(runtime, site, 2, 0.5)
    officer = sign_in(Role.PRIVACY_OFFICER)
    hold = {"visit_id": str(held.visit.id), "reason": "claim", "reference": "2026-014", "review_on": "2026-05-01"}
    officer.post("/privacy/holds", data=hold)
    with runtime.transaction(SYSTEM) as work:
        people.restrict(work, restricted.visit.id, True)

    for visit_id in (held.visit.id, restricted.visit.id):
        answer = officer.post(f"/privacy/requests/{visit_id}/erase", data={"reason": "request", "reference": "R-7"})
        assert answer.status_code == 409
        assert_still_there(runtime, visit_id)


def test_somebody_on_site_is_not_erased(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    with runtime.transaction(SYSTEM) as work:
        here = whole_visit(work, site)

    answer = sign_in(Role.PRIVACY_OFFICER).post(
        f"/privacy/requests/{here.visit.id}/erase", data={"reason": "request", "reference": "R-7"}
    )

    assert answer.status_code == 409
    assert_still_there(runtime, here.visit.id)


def test_the_audit_trail_names_staff_and_no_visitor(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    whole = put_visits(runtime, site, 1, 0.5)[0]
    officer = sign_in(Role.PRIVACY_OFFICER)
    officer.get(f"/privacy/requests/{whole.visit.id}/copy.json")
    for periodic in all_tasks().periodic:
        if periodic.name == "ledger.sequence":
            periodic.task(runtime, {})

    page = officer.get("/privacy/audit").get_data(as_text=True)

    assert "Copy made for a visitor" in page
    assert "Request of a visitor" in page
    assert "Some Body" in page
    assert whole.name not in page
    assert "Copy made" not in officer.get("/privacy/audit?until=2020-01-01").get_data(as_text=True)
    assert "Copy made" in officer.get(f"/privacy/audit?of={site.id}").get_data(as_text=True)


def test_data_is_restricted_and_shown_again(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    whole = put_visits(runtime, site, 1, 0.5)[0]
    officer, address = sign_in(Role.PRIVACY_OFFICER), f"/privacy/requests/{whole.visit.id}"

    assert officer.post(f"{address}/restrict", data={"restricted": "1"}).status_code == 302
    assert "Lift the restriction" in officer.get(address).get_data(as_text=True)
    assert officer.get(f"{address}/correct").status_code == 409
    assert officer.post(f"{address}/restrict", data={"restricted": "0"}).status_code == 302
    assert officer.get(f"{address}/correct").status_code == 200


def test_data_is_corrected_on_request(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    whole = put_visits(runtime, site, 1, 0.5)[0]
    officer, address = sign_in(Role.PRIVACY_OFFICER), f"/privacy/requests/{whole.visit.id}/correct"
    assert officer.post(address, data={"name": ""}).status_code == 422

    assert officer.post(address, data={"name": "Quirina Right"}).status_code == 302

    assert "Quirina Right" in officer.get(address).get_data(as_text=True)


def assert_still_there(runtime: Runtime, visit_id: UUID) -> None:
    with runtime.reading(SYSTEM) as work:
        assert work.session.get(Visit, visit_id) is not None
