"""Whether everything an installation needs is right, in plain words, one finding for each thing."""

import shutil
import smtplib
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from visitor.app import moved
from visitor.app.backup import postgres_version
from visitor.badges import fonts
from visitor.badges import queries as badges
from visitor.badges.ipp import PrintFailed
from visitor.badges.printing import fault_of, open_printer
from visitor.cctv.faults import CameraFailed
from visitor.cctv.grab import CameraSource, GrabLimits, grab_still
from visitor.cctv.http_sign_in import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.errors import SetupFault
from visitor.core.keyring import Keyring
from visitor.core.models import Job, JobState, Lease
from visitor.core.replica import FAULTS, NotStandby
from visitor.core.settings import read_secret
from visitor.core.work import Runtime
from visitor.ledger.models import LedgerEntry
from visitor.privacy import months
from visitor.sites import queries as sites
from visitor.sites.models import Camera

LEAST_FREE_BYTES: Final = 1_000_000_000


class Grade(StrEnum):
    """How a thing stands."""

    GOOD = "ok"
    NOTE = "note"
    """Works, but somebody should know."""
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    grade: Grade
    text: str


Check = Callable[[Runtime], Iterator[Finding]]


def look(runtime: Runtime) -> Iterator[Finding]:
    """Yield a finding for each thing, as soon as it is known."""
    for check in CHECKS:
        yield from check(runtime)


def _keys(runtime: Runtime) -> Iterator[Finding]:
    runtime.resources.get(Keyring).answers()
    yield Finding(Grade.GOOD, "The keyring opens with the master key.")
    path = runtime.settings.keys.master_key_file
    if path is not None and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding(Grade.WRONG, f"Others on this machine may read the master key: run `chmod 600 {path}`.")


def _database(runtime: Runtime) -> Iterator[Finding]:
    with runtime.reading(SYSTEM) as work:
        work.session.execute(sa.select(LedgerEntry.id).limit(1))
        failed = work.session.scalar(sa.select(sa.func.count()).where(Job.state == JobState.FAILED)) or 0
    yield Finding(Grade.GOOD, f"The database answers ({runtime.engine.dialect.name}) and has this version's tables.")
    if failed:
        yield Finding(Grade.WRONG, f"{failed} jobs failed for good. The log names them (job.failed).")
    try:
        moved.refuse_moved(runtime.engine)
    except SetupFault as fault:
        yield Finding(Grade.WRONG, str(fault))


def _dump(runtime: Runtime) -> Iterator[Finding]:
    """Look whether backups can be made: pg_dump refuses a server that is newer than itself."""
    if runtime.embedded:
        return
    try:
        program = postgres_version("pg_dump")
    except SetupFault as fault:
        yield Finding(Grade.WRONG, f"No backups can be made from this machine: {fault}")
        return
    with runtime.reading(SYSTEM) as work:
        server = int(work.session.scalar(sa.text("SHOW server_version_num")) or 0) // 10_000
    if program < server:
        yield Finding(
            Grade.WRONG,
            f"pg_dump here is of PostgreSQL {program} and the server of {server}, so no backup can be made from this "
            f"machine: install postgresql-client-{server}.",
        )
    else:
        yield Finding(Grade.GOOD, f"pg_dump for backups is installed (PostgreSQL {program}).")


def _replica(runtime: Runtime) -> Iterator[Finding]:
    replica, settings = runtime.replica, runtime.settings.database
    if replica is None:
        return
    try:
        state = replica.look(replica.written())
    except NotStandby:
        yield Finding(
            Grade.WRONG, "replica_url leads to a database that is no standby of url; everything is read from url."
        )
        return
    except FAULTS as fault:
        yield Finding(
            Grade.WRONG, f"The standby does not answer ({type(fault).__name__}); everything is read from url."
        )
        return
    if state is None:
        yield Finding(Grade.NOTE, "The standby answers, but has replayed nothing yet; everything is read from url.")
    elif state.behind_seconds > settings.replica_lag_seconds:
        late = f"The standby is {state.behind_seconds:.0f} s behind; until it has caught up, url is read."
        yield Finding(Grade.WRONG, late)
    else:
        yield Finding(Grade.GOOD, f"The standby is read; it is {state.behind_seconds:.1f} s behind.")


def _months(runtime: Runtime) -> Iterator[Finding]:
    with runtime.reading(SYSTEM) as work:
        ready = months.outlook(work)
    if ready is None:
        return
    if ready.ahead < 1:
        yield Finding(Grade.WRONG, "The partition of the next month is missing. A running worker makes it every hour.")
    elif ready.rest_rows:
        yield Finding(
            Grade.NOTE, "Rows of this month lie outside its partition. They are kept and found as all others."
        )
    else:
        yield Finding(Grade.GOOD, f"The partitions of the next {ready.ahead} months are ready.")


def _disk(runtime: Runtime) -> Iterator[Finding]:
    folders = runtime.settings.directories
    for name, path in (("data", folders.data), ("erasure journal", folders.erasure_journal.parent)):
        yield from _free(name, path)
    if folders.data.stat().st_dev == folders.erasure_journal.parent.stat().st_dev:
        yield Finding(Grade.NOTE, "The erasure journal is on the same disk as the data; a lost disk would take both.")


def _free(name: str, path: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(path).free
    grade = Grade.GOOD if free >= LEAST_FREE_BYTES else Grade.WRONG
    yield Finding(grade, f"The folder for {name}, {path}, has {free // 1_000_000} MB free.")


def _worker(runtime: Runtime) -> Iterator[Finding]:
    with runtime.reading(SYSTEM) as work:
        until = work.session.scalar(sa.select(Lease.until_at).where(Lease.name == "worker"))
    if until is not None and until > runtime.clock.now():
        yield Finding(Grade.GOOD, "A worker is at work.")
    else:
        command = "serve" if runtime.embedded else "worker"
        yield Finding(Grade.NOTE, f"No worker is at work just now; it begins with `visitor {command}`.")


def _fonts(runtime: Runtime) -> Iterator[Finding]:  # noqa: ARG001  every check takes one
    missing = fonts.missing_scripts()
    if missing:
        text = fonts.MISSING_SCRIPTS % {"scripts": ", ".join(missing)}
        yield Finding(Grade.NOTE, text)
    else:
        yield Finding(Grade.GOOD, "Fonts for all scripts are installed.")


def _mail(runtime: Runtime) -> Iterator[Finding]:
    settings = runtime.settings.mail
    if settings is None:
        yield Finding(Grade.NOTE, "No mail server is set: hosts are not told by mail.")
        return
    kind = smtplib.SMTP_SSL if settings.encryption == "tls" else smtplib.SMTP
    try:
        with kind(settings.host, settings.port, timeout=10) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as fault:
        yield Finding(Grade.WRONG, f"The mail server {settings.host} does not answer: {type(fault).__name__}.")
        return
    yield Finding(Grade.GOOD, f"The mail server {settings.host} answers.")


def _printers(runtime: Runtime) -> Iterator[Finding]:
    with runtime.reading(SYSTEM) as work:
        printers = badges.printers_in_use(work)
    if not printers:
        yield Finding(Grade.NOTE, "No badge printer is set up.")
    for printer in printers:
        try:
            fault = fault_of(open_printer(runtime, printer.uri).attributes(), printer.size)
        except PrintFailed as failed:
            fault = failed.fault
        if fault is None:
            yield Finding(Grade.GOOD, f"The printer {printer.name} is ready.")
        else:
            yield Finding(Grade.WRONG, f"The printer {printer.name} cannot print: {fault.value.replace('_', ' ')}.")


def _cameras(runtime: Runtime) -> Iterator[Finding]:
    with runtime.reading(SYSTEM) as work:
        cameras = [camera for site in sites.all_sites(work) for camera in sites.cameras(work, site.id)]
    if not cameras:
        yield Finding(Grade.NOTE, "No camera is set up.")
    for camera in cameras:
        yield _camera(runtime, camera)


def _camera(runtime: Runtime, camera: Camera) -> Finding:
    """Ask for one picture and let it go."""
    settings = runtime.settings.cctv
    credentials = settings.credentials.get(camera.credentials or "")
    if camera.credentials and credentials is None:
        return Finding(
            Grade.WRONG, f"The camera {camera.name} names the sign-in {camera.credentials}, which is not set."
        )
    sign_in = None
    if credentials is not None:
        sign_in = SignIn(credentials.username, read_secret(credentials.password_file, "a camera's password"))
    try:
        grab_still(
            CameraSource(camera.kind, camera.address, sign_in),
            timeout_seconds=settings.still_timeout_seconds,
            limits=GrabLimits(networks=settings.allowed_networks),
        )
    except CameraFailed as failed:
        fault = failed.fault.value.replace("_", " ")
        return Finding(Grade.WRONG, f"The camera {camera.name} gives no picture: {fault}.")
    return Finding(Grade.GOOD, f"The camera {camera.name} gives pictures.")


CHECKS: Final[tuple[Check, ...]] = (
    _keys,
    _database,
    _dump,
    _replica,
    _months,
    _disk,
    _worker,
    _fonts,
    _mail,
    _printers,
    _cameras,
)
