"""Today in the demo, whatever the hour: some are on site, two are late out, some are expected."""

import random
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from visitor.app.demo import days, history, names
from visitor.app.demo.history import Cast, Script
from visitor.app.demo.house import Place
from visitor.core.actors import Actor
from visitor.core.work import Work
from visitor.reception import expecting
from visitor.reception.expecting import ExpectForm
from visitor.visits.queries import local_day

ON_SITE: Final = (
    ("guest", 12), ("guest", 27), ("contractor", 48), ("guest", 66), ("interview", 35), ("contractor", 95),
    ("guest", 140), ("guest", 185),
)  # fmt: skip
"""Visit type, and how many minutes ago."""
OVERDUE: Final = (("delivery", 75), ("delivery", 110))
EXPECTED: Final = (-25, 20, 45, 90, 150, 240)
"""In how many minutes; the first is late already."""
INTERVIEWS_AFTER: Final = 120
"""Minutes: who is expected later than this comes for an interview."""
SECOND_SITE: Final = (("guest", 40), ("contractor", 80))


def add(script: Script, cast: Cast, now: datetime, seed: int) -> None:
    """Plan today's extra visits."""
    chance = random.Random(seed)  # noqa: S311  a made-up story, the same each time
    large, small = cast.places
    here = [guest for guest in large.guests if guest.name in names.TODAY]
    for guest, (kind, minutes) in zip(here, ON_SITE + OVERDUE, strict=True):
        _come(script, cast, large, guest, (kind, now - timedelta(minutes=minutes)), now, chance)
    for guest, (kind, minutes) in zip(small.guests, SECOND_SITE, strict=False):
        _come(script, cast, small, guest, (kind, now - timedelta(minutes=minutes)), now, chance)
    guests = chance.sample([guest for guest in large.guests if guest not in here], len(EXPECTED))
    for guest, minutes in zip(guests, EXPECTED, strict=True):
        act = partial(_announce, place=large, guest=guest, desk=cast.desks[large.site.id], minutes=minutes, now=now)
        script.add(now - timedelta(seconds=30), act)


def _come(  # noqa: PLR0913  who comes, where, and how it is drawn
    script: Script,
    cast: Cast,
    place: Place,
    guest: names.Guest,
    what: tuple[str, datetime],
    now: datetime,
    chance: random.Random,
) -> None:
    """Let somebody come who is still here now; just after midnight they come with the day."""
    kind, at = what
    begin, _end = local_day(now, ZoneInfo(place.site.time_zone))
    planned = days.planned(chance, max(at, begin), (guest,), kind)
    staying = days.staying(planned, now)
    history.add_visit(script, cast, place, staying, now)


def _announce(  # noqa: PLR0913  who comes, where, when, and who says so
    work: Work, *, place: Place, guest: names.Guest, desk: Actor, minutes: int, now: datetime
) -> None:
    company = names.COMPANIES[abs(minutes) % len(names.COMPANIES)]
    work.actor = desk
    language = guest.language if guest.language in place.site.languages else place.site.languages[0]
    form = ExpectForm(
        client_id=uuid4(),
        visit_type_id=place.types["interview" if minutes > INTERVIEWS_AFTER else "guest"].id,
        name=guest.name,
        company=company if minutes <= INTERVIEWS_AFTER else None,
        email=names.address(guest.name, company),
        host_id=place.hosts[abs(minutes) % len(place.hosts)].id,
        expected_at=now + timedelta(minutes=minutes),
        language=language,
    )
    expecting.announce(work, form, place.site.id)
