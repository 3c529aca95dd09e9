"""Every name arrives unharmed wherever it is shown, printed, sent, exported or looked for.

Each is typed at a kiosk, and then read back from the reception's board, its search, the visit's page, the printed
lists, the badge, the mail to the host, the access log, its export and the roll call.
"""

import csv
import html
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from PIL import Image

from tests import factories, samples
from tests.access import scenes
from tests.access.scenes import Door
from tests.corpus.names import NAMES
from tests.kiosks.conftest import Reception, reception_at
from tests.real.mail import MailSink, mail_sink
from tests.web import PASSWORD
from visitor.accounts import passwords
from visitor.app.factory import create_app
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.badges import queries as badges
from visitor.badges.models import Badge
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.i18n import best_language, languages
from visitor.core.jobs import Tasks, run_all
from visitor.core.names import clean_line
from visitor.core.permissions import Role
from visitor.core.settings import load_settings
from visitor.logbook.export import safe_cell
from visitor.reception.tasks import tell_host
from visitor.sites.models import Zone
from visitor.visits.models import Visit

TRAPS = (
    "Jose\u0301 A\u0308nderung",
    "Ada \u202egnp.exe\u202c Lovelace",
    "Zero\u200bWidth\u2060 Mark\ufeff",
    "Bell\u0007 Return\r\nTab\tName",
    '=HYPERLINK("http://evil.example") Sum',
    "@import Name",
    "<b>Bold</b> & <script>alert(1)</script>",
    "{{ 7 * 7 }} Template %(name)s {name}",
    "Robert'); DROP TABLE visit;--",
    '\\u0041 Back\\slash "Quoted"',
)
"""What people type who mean no good, or whose keyboard composes letters in another way."""
TYPED = (*(name.text for name in NAMES), *TRAPS)
HARMFUL = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069\u200e\u200f\ufeff]")


@dataclass(slots=True)
class Morning:
    """A site where everybody of the list has come in and passed the door."""

    runtime: OpenRuntime
    hall: Reception
    desk: FlaskClient
    security: FlaskClient
    sink: MailSink
    visits: dict[str, UUID]
    """By the name as it should be read."""


@pytest.fixture
def morning(tmp_path: Path, template: Callable[[Path], str], clock: FixedClock) -> Iterator[Morning]:
    with mail_sink() as sink:
        mail = f'[mail]\nhost = "{sink.host}"\nport = {sink.port}\nsender = "Visitors <visitors@northwind.example>"\n'
        path = samples.write_settings(tmp_path, database_url=template(tmp_path), more=mail + 'encryption = "none"\n')
        runtime = open_runtime(load_settings(path), clock=clock)
        app = create_app(runtime)
        app.config["WTF_CSRF_ENABLED"] = False
        hall = reception_at(app, runtime)
        visits: dict[str, UUID] = {}
        for number, typed in enumerate(TYPED):
            speaks = best_language(NAMES[number].language if number < len(NAMES) else "en", languages(), "en")
            answer = hall.sign_in(name=typed, language=speaks)
            assert answer.status_code == 201, (typed, answer.get_data(as_text=True))
            visits[clean_line(typed)] = UUID(answer.get_json()["visit_id"])
        _pass_the_door(runtime, hall)
        desk, security = (
            _browser(runtime, app.test_client(), hall, role) for role in (Role.RECEPTIONIST, Role.SECURITY)
        )
        yield Morning(runtime, hall, desk, security, sink, visits)
        runtime.close()


def _browser(runtime: OpenRuntime, browser: FlaskClient, hall: Reception, role: Role) -> FlaskClient:
    with runtime.transaction(SYSTEM) as work:
        account = factories.account(work, role, at=hall.site, password_hash=passwords.quick_hash(PASSWORD))
    answer = browser.post("/sign-in", data={"login_name": account.sign_in_name, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def _pass_the_door(runtime: OpenRuntime, hall: Reception) -> None:
    with runtime.transaction(SYSTEM) as work:
        zone = work.session.scalars(sa.select(Zone)).one()
        point = factories.access_point(work, hall.site, to_zone_id=zone.id)
        device = scenes.add_device(work, hall.site)
        for badge in work.session.scalars(sa.select(Badge)).all():
            token = badges.token_of(work, badge, hall.site.number)
            visit = work.session.get_one(Visit, badge.visit_id)
            scenes.scan(work, Door(hall.site, zone, point, device, visit, badge, token))


def read(browser: FlaskClient, path: str) -> str:
    """What a page says, its text as a browser would show it."""
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.get_data(as_text=True)[:500])
    text = answer.get_data(as_text=True)
    assert not HARMFUL.search(text), path
    return html.unescape(text)


def test_the_list_covers_many_scripts() -> None:
    scripts = {unicodedata.name(letter).split()[0] for name in NAMES for letter in name.text if letter.isalpha()}
    assert len(scripts) >= 35, scripts


def test_reception_reads_and_finds_every_name(morning: Morning) -> None:
    board, printed = read(morning.desk, "/desk/"), read(morning.desk, "/desk/print")
    for name, visit_id in morning.visits.items():
        assert name in board, name
        assert name in printed, name
        assert name in read(morning.desk, f"/desk/visits/{visit_id}"), name
        assert name in read(morning.desk, f"/desk/?q={quote(name)}"), name


def test_every_name_is_drawn_on_its_badge(morning: Morning) -> None:
    for name, visit_id in morning.visits.items():
        pdf, png = (morning.desk.get(f"/badges/{visit_id}.{kind}") for kind in ("pdf", "png"))
        assert (pdf.status_code, pdf.data[:5]) == (200, b"%PDF-"), name
        with Image.open(io.BytesIO(png.data)) as drawn:
            assert drawn.width > 300, name


def test_every_name_reaches_the_host_by_mail(morning: Morning) -> None:
    tasks = Tasks()
    tasks.add("notify.host", tell_host)
    for kind in ("privacy.due", "badges.print"):
        tasks.add(kind, lambda _runtime, _payload: None)
    run_all(morning.runtime, tasks)

    subjects = [str(message["Subject"]) for message in morning.sink.messages]
    for name in morning.visits:
        assert any(name in subject for subject in subjects), name
    for message in morning.sink.messages:
        assert not HARMFUL.search(message.get_content() + str(message["Subject"]))


def test_security_reads_finds_counts_and_exports_every_name(morning: Morning) -> None:
    roll = read(morning.security, "/security/roll-call/print")
    answer = morning.security.get("/security/export.csv?names=1")
    cells = {cell for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))) for cell in row}
    assert not any(HARMFUL.search(cell) for cell in cells)
    for name in morning.visits:
        assert name in roll, name
        assert safe_cell(name) in cells, name
        assert name in read(morning.security, f"/security/?words={quote(name)}"), name
