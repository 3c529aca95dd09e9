"""Why a scan was granted or refused, with the words other systems use for it.

Numbers of BACnet's `BACnetAccessEvent` (ASHRAE 135); topics and reasons of ONVIF's Access Control Service. Where a
vocabulary has no word of its own, its "other" stands; a watch-list stop is "other" on purpose, so that no receiver
learns of the list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from visitor.core.i18n import N_


class Reason(StrEnum):
    """Every reason a decision can have."""

    GRANTED = "granted"
    UNKNOWN_CREDENTIAL = "unknown_credential"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_ACTIVE = "not_yet_active"
    NO_RIGHTS_TO_ZONE = "no_rights_to_zone"
    OUTSIDE_HOURS = "outside_hours"
    PASSBACK = "passback"
    OCCUPANCY_LIMIT = "occupancy_limit"
    ESCORT_MISSING = "escort_missing"
    VISIT_NOT_SIGNED_IN = "visit_not_signed_in"
    WATCH_LIST_STOP = "watch_list_stop"
    LOCKDOWN = "lockdown"
    EVACUATION = "evacuation"


@dataclass(frozen=True, slots=True)
class AccessWord:
    """One decision in the words of BACnet, of ONVIF and of a guard."""

    bacnet_number: int
    bacnet_name: str
    onvif_topic: str
    onvif_reason: str | None
    """Exactly one for a denied credential; none where the topic says it all."""
    message_key: str
    sentence: str
    """English msgid: what happened and what to do, in plain language."""


_GRANTED_TOPIC = "tns1:AccessControl/AccessGranted/Credential"
_DENIED_TOPIC = "tns1:AccessControl/Denied/Credential"
_NOT_FOUND_TOPIC = "tns1:AccessControl/Denied/CredentialNotFound"

_REFUSED: tuple[tuple[Reason, int, str, str | None, str], ...] = (
    (
        Reason.UNKNOWN_CREDENTIAL,
        129,
        "denied-unknown-credential",
        None,
        N_("This code is not one of our badges, or it is damaged. Send the visitor to reception."),
    ),
    (
        Reason.REVOKED,
        153,
        "denied-credential-manual-disable",
        "CredentialNotEnabled",
        N_("This badge was withdrawn or replaced by a newer copy. Take it in and call reception."),
    ),
    (
        Reason.EXPIRED,
        152,
        "denied-credential-expired",
        "CredentialExpired",
        N_("This badge is past its time. Reception can extend the visit."),
    ),
    (
        Reason.NOT_YET_ACTIVE,
        151,
        "denied-credential-not-yet-active",
        "CredentialNotActive",
        N_("This badge is not valid yet. Ask the visitor to wait or to see reception."),
    ),
    (
        Reason.NO_RIGHTS_TO_ZONE,
        133,
        "denied-zone-no-access-rights",
        "Unauthorized",
        N_("This badge does not open this zone. Reception can change the visit."),
    ),
    (
        Reason.OUTSIDE_HOURS,
        136,
        "denied-out-of-time-range",
        "NotPermittedAtThisTime",
        N_("This zone is closed at this hour."),
    ),
    (
        Reason.PASSBACK,
        138,
        "denied-passback",
        "Other",
        N_("This badge is already inside this zone. Check who is carrying it."),
    ),
    (
        Reason.OCCUPANCY_LIMIT,
        142,
        "denied-upper-occupancy-limit",
        "Other",
        N_("This zone is full. Somebody must leave before the next person enters."),
    ),
    (
        Reason.ESCORT_MISSING,
        159,
        "denied-no-accompaniment",
        "Other",
        N_("This visitor may enter only with an escort. Call the host."),
    ),
    (
        Reason.VISIT_NOT_SIGNED_IN,
        164,
        "denied-other",
        "Other",
        N_("This visitor is not signed in. Send the visitor to reception."),
    ),
    (
        Reason.WATCH_LIST_STOP,
        164,
        "denied-other",
        "Other",
        N_("Do not let this visitor in. Call security, and say nothing of the reason."),
    ),
    (Reason.LOCKDOWN, 137, "denied-threat-level", "Other", N_("Lockdown: nobody goes in or from zone to zone.")),
    (
        Reason.EVACUATION,
        137,
        "denied-threat-level",
        "Other",
        N_("Evacuation: nobody goes in. Send everyone to the muster point."),
    ),
)
"""Reason, BACnet number and name, ONVIF reason, sentence for the guard."""

_LET_PASS: tuple[tuple[Reason, int, str, str], ...] = (
    (Reason.GRANTED, 1, "granted", N_("Granted.")),
    (Reason.EVACUATION, 2, "muster", N_("Evacuation: let through, counted as on the way out.")),
    (Reason.PASSBACK, 3, "passback-detected", N_("Let through, but this badge was thought to be there already.")),
    (Reason.REVOKED, 1, "granted", N_("Let out with a withdrawn badge. Take the badge in.")),
    (Reason.EXPIRED, 1, "granted", N_("Let out after the badge's time. The visitor stayed too long.")),
    (Reason.NOT_YET_ACTIVE, 1, "granted", N_("Let out with a badge that is not valid yet. Check the visit.")),
    (Reason.NO_RIGHTS_TO_ZONE, 1, "granted", N_("Let out with another site's badge. Check the visit.")),
    (Reason.VISIT_NOT_SIGNED_IN, 1, "granted", N_("Let out, but no visit was signed in. Check the visit.")),
    (Reason.WATCH_LIST_STOP, 1, "granted", N_("Let out a visitor who is on a stop. Tell security.")),
    (Reason.LOCKDOWN, 1, "granted", N_("Let out during a lockdown.")),
)
"""Reasons with which somebody passes; every one but the first two is a mark for the guard."""


def _table() -> dict[tuple[Reason, bool], AccessWord]:
    words: dict[tuple[Reason, bool], AccessWord] = {}
    for reason, number, name, onvif_reason, sentence in _REFUSED:
        topic = _NOT_FOUND_TOPIC if reason is Reason.UNKNOWN_CREDENTIAL else _DENIED_TOPIC
        words[reason, False] = AccessWord(number, name, topic, onvif_reason, f"access.refused.{reason}", sentence)
    for reason, number, name, sentence in _LET_PASS:
        words[reason, True] = AccessWord(number, name, _GRANTED_TOPIC, None, f"access.passed.{reason}", sentence)
    return words


WORDS: Mapping[tuple[Reason, bool], AccessWord] = MappingProxyType(_table())
"""By reason and whether the scan was granted. A pair that is missing cannot be decided."""
