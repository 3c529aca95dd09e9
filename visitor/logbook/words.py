"""Short words for the reasons of decisions, for lists and filters, and for how old a list is."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

from visitor.access.reasons import Reason
from visitor.core.i18n import N_
from visitor.core.replica import Seen

OF_NOW = N_("As of %(time)s.")
BEHIND = N_("As of %(time)s, %(seconds)s s behind.")

REASON_WORDS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.GRANTED: N_("Granted"),
        Reason.UNKNOWN_CREDENTIAL: N_("Unknown code"),
        Reason.REVOKED: N_("Withdrawn badge"),
        Reason.EXPIRED: N_("Expired badge"),
        Reason.NOT_YET_ACTIVE: N_("Badge not valid yet"),
        Reason.NO_RIGHTS_TO_ZONE: N_("No right to the zone"),
        Reason.OUTSIDE_HOURS: N_("Outside opening hours"),
        Reason.PASSBACK: N_("Already inside"),
        Reason.OCCUPANCY_LIMIT: N_("Zone full"),
        Reason.ESCORT_MISSING: N_("Escort missing"),
        Reason.VISIT_NOT_SIGNED_IN: N_("Not signed in"),
        Reason.WATCH_LIST_STOP: N_("Watch-list stop"),
        Reason.LOCKDOWN: N_("Lockdown"),
        Reason.EVACUATION: N_("Evacuation"),
    }
)


def age(seen: Seen[object], time_zone: str) -> tuple[str, dict[str, object]]:
    """Return the msgid that tells how old something is, and what fills its places; times are the site's."""
    time = seen.as_of.astimezone(ZoneInfo(time_zone)).strftime("%H:%M:%S")
    seconds = math.ceil(seen.behind_seconds)
    return (BEHIND, {"time": time, "seconds": seconds}) if seconds else (OF_NOW, {"time": time})
