"""Between the fields of a page and the forms of this room: times of day, ticks and lists, there and back."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from werkzeug.datastructures import MultiDict

from visitor.core.errors import Invalid
from visitor.core.i18n import N_, SOURCE_LANGUAGE, languages
from visitor.sites.models import AccessPoint, Antipassback, PointKind, Site, Zone

Entered = MultiDict[str, str]
TIGHTENED: Final = ("visitor_log_days", "cctv_days", "id_hours", "minor_age")
"""What a site may narrow on its page, all whole numbers."""
_RECEPTION, _WAY = "reception-", "way-"
"""Fields of one language each: `way-nl`."""
_SITE: Final = ("legal_entity_id", "name", "address", "preset", "time_zone", "reception_hint")
_NO_TIME: Final = N_("Enter a time such as 08:30.")
_NO_NUMBER: Final = N_("Enter a whole number.")


def site_fields(entered: Entered) -> dict[str, object]:
    """Return the fields of a `SiteForm`.

    Raises:
        Invalid: a number is none.
    """
    tightened: dict[str, object] = {}
    for name in TIGHTENED:
        typed = entered.get(name, "").strip()
        if typed:
            tightened[name] = _number(name, typed)
    if "photo_off" in entered:
        tightened["photo_on_badge"] = "off"
    return {name: entered.get(name, "") for name in _SITE} | {
        "languages": _first_first(entered),
        "tightened": tightened,
        "guidance": _guidance(entered),
    }


def zone_fields(entered: Entered) -> dict[str, object]:
    """Return the fields of a `ZoneForm`.

    Raises:
        Invalid: a time of day is none.
    """
    return {
        "name": entered.get("name", ""),
        "occupancy_limit": entered.get("occupancy_limit", ""),
        "opens_minute": _minute("opens", entered.get("opens", "")),
        "closes_minute": _minute("closes", entered.get("closes", "")),
        "requires_escort": "requires_escort" in entered,
        "antipassback": entered.get("antipassback", Antipassback.OFF.value),
    }


def point_fields(entered: Entered) -> dict[str, object]:
    """Return the fields of a `PointForm`."""
    plain = ("name", "kind", "from_zone_id", "to_zone_id")
    return {name: entered.get(name, "") for name in plain} | {"camera_ids": entered.getlist("camera_ids")}


def shown_site(source: Site | Entered | None) -> Mapping[str, object]:
    """Return what the fields of a site's form show."""
    if source is None:
        return {
            "languages": list(languages()),
            "first_language": SOURCE_LANGUAGE,
            "time_zone": "Europe/Amsterdam",
        }
    if isinstance(source, Site):
        spoken = {"languages": source.languages, "first_language": source.languages[0]}
        kept = {name: getattr(source, name) for name in _SITE} | spoken
        numbers = {name: source.tightened.get(name, "") for name in TIGHTENED}
        ticked = {"photo_off": source.tightened.get("photo_on_badge") == "off"}
        return kept | numbers | ticked | {"guidance": source.guidance}
    ticked = {"languages": source.getlist("languages"), "photo_off": "photo_off" in source}
    return source.to_dict() | ticked | {"guidance": _guidance(source)}


def shown_zone(source: Zone | Entered | None) -> Mapping[str, object]:
    """Return what the fields of a zone's form show."""
    if source is None:
        return {"antipassback": Antipassback.OFF.value}
    if isinstance(source, Zone):
        return {
            "name": source.name,
            "occupancy_limit": source.occupancy_limit,
            "opens": _time(source.opens_minute),
            "closes": _time(source.closes_minute),
            "requires_escort": source.requires_escort,
            "antipassback": source.antipassback.value,
        }
    return source.to_dict() | {"requires_escort": "requires_escort" in source}


def shown_point(source: AccessPoint | Entered | None, camera_ids: Sequence[UUID] = ()) -> Mapping[str, object]:
    """Return what the fields of an access point's form show; ids as texts."""
    if source is None:
        return {"kind": PointKind.ENTRY.value, "camera_ids": []}
    if isinstance(source, AccessPoint):
        return {
            "name": source.name,
            "kind": source.kind.value,
            "from_zone_id": source.from_zone_id or "",
            "to_zone_id": source.to_zone_id or "",
            "camera_ids": [str(camera_id) for camera_id in camera_ids],
        }
    return source.to_dict() | {"camera_ids": source.getlist("camera_ids")}


def _first_first(entered: Entered) -> list[str]:
    """Return the ticked languages, the one that the kiosk begins in before the others."""
    ticked, first = entered.getlist("languages"), entered.get("first_language")
    return sorted(ticked, key=lambda code: code != first)


def _guidance(entered: Entered) -> dict[str, dict[str, object]]:
    """Return what was entered for each language."""
    spoken = [name.removeprefix(_RECEPTION) for name in entered if name.startswith(_RECEPTION)]
    return {
        language: {
            "reception": entered.get(f"{_RECEPTION}{language}", ""),
            "way": [line.strip() for line in entered.get(f"{_WAY}{language}", "").splitlines() if line.strip()],
        }
        for language in spoken
    }


def _number(name: str, typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 6):
        raise Invalid(fields={name: _NO_NUMBER})
    return int(typed)


def _minute(name: str, typed: str) -> int | None:
    if not typed.strip():
        return None
    hours, _, minutes = typed.strip().partition(":")
    if not (hours.isdecimal() and minutes[:2].isdecimal() and int(hours) <= 24 and int(minutes[:2]) < 60):
        raise Invalid(fields={name: _NO_TIME})
    return min(60 * int(hours) + int(minutes[:2]), 24 * 60)


def _time(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60 % 24:02}:{minute % 60:02}"
