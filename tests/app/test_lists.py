"""Lists of the administration: the address says what is shown, and in which order."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.conftest import MONDAY
from tests.web import SignIn
from visitor.accounts import queries as accounts
from visitor.accounts.models import DeviceToken
from visitor.badges.models import BadgeSize, Printer
from visitor.core.actors import SYSTEM
from visitor.core.ids import token_hash
from visitor.core.permissions import Role
from visitor.core.sorting import Sort
from visitor.core.work import Runtime, Work
from visitor.privacy import queries as privacy
from visitor.privacy.models import Hold, PurgeRun, PurgeState
from visitor.sites.models import CameraKind, Site


@pytest.fixture
def site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work)


def heads(browser: FlaskClient, address: str) -> list[str]:
    """The names of the rows, in order."""
    answer = browser.get(address)
    assert answer.status_code == 200, address
    found = re.findall(r'<th role="rowheader".*?</th>', answer.get_data(as_text=True), re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", "", head)).strip() for head in found]


def test_accounts_are_narrowed_and_sorted(sign_in: SignIn, runtime: Runtime) -> None:
    admin = sign_in(Role.ADMINISTRATOR)
    with runtime.transaction(SYSTEM) as work:
        factories.account(work, Role.SECURITY, sign_in_name="zed", display_name="Ada")
        factories.account(work, Role.SECURITY, sign_in_name="abe", display_name="Zoe", disabled_at=work.now)

    address = "/admin/accounts?role=security"
    assert heads(admin, address) == ["Zoe", "Ada"]
    assert heads(admin, f"{address}&sort=name") == ["Ada", "Zoe"]
    assert heads(admin, f"{address}&sort=name&order=desc") == ["Zoe", "Ada"]
    assert heads(admin, f"{address}&sort=password_hash") == ["Zoe", "Ada"]
    assert heads(admin, f"{address}&state=disabled") == ["Zoe"]
    assert heads(admin, f"{address}&state=active") == ["Ada"]


@pytest.mark.parametrize("sort", [Sort("name"), Sort("name", descending=True), Sort("login", descending=True)])
def test_pages_of_sorted_accounts_leave_nobody_out(work: Work, sort: Sort) -> None:
    count = accounts.PAGE_ROWS + 7
    for number in range(count):
        factories.account(work, sign_in_name=f"many{number:03}", display_name=f"Name {number % 5}")

    wanted = accounts.AccountFilter("many", sort=sort)
    first, after = accounts.accounts(work, wanted)
    rest, end = accounts.accounts(work, wanted, after)

    assert end is None
    seen = [line.account.sign_in_name for line in [*first, *rest]]
    assert len(seen) == len(set(seen)) == count


def test_hosts_are_found_and_sorted(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    admin = sign_in(Role.ADMINISTRATOR)
    with runtime.transaction(SYSTEM) as work:
        for name, email in (("Ada", "z@x.example"), ("Bob", "y@x.example")):
            factories.host(work, site, name=name, email=email)

    assert heads(admin, "/admin/hosts/") == ["Ada", "Bob"]
    assert heads(admin, "/admin/hosts/?sort=email") == ["Bob", "Ada"]
    assert heads(admin, "/admin/hosts/?words=z@") == ["Ada"]
    assert heads(admin, "/admin/hosts/?words=%25") == []


def test_devices_are_narrowed_and_sorted(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    admin = sign_in(Role.ADMINISTRATOR)
    with runtime.transaction(SYSTEM) as work:
        other = factories.site(work)
        for name, at in (("Gate", site), ("Door", other)):
            row = DeviceToken(
                id=work.new_id(), name=name, site_id=at.id, token_hash=token_hash(name), created_at=work.now
            )
            work.session.add(row)

    assert heads(admin, "/admin/devices?sort=name&order=desc") == ["Gate", "Door"]
    assert heads(admin, f"/admin/devices?of={other.id}") == ["Door"]


def test_holds_are_narrowed_and_sorted(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    officer = sign_in(Role.PRIVACY_OFFICER)
    with runtime.transaction(SYSTEM) as work:
        for reason, days, released in (("claim", 30, False), ("audit", 60, False), ("incident", 10, True)):
            row = Hold(
                id=work.new_id(),
                site_id=site.id,
                from_on=MONDAY.date(),
                until_on=MONDAY.date(),
                reason=reason,
                reference="",
                owner_id=work.new_id(),
                review_on=(MONDAY + timedelta(days=days)).date(),
                placed_at=work.now,
                released_at=work.now if released else None,
            )
            work.session.add(row)

    assert heads(officer, "/privacy/holds") == ["Legal claim", "Audit", "Incident on the site"]
    assert heads(officer, "/privacy/holds?sort=reason") == ["Audit", "Legal claim", "Incident on the site"]
    assert heads(officer, "/privacy/holds?state=released") == ["Incident on the site"]
    assert heads(officer, "/privacy/holds?state=active&sort=review&order=desc") == ["Audit", "Legal claim"]


def run_of(work: Work, hours: int, erased: int, state: PurgeState = PurgeState.DONE) -> PurgeRun:
    at = work.now - timedelta(hours=hours)
    row = PurgeRun(id=work.new_id(), state=state, began_at=at, cut_off_at=at, erased=erased)
    work.session.add(row)
    work.session.flush()
    return row


@pytest.mark.parametrize("sort", [Sort("erased"), Sort("erased", descending=True), privacy.NEWEST_FIRST])
def test_pages_of_sorted_purges_leave_none_out(work: Work, sort: Sort) -> None:
    made = {run_of(work, number, number % 3).id for number in range(privacy.PAGE_ROWS + 4)}

    first = privacy.runs(work, state=PurgeState.DONE, sort=sort)
    rest = privacy.runs(work, first.older, PurgeState.DONE, sort)

    assert rest.older is None
    seen = [row.id for row in [*first.rows, *rest.rows]]
    assert len(seen) == len(made)
    assert set(seen) == made


def test_purges_are_narrowed_by_state(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    officer = sign_in(Role.PRIVACY_OFFICER, at=site)
    with runtime.transaction(SYSTEM) as work:
        run_of(work, 1, 5)
        run_of(work, 2, 7, PurgeState.FAILED)

    assert len(heads(officer, "/privacy/purges")) == 2
    assert len(heads(officer, "/privacy/purges?state=failed")) == 1
    assert len(heads(officer, "/privacy/purges?state=nonsense&sort=erased&order=desc")) == 2


def test_printers_are_narrowed_by_how_they_are(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    admin = sign_in(Role.ADMINISTRATOR)
    with runtime.transaction(SYSTEM) as work:
        for name, fault in (("Lobby", None), ("Gate", "media-empty")):
            row = Printer(
                id=work.new_id(), site_id=site.id, name=name, uri="ipp://x.example", size=BadgeSize.LABEL, fault=fault
            )
            work.session.add(row)

    assert heads(admin, "/admin/printers/") == ["Gate", "Lobby"]
    assert heads(admin, "/admin/printers/?state=faulty") == ["Gate"]
    assert heads(admin, "/admin/printers/?state=ready") == ["Lobby"]


def test_cameras_are_narrowed_by_kind(sign_in: SignIn, runtime: Runtime, site: Site) -> None:
    admin = sign_in(Role.ADMINISTRATOR)
    with runtime.transaction(SYSTEM) as work:
        factories.camera(work, site, name="Hall", kind=CameraKind.RTSP)
        factories.camera(work, site, name="Yard", kind=CameraKind.MJPEG)

    address = f"/admin/sites/{site.id}/cameras"
    assert heads(admin, address) == ["Hall", "Yard"]
    assert heads(admin, f"{address}?of=mjpeg") == ["Yard"]
    assert heads(admin, f"{address}?of=http_snapshot") == []
