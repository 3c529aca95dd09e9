"""Who may do what at the desk: role by route, foreign sites, missing tokens, and the live stream."""

import re
import threading
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.desk.conftest import Desk, SignIn, expected
from tests.reception import arrivals
from visitor.core.actors import SYSTEM
from visitor.core.live import Changes, event_stream
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.visits import operations as visit_operations
from visitor.visits import queries as visits
from visitor.visits.models import HelpRequest, VisitState

R, S = Role.RECEPTIONIST, Role.SECURITY
RULES: dict[tuple[str, str], frozenset[Role]] = {
    ("GET", "/desk/"): frozenset({R, S}),
    ("GET", "/desk/live/list"): frozenset({R, S}),
    ("GET", "/desk/live/events"): frozenset({R, S}),
    ("GET", "/desk/print"): frozenset({R, S}),
    ("GET", "/desk/hosts"): frozenset({R}),
    ("GET", "/desk/sign-in"): frozenset({R}),
    ("POST", "/desk/sign-in"): frozenset({R}),
    ("GET", "/desk/expect"): frozenset({R}),
    ("POST", "/desk/expect"): frozenset({R}),
    ("GET", "/desk/expect-group"): frozenset({R}),
    ("POST", "/desk/expect-group"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/invite"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/uninvite"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/forget"): frozenset({R}),
    ("GET", "/desk/visits/<uuid:visit_id>"): frozenset({R, S}),
    ("GET", "/desk/visits/<uuid:visit_id>/correct"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/correct"): frozenset({R}),
    ("GET", "/desk/visits/<uuid:visit_id>/photo.jpg"): frozenset({R, S}),
    ("GET", "/desk/visits/<uuid:visit_id>/sign-in"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/sign-in"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/sign-out"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/id-seen"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/cancel"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/reprint"): frozenset({R}),
    ("POST", "/desk/visits/<uuid:visit_id>/revoke"): frozenset({R, S}),
    ("POST", "/desk/help/<uuid:request_id>"): frozenset({R}),
    ("POST", "/desk/several"): frozenset({R, S}),
    ("POST", "/desk/undo"): frozenset({R}),
}
OF_A_VISIT = [key for key in RULES if "visit_id" in key[1] or "request_id" in key[1]]
POSTS = [path for method, path in RULES if method == "POST"]


def methods(rule: Rule) -> set[str]:
    return set(rule.methods or ()) - {"HEAD", "OPTIONS"}


def rows(runtime: Runtime, here: arrivals.Place) -> dict[str, UUID]:
    """A visitor who is here, one who is expected, and a call for help."""
    with runtime.transaction(SYSTEM) as work:
        call = HelpRequest(
            id=work.new_id(), site_id=here.site.id, kiosk_id=uuid4(), step="photo", language="en", asked_at=work.now
        )
        work.session.add(call)
        present = here.sign_in(work, photo=arrivals.in_base64(arrivals.portrait())).visit_id
        return {"present": present, "expected": expected(work, here).id, "call": call.id}


def address(path: str, ids: dict[str, UUID]) -> str:
    of_expected = path.endswith(("/cancel", "}/sign-in", ">/sign-in"))
    visit_id = ids["expected"] if of_expected else ids["present"]
    return path.replace("<uuid:visit_id>", str(visit_id)).replace("<uuid:request_id>", str(ids["call"]))


def asked(browser: FlaskClient, method: str, path: str, ids: dict[str, UUID]) -> int:
    with browser.open(
        address(path, ids), method=method, data={"reason": "lost"} if method == "POST" else None
    ) as answer:
        return answer.status_code


def test_table_names_every_route_of_the_desk(app: Flask) -> None:
    routes = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/desk")]
    assert {(method, rule.rule) for rule in routes for method in methods(rule)} == RULES.keys()


@pytest.mark.parametrize("role", list(Role))
def test_role_reaches_exactly_the_routes_of_the_table(
    role: Role, runtime: Runtime, here: arrivals.Place, sign_in: SignIn
) -> None:
    ids, browser = rows(runtime, here), sign_in(role, at=here.site)
    for (method, path), allowed in RULES.items():
        status = asked(browser, method, path, ids)
        assert (status != 403) is (role in allowed), (method, path, status)
        assert status < 500


@pytest.mark.parametrize(("method", "path"), OF_A_VISIT)
def test_visit_of_another_site_does_not_exist(
    method: str, path: str, desk: Desk, runtime: Runtime, sign_in: SignIn
) -> None:
    with runtime.transaction(SYSTEM) as work:
        elsewhere = arrivals.place(work)
    ids = rows(runtime, elsewhere)
    both = sign_in(Role.RECEPTIONIST, Role.SECURITY, at=desk.here.site)

    assert asked(both, method, path, ids) == 404

    with runtime.reading(SYSTEM) as work:
        assert visits.visit(work, ids["present"]).state is VisitState.ON_SITE
        assert visits.visit(work, ids["expected"]).state is VisitState.EXPECTED
        assert work.session.get_one(HelpRequest, ids["call"]).answered_at is None


@pytest.mark.parametrize(("method", "path"), list(RULES))
def test_stranger_is_sent_to_sign_in_or_refused(
    method: str, path: str, client: FlaskClient, runtime: Runtime, here: arrivals.Place
) -> None:
    assert asked(client, method, path, rows(runtime, here)) in {302, 403}


@pytest.mark.parametrize("path", POSTS)
def test_form_without_its_token_is_refused_and_nothing_happens(
    path: str, app: Flask, desk: Desk, runtime: Runtime
) -> None:
    ids = rows(runtime, desk.here)
    app.config["WTF_CSRF_ENABLED"] = True

    assert asked(desk.browser, "POST", path, ids) == 400

    with runtime.reading(SYSTEM) as work:
        assert visits.visit(work, ids["present"]).state is VisitState.ON_SITE
        assert visits.visit(work, ids["expected"]).state is VisitState.EXPECTED
        assert work.session.get_one(HelpRequest, ids["call"]).answered_at is None


def test_form_with_its_token_is_taken(app: Flask, desk: Desk) -> None:
    visit_id = desk.visitor()
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token" value="([^"]+)"', desk.page(f"/desk/visits/{visit_id}"))
    assert token is not None
    answer = desk.browser.post(f"/desk/visits/{visit_id}/sign-out", data={"csrf_token": token[1]})
    assert answer.status_code == 302


def test_live_stream_tells_of_a_sign_in(desk: Desk) -> None:
    answer = desk.browser.get("/desk/live/events", buffered=False)
    assert answer.mimetype == "text/event-stream"
    stream = iter(answer.response)
    assert b"ready" in next(stream)
    heard: list[object] = []
    listener = threading.Thread(target=lambda: heard.append(next(stream)), daemon=True)
    listener.start()

    desk.visitor()

    listener.join(10)
    assert heard
    assert b"event: changed" in heard[0]  # type: ignore[operator]  # as above
    desk.runtime.changes.close()
    answer.close()


def test_change_at_another_site_wakes_nobody(desk: Desk) -> None:
    seen = desk.runtime.changes.count(desk.here.site.id)
    with desk.runtime.transaction(SYSTEM) as work:
        visit_operations.ask_help(work, uuid4(), arrivals.place(work).site.id, "photo", "en")
    assert desk.runtime.changes.count(desk.here.site.id) == seen


def test_change_that_is_rolled_back_wakes_nobody(desk: Desk) -> None:
    seen = desk.runtime.changes.count(desk.here.site.id)

    def failing() -> None:
        with desk.runtime.transaction(SYSTEM) as work:
            desk.here.sign_in(work)
            raise LookupError

    with pytest.raises(LookupError):
        failing()
    assert desk.runtime.changes.count(desk.here.site.id) == seen


def test_stream_that_finds_no_room_says_so_and_ends() -> None:
    changes, here = Changes(), UUID(int=1)
    changes.most_pages = 1
    first = event_stream(changes, here, beats=1, beat_seconds=0.01)
    assert "event: ready" in next(first)

    assert list(event_stream(changes, here)) == ["retry: 15000\nevent: changed\ndata: \n\n"]

    first.close()
    assert "event: ready" in next(event_stream(changes, here)), "there is room again"


def test_stream_ends_when_the_process_ends() -> None:
    changes = Changes()
    stream = event_stream(changes, UUID(int=1), beats=3, beat_seconds=0.01)
    assert [next(stream)[:5] for _ in range(2)] == ["retry", ": sti"]
    changes.close()
    assert list(stream) == []
