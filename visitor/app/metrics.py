"""`/metrics` for Prometheus: what this process has done, and how the house stands in the database.

Counters are of this process and start at nought with it; gauges are of the whole house and the same on every server.
No label holds an id or a name.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import sqlalchemy as sa
from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from visitor.access.reasons import Reason
from visitor.app import health
from visitor.badges.models import Printer, PrintJob
from visitor.core import web
from visitor.core.actors import SYSTEM
from visitor.core.errors import NotFound
from visitor.core.models import Job, JobState
from visitor.core.work import Runtime, Work
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerEntry, LedgerHead
from visitor.privacy import months
from visitor.reception.operations import NOTIFY_JOB
from visitor.visits.models import VisitSource
from visitor.visits.policy import DepartureBy

BUCKETS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
COUNTERS: Final[dict[str, tuple[str, str, str, Iterable[str]]]] = {
    "scan": ("visitor_scans", "Scans by the decision's reason; `granted` opened the door", "reason", Reason),
    "read": ("visitor_log_reads", "Reads that a standby may answer, by which database answered", "source", ()),
    "sign_in": ("visitor_sign_ins", "Visitors signed in, by where it was done", "source", VisitSource),
    "sign_out": ("visitor_sign_outs", "Visitors signed out, by whom", "by", DepartureBy),
}
"""Name, text, label, and the values that are told from the start: a rate does not see a first one out of nowhere."""
COUNTED: Final = 10_000

Gauge = Callable[[Work], Iterator[GaugeMetricFamily]]


def install(app: Flask, runtime: Runtime) -> None:
    """Measure every request and add the page."""
    registry = CollectorRegistry()
    duration = Histogram(
        "visitor_request_seconds", "Time to answer", ("endpoint", "status"), buckets=BUCKETS, registry=registry
    )
    registry.register(House(runtime))

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def measure(response: Response) -> Response:
        began = g.get("began")
        if began is not None and not response.is_streamed:
            status = f"{response.status_code // 100}xx"
            duration.labels(request.endpoint or "unknown", status).observe(time.perf_counter() - began)
        return response

    @web.open_to_all("monitoring signs in nowhere; other networks than those named get 404")
    def show() -> ResponseReturnValue:
        if not health.near():
            raise NotFound
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.add_url_rule("/metrics", "metrics", show)


class House(Collector):
    """Reads counts and gauges when asked."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def describe(self) -> list[CounterMetricFamily]:
        """Return nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Yield everything; without a database what needs none."""
        yield from self._counters()
        yield _one("visitor_open_pages", "Pages that follow changes on this server", self._runtime.changes.pages)
        yield from _replica(self._runtime)
        found: list[GaugeMetricFamily] = []
        try:
            with self._runtime.reading(SYSTEM) as work:
                found = [family for gauge in GAUGES for family in gauge(work)]
        except sa.exc.SQLAlchemyError:
            found.clear()
        yield _one("visitor_database_up", "1 when the database answers", 1 if found else 0)
        yield from found

    def _counters(self) -> Iterator[CounterMetricFamily]:
        counts = self._runtime.tally.counts()
        for what, (name, text, of, known) in COUNTERS.items():
            family = CounterMetricFamily(name, text, labels=[of])
            for how in sorted({*known, *(how for kind, how in counts if kind == what)}):
                family.add_metric([how], counts.get((what, how), 0))
            yield family


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _replica(runtime: Runtime) -> Iterator[GaugeMetricFamily]:
    if runtime.replica is None:
        return
    try:
        lag = health.replica_lag(runtime.replica)
    except sa.exc.SQLAlchemyError:
        return  # the primary does not answer, so nobody can tell
    yield _one("visitor_replica_up", "1 when the standby answers", 0 if lag is None else 1)
    if lag is not None:
        yield _one("visitor_replica_lag_seconds", "How old the state is that the standby shows", lag)


def _jobs(work: Work) -> Iterator[GaugeMetricFamily]:
    jobs = GaugeMetricFamily("visitor_jobs", "Work for later by state; `failed` is given up", labels=["name", "state"])
    query = sa.select(Job.name, Job.state, sa.func.count().label("number")).group_by(Job.name, Job.state)
    for row in work.session.execute(query):
        jobs.add_metric([row.name, row.state.value], row.number)
    yield jobs
    due = sa.select(Job.run_at).where(Job.state == JobState.WAITING, Job.run_at <= work.now)
    oldest = work.session.scalar(due.order_by(Job.run_at).limit(1))
    age = 0.0 if oldest is None else (work.now - oldest).total_seconds()
    yield _one("visitor_job_oldest_due_seconds", "How long the oldest due job has waited", age)
    faulty = sa.select(sa.func.count()).where(Job.name == NOTIFY_JOB, Job.fault.is_not(None))
    yield _one("visitor_notify_faults", "Messages to hosts that failed at least once", work.session.scalar(faulty) or 0)


def _printing(work: Work) -> Iterator[GaugeMetricFamily]:
    prints = GaugeMetricFamily("visitor_print_jobs", "Badges on their way to paper, by state", labels=["state"])
    for row in work.session.execute(
        sa.select(PrintJob.state, sa.func.count().label("number")).group_by(PrintJob.state)
    ):
        prints.add_metric([row.state.value], row.number)
    yield prints
    faulty = sa.select(sa.func.count()).where(Printer.fault.is_not(None), Printer.retired_at.is_(None))
    yield _one("visitor_printer_faults", "Printers that cannot print now", work.session.scalar(faulty) or 0)


def _worker(work: Work) -> Iterator[GaugeMetricFamily]:
    age = health.heartbeat_age(work)
    if age is not None:
        yield _one("visitor_worker_heartbeat_age_seconds", "Since a worker was last heard of", age)


def _purge(work: Work) -> Iterator[GaugeMetricFamily]:
    waiting, oldest = health.overdue(work)
    yield _one("visitor_overdue_records", "Personal records that are due for erasure, counted to 10,000", waiting)
    yield _one("visitor_oldest_overdue_seconds", "How long the oldest of them is due", oldest)


def _ledger(work: Work) -> Iterator[GaugeMetricFamily]:
    size = GaugeMetricFamily("visitor_ledger_entries", "Numbered entries", labels=["log"])
    behind = GaugeMetricFamily("visitor_ledger_unnumbered", "Entries without a number yet, to 10,000", labels=["log"])
    sizes = {row.log: row.size for row in work.session.execute(sa.select(LedgerHead.log, LedgerHead.size))}
    for log in Log:
        size.add_metric([log.label], sizes.get(int(log), 0))
        waiting = sa.select(LedgerEntry.id).where(LedgerEntry.log == log, LedgerEntry.seq.is_(None)).limit(COUNTED)
        number = work.session.scalar(sa.select(sa.func.count()).select_from(waiting.subquery())) or 0
        behind.add_metric([log.label], number)
    yield from (size, behind)


def _months(work: Work) -> Iterator[GaugeMetricFamily]:
    ready = months.outlook(work)
    if ready is not None:
        yield _one("visitor_months_ahead", "Months beyond this one whose partitions are ready", ready.ahead)


GAUGES: Final[tuple[Gauge, ...]] = (_jobs, _printing, _worker, _purge, _ledger, _months)
