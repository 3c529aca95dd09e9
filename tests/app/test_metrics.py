"""What Prometheus reads, and who may."""

import contextlib
import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests import factories
from tests.access import scenes
from tests.conftest import MONDAY
from tests.ledger import stored
from tests.reception import arrivals
from visitor.access.reasons import Reason
from visitor.app import metrics
from visitor.app.working import ALIVE_FOR, HEARTBEAT
from visitor.badges import operations as badges
from visitor.badges.forms import PrinterForm
from visitor.core import jobs, leases
from visitor.core.actors import SYSTEM
from visitor.core.clock import FixedClock
from visitor.core.db import open_engine
from visitor.core.models import Job, JobState
from visitor.core.work import Runtime
from visitor.ledger import tasks as ledger
from visitor.people.models import PersonalRecord
from visitor.reception import operations as reception

Sample = tuple[str, tuple[tuple[str, str], ...]]


def read(client: FlaskClient) -> dict[Sample, float]:
    """Return every sample as Prometheus reads it."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("peer", ["203.0.113.5", "10.0.0.1", "not an address"])
def test_foreign_network_finds_nothing(client: FlaskClient, peer: str) -> None:
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": peer})

    assert answer.status_code == 404
    assert "visitor_" not in answer.get_data(as_text=True)


def test_scans_and_departures_are_counted_once_committed(client: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        door = scenes.door(work)
        scenes.add_device(work, door.site, scenes.TOKEN)
    for credential in (door.token, "garbage"):
        body = scenes.form(door, MONDAY, credential=credential).model_dump(mode="json")
        answer = client.post("/api/v1/scans", json=body, headers={"Authorization": f"Bearer {scenes.TOKEN}"})
        assert answer.status_code == 201
    with contextlib.suppress(LookupError), runtime.transaction(SYSTEM) as work:
        work.counted["scan", "granted"] += 1
        raise LookupError
    with runtime.transaction(SYSTEM) as work:
        reception.sign_out_visit(work, door.visit.id)

    found = read(client)

    assert found["visitor_scans_total", (("reason", "granted"),)] == 1
    assert found["visitor_scans_total", (("reason", "unknown_credential"),)] == 1
    assert found["visitor_sign_outs_total", (("by", "desk"),)] == 1


def test_sign_ins_are_counted_and_records_that_are_due(
    client: FlaskClient, runtime: Runtime, clock: FixedClock
) -> None:
    with runtime.transaction(SYSTEM) as work:
        arrivals.place(work).sign_in(work)
        record = work.session.scalars(sa.select(PersonalRecord).limit(1)).one()
        record.due_at = work.now + timedelta(seconds=1)
    before = read(client)
    clock.move(timedelta(seconds=61))

    found = read(client)

    assert found["visitor_sign_ins_total", (("source", "kiosk"),)] == 1
    assert found["visitor_overdue_records", ()] == before["visitor_overdue_records", ()] + 1 == 1
    assert (before["visitor_oldest_overdue_seconds", ()], found["visitor_oldest_overdue_seconds", ()]) == (0, 60)


def test_what_has_not_happened_yet_is_told_as_nought(client: FlaskClient) -> None:
    found = read(client)

    for reason in Reason:
        assert found["visitor_scans_total", (("reason", reason.value),)] == 0
    assert found["visitor_sign_ins_total", (("source", "kiosk"),)] == 0
    assert found["visitor_sign_outs_total", (("by", "desk"),)] == 0


@pytest.mark.postgres_only(reason="months in partitions")
def test_months_that_stand_ready_are_told(client: FlaskClient) -> None:
    assert ("visitor_months_ahead", ()) in read(client)


def test_guide_names_only_metrics_that_there_are() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "deploy" / "index.md").read_text()
    named = set(re.findall(r"\bvisitor_[a-z_]+[a-z]\b(?=[\s`{)\[])", guide)) - {"visitor_keys"}
    source = Path(metrics.__file__).read_text()

    assert len(named) > 8
    assert not {name for name in named if f'"{name.removesuffix("_total")}"' not in source}


def test_requests_are_timed_by_endpoint_and_outcome(client: FlaskClient) -> None:
    for path in ("/healthz", "/healthz", "/nowhere"):
        client.get(path)

    found = read(client)

    assert found["visitor_request_seconds_count", (("endpoint", "healthz"), ("status", "2xx"))] == 2
    assert found["visitor_request_seconds_count", (("endpoint", "unknown"), ("status", "4xx"))] == 1


def test_counting_from_many_threads_loses_nothing(app: Flask) -> None:
    def ask() -> None:
        client = app.test_client()
        for _ in range(50):
            client.get("/healthz")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    found = read(app.test_client())
    assert found["visitor_request_seconds_count", (("endpoint", "healthz"), ("status", "2xx"))] == 400


def test_queue_worker_and_ledger_show(client: FlaskClient, runtime: Runtime, clock: FixedClock) -> None:
    with runtime.transaction(SYSTEM) as work:
        jobs.enqueue_all(work, "badges.print", [{}, {}])
        failed = jobs.enqueue(work, reception.NOTIFY_JOB, {})
        job = work.session.get_one(Job, failed)
        job.state, job.fault = JobState.FAILED, "SMTPConnectError"
        leases.take(work, HEARTBEAT, "a worker", ALIVE_FOR)
    numbered = len(stored.scans(runtime, 3))
    ledger.sequence_entries(runtime, {})
    stored.scans(runtime, 2)
    clock.move(timedelta(seconds=30))

    found = read(client)

    assert found["visitor_jobs", (("name", "badges.print"), ("state", "waiting"))] == 2
    assert found["visitor_jobs", (("name", "notify.host"), ("state", "failed"))] == 1
    assert found["visitor_notify_faults", ()] == 1
    assert found["visitor_job_oldest_due_seconds", ()] == 30
    assert found["visitor_worker_heartbeat_age_seconds", ()] == 30
    assert found["visitor_ledger_entries", (("log", "access"),)] == numbered
    assert found["visitor_ledger_unnumbered", (("log", "access"),)] == 2


def test_printers_that_cannot_print_show(client: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        form = PrinterForm(name="Front desk", uri="ipp://192.0.2.7/ipp/print")
        badges.add_printer(work, factories.site(work).id, form).fault = "media_empty"

    assert read(client)["visitor_printer_faults", ()] == 1


def test_without_a_database_the_counters_stay(client: FlaskClient, runtime: Runtime, tmp_path: Path) -> None:
    runtime.tally.add({("scan", "granted"): 7})
    runtime.engine.dispose()
    runtime.engine = open_engine(f"sqlite:///{tmp_path / 'nowhere' / 'visitor.db'}", runtime.settings.database)

    found = read(client)

    assert found["visitor_database_up", ()] == 0
    assert found["visitor_scans_total", (("reason", "granted"),)] == 7


def test_no_label_holds_an_id_or_a_name(client: FlaskClient, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        scenes.scan(work, scenes.door(work))

    words = {value for _name, labels in read(client) for _label, value in labels}

    assert not any(len(word) == 36 and word.count("-") == 4 for word in words)
