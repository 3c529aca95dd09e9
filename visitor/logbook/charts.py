"""Where people are and when they came, for the pictures on security's pages; numbers only."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from visitor.access import queries as access
from visitor.core.work import Work
from visitor.logbook.places import Places
from visitor.sites.models import Site
from visitor.visits import queries as visits

HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class ZoneCount:
    """One zone of the map."""

    name: str
    count: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart, or one cell's head."""

    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Strip:
    """One zone through the hours of the day."""

    label: str
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the pictures show."""

    zones: list[ZoneCount]
    unseen: int
    """People on site who were seen in no zone."""
    bars: list[Bar]
    """Entries into all zones, hour by hour of the site's day so far."""
    strips: list[Strip]


def zone_map(work: Work, site: Site, known: Places) -> tuple[list[ZoneCount], int]:
    """Return how many people were last seen in each zone, and how many in none."""
    counts = access.zone_counts(work, site.id)
    zones = [ZoneCount(zone.name, counts.get(zone.id, 0), zone.occupancy_limit) for zone in known.zones]
    return zones, counts.get(None, 0)


def pictures(work: Work, site: Site, known: Places) -> Pictures:
    """Return the map and the site's day so far.

    Raises:
        NotAllowed: the actor may not see the site's log.
    """
    zones, unseen = zone_map(work, site, known)
    tz = ZoneInfo(site.time_zone)
    begins_at, _ = visits.local_day(work.now, tz)
    last = min(int((work.now - begins_at) / timedelta(hours=1)), HOURS)
    times = [begins_at + timedelta(hours=number) for number in range(last + 1)]
    counted: Counter[tuple[object, object]] = Counter()
    for each in access.zone_hours(work, site.id, begins_at, work.now):
        counted[each.zone_id, each.begins_at] += each.count
    strips = [Strip(zone.name, tuple(counted[zone.id, at] for at in times)) for zone in known.zones]
    bars = [
        Bar(f"{at.astimezone(tz):%H}", sum(strip.cells[number] for strip in strips)) for number, at in enumerate(times)
    ]
    return Pictures(zones, unseen, bars, strips)
