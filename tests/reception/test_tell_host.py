"""Telling the host: by a real mail server, and not before the sign-in is certain."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import factories, samples
from tests.real.mail import MailSink, mail_sink
from tests.reception import arrivals
from visitor.app.runtime import OpenRuntime, open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.jobs import MAX_ATTEMPTS, Tasks, run_all
from visitor.core.models import Job, JobState
from visitor.core.settings import load_settings
from visitor.reception.forms import SignedIn
from visitor.reception.tasks import tell_host
from visitor.visits import queries as visits

Opened = Callable[[MailSink], OpenRuntime]


@pytest.fixture
def opened(tmp_path: Path, template: Callable[[Path], str], clock: FixedClock) -> Opened:
    """Open an installation that sends its mail to a sink."""

    def at(sink: MailSink) -> OpenRuntime:
        more = f'[mail]\nhost = "{sink.host}"\nport = {sink.port}\nsender = "Visitors <visitors@northwind.example>"\n'
        path = samples.write_settings(tmp_path, database_url=template(tmp_path), more=more + 'encryption = "none"\n')
        return open_runtime(load_settings(path), clock=clock)

    return at


def signed_in(runtime: OpenRuntime, name: str = "Ada Lovelace", **host: object) -> SignedIn:
    with runtime.transaction(SYSTEM) as work:
        here = arrivals.place(work)
        return here.sign_in(work, name=name, host_id=str(factories.host(work, here.site, **host).id))


def worked(runtime: OpenRuntime) -> None:
    tasks = Tasks()
    tasks.add("notify.host", tell_host)
    tasks.add("privacy.due", lambda _runtime, _payload: None)
    run_all(runtime, tasks)


def test_host_gets_a_mail_and_the_desk_sees_it(opened: Opened) -> None:
    with mail_sink() as sink:
        runtime = opened(sink)
        done = signed_in(runtime, name="José 王", email="sanne@northwind.example")
        worked(runtime)

    assert sink.recipients == [["sanne@northwind.example"]]
    message = sink.messages[0]
    assert "José 王" in message["Subject"]
    assert "José 王 has signed in at Havenstad" in message.get_content()
    with runtime.reading(SYSTEM) as work:
        assert visits.visit(work, done.visit_id).host_told_at == work.now
    runtime.close()


def test_refused_mail_is_tried_again_with_growing_waits_until_it_is_taken(opened: Opened, clock: FixedClock) -> None:
    with mail_sink(refusal="452 mailbox full") as sink:
        runtime = opened(sink)
        done = signed_in(runtime)
        worked(runtime)
        with runtime.reading(SYSTEM) as work:
            job = work.session.scalars(sa.select(Job)).one()
            assert (job.state, job.attempts, job.fault) == (JobState.WAITING, 1, "SMTPDataError")
            assert job.run_at > work.now
            assert visits.visit(work, done.visit_id).host_told_at is None
        sink.refusal = None
        clock.move(timedelta(minutes=1))
        worked(runtime)

    assert len(sink.messages) == 1
    runtime.close()


def test_mail_server_that_never_answers_ends_in_a_failed_job_that_stays_to_be_seen(
    opened: Opened, clock: FixedClock
) -> None:
    with mail_sink() as sink:
        runtime = opened(sink)
    signed_in(runtime)
    for _ in range(MAX_ATTEMPTS):
        worked(runtime)
        clock.move(timedelta(hours=1))
    with runtime.reading(SYSTEM) as work:
        job = work.session.scalars(sa.select(Job)).one()
    assert (job.state, job.attempts, job.fault) == (JobState.FAILED, MAX_ATTEMPTS, "ConnectionRefusedError")
    runtime.close()


def test_visitor_who_has_left_is_announced_to_nobody(opened: Opened) -> None:
    with mail_sink() as sink:
        runtime = opened(sink)
        with runtime.transaction(SYSTEM) as work:
            here = arrivals.place(work)
            done = here.sign_in(work, host_id=str(factories.host(work, here.site).id))
            here.sign_out(work, badge_number=done.badge_number)
        worked(runtime)

    assert sink.messages == []
    runtime.close()


def test_host_without_an_address_is_left_alone(opened: Opened) -> None:
    with mail_sink() as sink:
        runtime = opened(sink)
        signed_in(runtime, email=None)
        worked(runtime)

    assert sink.messages == []
    runtime.close()
