"""The Monday rush: kiosks, doors, desks and a purge at the same time, and afterwards the count of what was kept."""

import base64
import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from visitor.access.models import AccessEvent
from visitor.app.bench import doors, scratch, stage
from visitor.app.bench.places import Place
from visitor.app.bench.purge import Purging
from visitor.app.bench.rush_load import KINDS, Desk, Door, Kiosk, Plan
from visitor.app.bench.rush_report import Crowd, Rush, Times
from visitor.app.bench.sign_ins import photos
from visitor.app.bench.stage import Stage
from visitor.badges.models import Badge
from visitor.badges.token import BadgeSigner
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime
from visitor.ledger import operations as ledger
from visitor.ledger import queries as ledgers
from visitor.ledger.audit import Verdict
from visitor.ledger.entries import EntryType
from visitor.ledger.models import LedgerEntry
from visitor.privacy import queries as purges
from visitor.visits.models import Visit

BADGES: Final = 60
"""At each site, of visitors who are there already."""
SAMPLE_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 180.0
FULL: Final = Crowd(10, 200, 600, 20, 10.0, 20, 3_000, 600.0)
SOAK: Final = Crowd(4, 20, 12, 8, 2.0, 8, 500, 60.0, 3)
"""Its sign-ins are those of each minute."""
SMALL: Final = Crowd(2, 12, 24, 4, 8.0, 4, 120, 8.0)


@dataclass(slots=True)
class Seen:
    """What the crowd says that it sent and was answered."""

    milliseconds: dict[str, list[float]]
    client_ids: list[str]
    scan_ids: list[str]
    faults: list[str]
    turned_away: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in MB, second by second."""

    all: list[float]
    """Of everything that was started."""
    serving: list[float]
    """Of the process that answers requests."""


def crowd(minutes: float, *, small: bool) -> Crowd:
    """Return who comes, within that time."""
    return replace(SMALL if small else FULL, seconds=60 * minutes)


def soak(minutes: float) -> Crowd:
    """Return who comes all day long, for that time."""
    return replace(SOAK, seconds=60 * minutes, sign_ins=max(1, round(SOAK.sign_ins * minutes)))


def run(place: Place, wanted: Crowd, tell: Callable[[str], None]) -> Rush:
    """Let the rush happen on a database."""
    with scratch.folder() as at, scratch.installation(place, at) as runtime:
        tell("setting up")
        stages = [stage.build(runtime) for _ in range(wanted.sites)]
        plan = _plan(runtime, stages, wanted)
        plan.write(at / "plan.json")
        purging = Purging(runtime, stages[0], at)
        # The night's own purge is over, so that none begins by itself when the server starts.
        purging.carry_out()
        purging.fill(wanted.due_visits)
        memory = Memory([], [])
        with scratch.product(place, at, plan.port) as processes:
            tell(f"rush of {wanted.seconds:.0f} s")
            with _sampled(processes, memory), scratch.running(_command(at)) as load:
                run_id = purging.begin()
                code = load.wait(wanted.seconds + GRACE_SECONDS)
            purging.await_end(run_id)
        if code != 0:
            raise RuntimeError("the crowd ended early")
        tell("counting")
        seen = Seen(**json.loads((at / "seen.json").read_text(encoding="utf-8")))
        away = [f"{seen.turned_away} × turned away (503) and sent again"] if seen.turned_away else []
        faults = [*seen.faults, *away, *_lost(runtime, seen), *_ledger_faults(runtime), *_purge_faults(runtime, run_id)]
    times = {kind: Times.of(seen.milliseconds[kind]) for kind in KINDS if kind in seen.milliseconds}
    return Rush(place.name, wanted, times, memory.all, faults, memory.serving)


def _command(at: Path) -> list[str]:
    return [sys.executable, "-m", "visitor.app.bench.rush_load", str(at / "plan.json"), str(at / "seen.json")]


@contextmanager
def _sampled(processes: Sequence[int], memory: "Memory") -> Generator[None]:
    """Look at memory once a second while the block runs."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            memory.all.append(scratch.memory_megabytes(*processes))
            memory.serving.append(scratch.serving_megabytes(processes[0]))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _plan(runtime: Runtime, stages: Sequence[Stage], wanted: Crowd) -> Plan:
    """Spread kiosks, doors and desks over the sites, and arrivals over the time by chance."""
    chance = random.Random(7)  # noqa: S311  when somebody comes
    due: list[list[float]] = [[] for _ in range(wanted.kiosks)]
    for number in range(wanted.sign_ins):
        due[number % wanted.kiosks].append(chance.uniform(0.0, wanted.seconds))
    kiosks = [
        Kiosk(str(kiosk_id), _pem(key), str(at_stage.type_id), str(at_stage.host_id), [])
        for at_stage, count in _spread(stages, wanted.kiosks)
        for kiosk_id, key in stage.add_kiosks(runtime, at_stage, count)
    ]
    cookie = stage.staff_cookie(runtime)
    return Plan(
        runtime.settings.server.port,
        wanted.seconds,
        [base64.b64encode(photo).decode() for photo in photos()],
        [replace(kiosk, due=sorted(times)) for kiosk, times in zip(kiosks, due, strict=True)],
        list(_doors(runtime, stages, wanted)),
        [
            Desk(str(at_stage.site_id), cookie)
            for at_stage, count in _spread(stages, wanted.desks)
            for _ in range(count)
        ],
        [cookie] * wanted.clerks,
    )


def _doors(runtime: Runtime, stages: Sequence[Stage], wanted: Crowd) -> Iterable[Door]:
    now, signer = doors.now(), runtime.resources.get(BadgeSigner)
    for number, (at_stage, count) in enumerate(_spread(stages, wanted.doors)):
        numbers = range(number * BADGES + 1, (number + 1) * BADGES + 1)
        stage.add_badges(runtime, at_stage, numbers, now)
        badges = [doors.token(signer, at_stage.site_number, badge, now) for badge in numbers]
        every = wanted.doors / wanted.scans_each_second
        for _ in range(count):
            yield Door(at_stage.device_token, str(at_stage.point_id), badges, every)


def _spread(stages: Sequence[Stage], count: int) -> list[tuple[Stage, int]]:
    each, rest = divmod(count, len(stages))
    return [(at_stage, each + (number < rest)) for number, at_stage in enumerate(stages)]


def _lost(runtime: Runtime, seen: Seen) -> list[str]:
    """Compare what was sent with what is kept: each sign-in and each scan once, each visitor with one badge."""
    with runtime.reading(SYSTEM) as work:
        visits = Counter(work.session.scalars(sa.select(Visit.client_id).where(Visit.client_device_id.is_not(None))))
        scans = Counter(work.session.scalars(sa.select(AccessEvent.scan_id)))
        badges = Counter(
            work.session.scalars(
                sa.select(Visit.client_id)
                .join(Badge, Badge.visit_id == Visit.id)
                .where(Visit.client_device_id.is_not(None))
            )
        )
    return [
        *_differences("sign-in", seen.client_ids, visits),
        *_differences("badge", seen.client_ids, badges),
        *_differences("scan", seen.scan_ids, scans),
    ]


def _differences(what: str, sent: Iterable[str], kept: Counter[UUID]) -> list[str]:
    wanted = {UUID(one) for one in sent}
    lost = sum(1 for one in wanted if kept[one] == 0)
    twice = sum(1 for count in kept.values() if count > 1)
    foreign = sum(1 for one in kept if one not in wanted)
    found = {"lost": lost, "kept twice": twice, "kept that nobody sent": foreign}
    return [f"{count} × {what} {fate}" for fate, count in found.items() if count]


def _ledger_faults(runtime: Runtime) -> list[str]:
    with runtime.transaction(SYSTEM) as work:
        ledger.checkpoint(work)
    with runtime.reading(SYSTEM) as work:
        verdict = ledgers.verify(work).verdict
    with runtime.reading(SYSTEM) as work:
        events = work.session.scalar(sa.select(sa.func.count()).select_from(AccessEvent))
        of_scans = LedgerEntry.kind == int(EntryType.ACCESS_EVENT)
        entries = work.session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry).where(of_scans))
    faults = [] if verdict is Verdict.GOOD else [f"the ledger is {verdict.value}"]
    return faults + ([] if events == entries else [f"{events} events, {entries} ledger entries"])


def _purge_faults(runtime: Runtime, run_id: UUID) -> list[str]:
    with runtime.reading(SYSTEM) as work:
        facts = purges.run(work, run_id).certificate or {}
    return [f"purge: {fault}" for fault in facts.get("faults", [])]


def _pem(key: EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
