"""Letters to visitors: what stands in them, in which language, and that the code in them works."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories, samples
from tests.real.mail import MailSink, mail_sink
from tests.reception import arrivals
from tests.reception.test_expecting import announced
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.jobs import Tasks, run_all
from visitor.core.settings import load_settings
from visitor.imaging.decoding import decode_photo
from visitor.imaging.qr import read_codes
from visitor.people import remembering
from visitor.reception import passes, tasks
from visitor.reception.calendar import LINE_BYTES, Appointment, calendar
from visitor.reception.letters import code_png
from visitor.reception.passes import PassState
from visitor.sites.policy import IdAsk
from visitor.visits import invitations
from visitor.visits.models import Visit

Opened = Callable[[MailSink], OpenRuntime]
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def opened(tmp_path: Path, template: Callable[[Path], str], clock: FixedClock) -> Opened:
    """Open an installation that sends its mail to a sink."""

    def at(sink: MailSink) -> OpenRuntime:
        more = f'[mail]\nhost = "{sink.host}"\nport = {sink.port}\nsender = "Visitors <visitors@northwind.example>"\n'
        path = samples.write_settings(tmp_path, database_url=template(tmp_path), more=more + 'encryption = "none"\n')
        return open_runtime(load_settings(path), clock=clock)

    return at


def worked(runtime: OpenRuntime) -> None:
    known = Tasks()
    known.add("reception.invite", tasks.send_invitation)
    known.add("reception.personal_code", tasks.send_personal_code)
    for name in ("privacy.due", "notify.host"):
        known.add(name, lambda _runtime, _payload: None)
    run_all(runtime, known)


def invited(runtime: OpenRuntime, **values: object) -> tuple[arrivals.Place, Visit]:
    with runtime.transaction(SYSTEM) as work:
        here = arrivals.place(work, ask_id=IdAsk.SEEN)
        host = factories.host(work, here.site)
        fields = {"email": "ada@engines.example", "host_id": str(host.id), "invite": True} | values
        return here, announced(work, here, **fields)


def words(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def code_in(message: EmailMessage) -> str:
    found = re.search(r"[A-Z2-9]{4}(-[A-Z2-9]{4}){2}", words(message, "plain"))
    assert found is not None
    return remembering.plain_code(found[0])


def test_invitation_says_all_that_a_visitor_needs_twice(opened: Opened) -> None:
    with mail_sink() as sink:
        runtime = opened(sink)
        here, visit = invited(runtime, name="Ada <b>Lovelace</b>")
        worked(runtime)

    assert sink.recipients == [["ada@engines.example"]]
    message = sink.messages[0]
    assert message["Subject"] == "Your visit to Havenstad"
    code = code_in(message)
    for kind in ("plain", "html"):
        text = words(message, kind)
        for needed in ("Sanne de Boer", "Kade 1, Havenstad", "to the right of the entrance", "An identity document",
                       "/notice/", remembering.spaced_code(code)):  # fmt: skip
            assert needed in text, (kind, needed)
    assert "Ada &lt;b&gt;Lovelace" in words(message, "html")
    assert "<script" not in words(message, "html")
    assert "http-equiv" not in words(message, "html")
    with runtime.transaction(SYSTEM) as work:
        assert passes.find(work, code, here.site.id, work.now).state is PassState.INVITED
        made = invitations.of_visit(work, visit.id)
        assert made is not None
        assert made.sent_at == work.now
    runtime.close()


def test_picture_in_the_letter_holds_the_code_and_the_calendar_the_time(opened: Opened) -> None:
    with mail_sink() as sink:
        runtime = opened(sink)
        invited(runtime)
        worked(runtime)
        runtime.close()
    parts = {part.get_content_type(): part for part in sink.messages[0].walk()}
    picture = parts["image/png"]
    assert picture["Content-ID"] == "<code>"
    assert 'src="cid:code"' in words(sink.messages[0], "html")
    assert read_codes(decode_photo(picture.get_content())) == [remembering.CODE_PREFIX + code_in(sink.messages[0])]
    day = parts["text/calendar"].get_payload(decode=True)
    assert isinstance(day, bytes)
    assert b"DTSTART:20260302T100000Z" in day
    assert parts["text/calendar"].get_filename() == "visit.ics"


def test_letter_is_in_the_visitors_language_and_direction(opened: Opened) -> None:
    with mail_sink() as sink:
        runtime = opened(sink)
        invited(runtime, language="ar")
        worked(runtime)
        runtime.close()
    assert sink.messages[0]["Content-Language"] == "ar"
    assert '<html lang="ar" dir="rtl">' in words(sink.messages[0], "html")


def test_invitation_that_was_taken_back_or_cancelled_is_not_sent(opened: Opened) -> None:
    with mail_sink() as sink:
        runtime = opened(sink)
        _here, visit = invited(runtime)
        with runtime.transaction(SYSTEM) as work:
            invitations.revoke(work, visit.id)
        worked(runtime)
        runtime.close()
    assert sink.messages == []


def test_visitor_who_asks_is_remembered_and_gets_a_code(opened: Opened) -> None:
    with mail_sink() as sink:
        runtime = opened(sink)
        with runtime.transaction(SYSTEM) as work:
            here = arrivals.place(work)
            done = here.sign_in(work, remember_email="ada@engines.example", preferred_name="Countess")
            here.sign_out(work, badge_number=done.badge_number)
            silent = here.sign_in(work)
        worked(runtime)
    assert sink.recipients == [["ada@engines.example"]]
    assert "Hello Countess," in words(sink.messages[0], "plain")
    assert "http://localhost:8443/forget" in words(sink.messages[0], "html")
    with runtime.transaction(SYSTEM) as work:
        found = passes.find(work, code_in(sink.messages[0]), here.site.id, work.now)
        assert found.state is PassState.RETURNING
        assert found.remembrance is not None
        assert found.remembrance.expires_at == work.now + timedelta(days=180)
        assert silent.visit_id != done.visit_id
    runtime.close()


def test_picture_of_a_code_is_read_back() -> None:
    assert read_codes(decode_photo(code_png("ABCDEFGHJKLM"))) == ["VP1:ABCDEFGHJKLM"]


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_breaks_out_of_its_line_in_the_calendar(title: str, place: str) -> None:
    made = calendar(Appointment("1@visitor", title, place, "", NINE, NINE + timedelta(hours=1), NINE))
    lines = made.split(b"\r\n")
    assert all(len(line) <= LINE_BYTES for line in lines)
    unfolded = made.replace(b"\r\n ", b"").split(b"\r\n")
    assert len(unfolded) == 15
    assert [line.partition(b":")[0] for line in unfolded[9:12]] == [b"SUMMARY", b"LOCATION", b"DESCRIPTION"]
