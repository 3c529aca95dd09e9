"""The demo is made by the product's own operations, so everything that holds for an installation holds for it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from tests.conftest import MONDAY
from visitor.access.models import AccessEvent
from visitor.accounts import passwords
from visitor.accounts import queries as accounts
from visitor.app.demo import house, today
from visitor.app.demo.history import Cast, Script
from visitor.app.demo.scenes import WALLS, camera_picture
from visitor.app.demo.staff import STAFF, entrances
from visitor.app.drawn import drawn_photo
from visitor.app.runtime import open_runtime
from visitor.cctv.models import Still, StillState
from visitor.cli import main
from visitor.core.actors import SYSTEM
from visitor.core.settings import load_settings
from visitor.core.work import Runtime, Work
from visitor.imaging.decoding import decode_photo
from visitor.imaging.portrait import prepare_portrait
from visitor.ledger import queries as ledger
from visitor.ledger.audit import Verdict
from visitor.privacy.models import Hold, PurgeRun, PurgeState
from visitor.sites import queries as sites
from visitor.visits import queries as visits


def demo(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["demo", *arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "demo"
    result = demo(str(folder), "--days", "10", "--no-serve")
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def demo_runtime(made: Path) -> Iterator[Runtime]:
    opened = open_runtime(load_settings(made / "config.toml"))
    yield opened
    opened.close()


@pytest.fixture
def demo_work(demo_runtime: Runtime) -> Iterator[Work]:
    with demo_runtime.reading(SYSTEM) as work:
        yield work


def test_some_are_on_site_some_are_late_out_and_some_are_expected(demo_work: Work) -> None:
    place = sites.site_numbered(demo_work, 1)
    here = [visits.visit(demo_work, visit_id) for visit_id in visits.on_site_ids(demo_work, place.id)]
    expected = visits.board(demo_work, place, demo_work.now).expected

    assert len(here) >= 10
    assert all(visit.arrived_at and visit.arrived_at <= demo_work.now for visit in here)
    assert expected


@pytest.mark.parametrize("seconds", [0, 1, 6, 3600])
def test_somebody_is_on_site_from_the_first_second_of_the_day(work: Work, seconds: int) -> None:
    places = [house.build_havenstad(work, "http://127.0.0.1:9"), house.build_singapore(work)]
    midnight, _end = visits.local_day(MONDAY, ZoneInfo(places[0].site.time_zone))
    now = midnight + timedelta(seconds=seconds)
    script = Script()

    today.add(script, Cast(places, {place.site.id: SYSTEM for place in places}, SYSTEM, []), now, seed=7)

    large = [stay.planned.arrives_at for stay in script.stays if stay.place is places[0]]
    assert len(large) == len(today.ON_SITE + today.OVERDUE)
    assert all(midnight <= arrives_at <= now for arrives_at in large)


def test_doors_refused_some_and_recent_scans_have_pictures(demo_work: Work) -> None:
    reasons = set(demo_work.session.scalars(sa.select(AccessEvent.reason).where(AccessEvent.granted.is_(False))))
    kept = demo_work.session.scalar(sa.select(sa.func.count()).where(Still.state == StillState.KEPT))

    assert len(reasons) >= 3
    assert kept


def test_the_ledger_of_the_demo_verifies(demo_work: Work) -> None:
    assert ledger.verify(demo_work).verdict is Verdict.GOOD


def test_each_night_was_purged_with_a_certificate_and_one_visit_is_held(demo_work: Work) -> None:
    runs = demo_work.session.scalars(sa.select(PurgeRun)).all()

    assert len(runs) >= 8
    assert {run.state for run in runs} == {PurgeState.DONE}
    assert all(run.certificate for run in runs)
    assert sum(run.erased for run in runs) > 0
    assert demo_work.session.scalar(sa.select(sa.func.count()).select_from(Hold)) == 1


def test_staff_get_one_time_passwords_until_they_choose_their_own(demo_runtime: Runtime) -> None:
    first = {entrance.sign_in_name: entrance.password for entrance in entrances(demo_runtime)}
    with demo_runtime.transaction(SYSTEM) as work:
        account = accounts.account_named(work, "auditor")
        assert account is not None
        assert passwords.verify(account.password_hash, first["auditor"] or "")
        account.must_change_password = False
    second = {entrance.sign_in_name: entrance.password for entrance in entrances(demo_runtime)}

    assert set(first) == {member.sign_in_name for member in STAFF}
    assert second["auditor"] is None
    assert second["reception"] not in {None, first["reception"]}


def test_a_second_call_keeps_what_is_there(made: Path) -> None:
    before = (made / "master.key").read_bytes()

    result = demo(str(made), "--no-serve")

    assert result.exit_code == 0, result.output
    assert "pairing code" in result.output
    assert (made / "master.key").read_bytes() == before


@pytest.mark.parametrize("options", [[], ["--fresh"]])
def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    result = demo(str(tmp_path), "--no-serve", *options)

    assert result.exit_code == 1
    assert "nothing was changed" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("camera", sorted(WALLS))
def test_a_camera_picture_is_a_picture(camera: str) -> None:
    assert decode_photo(camera_picture(camera, MONDAY, 3)).size == (640, 360)


def test_a_drawn_face_passes_the_check_of_photos() -> None:
    portrait = prepare_portrait(drawn_photo(0))

    assert decode_photo(portrait.jpeg).size == (480, 600)
