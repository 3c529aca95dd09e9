"""Who comes on a day, when, and where they go: drawn by chance from a fixed seed, nothing of it stored yet."""

import random
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from visitor.app.demo import names
from visitor.app.demo.names import Guest

SATURDAY: Final = 5
KINDS: Final = ("guest", "contractor", "delivery", "interview")
WEIGHTS: Final = (52, 22, 18, 8)
STAYS: Final = {"guest": (40, 210), "contractor": (90, 420), "delivery": (5, 25), "interview": (45, 110)}
"""Shortest and longest stay in minutes."""
FORGETS: Final = 0.04
"""So many leave without signing out."""
WITHOUT_PHOTO: Final = 0.35


class Trouble(StrEnum):
    """A refusal at a door."""

    NO_RIGHTS = "no_rights"
    NO_ESCORT = "no_escort"
    OLD_BADGE = "old_badge"
    """The badge is tried again on the way back in, after signing out."""
    FOREIGN_CODE = "foreign_code"
    """Some other QR code is held to the reader."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A badge held to a reader."""

    at: datetime
    point: str
    escorted: bool = False
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit of one guest."""

    guest: Guest
    kind: str
    company: str | None
    email: str | None
    host: int
    """Place in the site's list of hosts."""
    photo: int | None
    """Which drawn portrait; None: without photo."""
    arrives_at: datetime
    leaves_at: datetime | None
    """None: forgets to sign out."""
    passes: tuple[Pass, ...] = field(default=())


def visits_of_day(
    chance: random.Random, day: date, zone: ZoneInfo, guests: tuple[Guest, ...], busy: int
) -> list[PlannedVisit]:
    """Return the visits of one day: about `busy` on a working day, few at the weekend."""
    weekend = day.weekday() >= SATURDAY
    count = chance.randrange(1, 4) if weekend else max(1, busy + chance.randrange(-5, 6))
    return [planned(chance, _arrival(chance, day, zone), guests) for _ in range(count)]


def planned(chance: random.Random, arrives_at: datetime, guests: tuple[Guest, ...], kind: str = "") -> PlannedVisit:
    """Return one visit that begins then, of a kind drawn by chance unless given."""
    kind = kind or chance.choices(KINDS, WEIGHTS)[0]
    guest = chance.choice(guests)
    company = chance.choice(names.COURIERS if kind == "delivery" else names.COMPANIES)
    shortest, longest = STAYS[kind]
    leaves_at = arrives_at + timedelta(minutes=chance.randrange(shortest, longest))
    with_photo = kind != "delivery" and chance.random() > WITHOUT_PHOTO
    return PlannedVisit(
        guest=guest,
        kind=kind,
        company=None if kind == "interview" else company,
        email=names.address(guest.name, company) if kind in {"guest", "interview"} and chance.random() < 0.7 else None,
        host=chance.randrange(1000),
        photo=chance.randrange(1000) if with_photo else None,
        arrives_at=arrives_at,
        leaves_at=None if chance.random() < FORGETS else leaves_at,
        passes=tuple(_passes(chance, kind, arrives_at, leaves_at)),
    )


def _arrival(chance: random.Random, day: date, zone: ZoneInfo) -> datetime:
    """Most come in the morning, some after lunch."""
    minute = round(chance.gauss(9 * 60 + 40, 55) if chance.random() < 0.65 else chance.gauss(13 * 60 + 30, 70))
    bounded = min(max(minute, 7 * 60 + 10), 17 * 60)
    local = datetime.combine(day, time(bounded // 60, bounded % 60, chance.randrange(60)), zone)
    return local.astimezone(ZoneInfo("UTC"))


def _passes(chance: random.Random, kind: str, arrives_at: datetime, leaves_at: datetime) -> list[Pass]:
    """Return where the badge is shown during the visit, in order."""
    passes = [Pass(arrives_at + timedelta(seconds=chance.randrange(40, 110)), "in")]
    if kind != "delivery":
        inside = arrives_at + timedelta(minutes=chance.randrange(4, 15))
        passes.append(Pass(inside, "offices"))
        if kind == "contractor":
            passes.append(Pass(inside + timedelta(minutes=chance.randrange(3, 30)), "servers", escorted=True))
    trouble = _trouble(chance, kind)
    last = passes[-1].at + timedelta(minutes=2)
    if trouble in {Trouble.NO_RIGHTS, Trouble.NO_ESCORT}:
        passes.append(Pass(last, "servers"))
    if trouble is Trouble.FOREIGN_CODE:
        passes.insert(0, Pass(passes[0].at - timedelta(seconds=15), "in", foreign=True))
    passes.append(Pass(max(leaves_at - timedelta(minutes=1), last + timedelta(minutes=1)), "out"))
    if trouble is Trouble.OLD_BADGE:
        passes.append(Pass(leaves_at + timedelta(minutes=chance.randrange(20, 50)), "in"))
    return passes


def _trouble(chance: random.Random, kind: str) -> Trouble | None:
    if chance.random() > 0.09:
        return None
    if kind == "contractor":
        return Trouble.NO_ESCORT
    return chance.choice((Trouble.NO_RIGHTS, Trouble.OLD_BADGE, Trouble.FOREIGN_CODE))


def staying(planned: PlannedVisit, now: datetime) -> PlannedVisit:
    """Return the visit of somebody who has not left by now."""
    here = tuple(door for door in planned.passes if door.at < now and door.point != "out")
    return replace(planned, leaves_at=None, passes=here)
