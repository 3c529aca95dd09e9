"""What a badge shows, put together from visit, type, host, zones and the opened contact and photo."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale, dates

from visitor.badges import queries
from visitor.badges.layout import CARD_CR80, LABEL_62X100, BadgeFace, BadgeLabels, BadgeLayout
from visitor.badges.models import Badge, BadgeSize
from visitor.badges.token import BadgeFlags
from visitor.core.errors import NotFound
from visitor.core.i18n import N_, best_language, locale, translate
from visitor.core.permissions import Purpose
from visitor.core.work import Work
from visitor.people import queries as people
from visitor.people.records import Contact
from visitor.sites import queries as sites
from visitor.sites.models import Site, Zone
from visitor.visits import queries as visits
from visitor.visits.queries import BoardLine

LAYOUTS: dict[BadgeSize, BadgeLayout] = {BadgeSize.LABEL: LABEL_62X100, BadgeSize.CARD: CARD_CR80}
"""Which design is printed on which size."""


def face(work: Work, badge_id: int, purpose: Purpose) -> BadgeFace:
    """Return what the badge shows. Opens contact and photo, so the transaction must write.

    Raises:
        NotFound: there is no such badge, or the visitor's contact is erased, restricted or another site's.
        NotAllowed: the actor may not open contacts or photos.
    """
    found = faces(work, [badge_id], purpose).get(badge_id)
    if found is None:
        raise NotFound
    return found


def faces(work: Work, badge_ids: Collection[int], purpose: Purpose) -> dict[int, BadgeFace]:
    """Return what the badges show: badge id to face. Badges whose contact cannot be opened are left out.

    All contacts are opened at once and leave one audit entry a site; so are all photos.

    Raises:
        NotAllowed: the actor may not open contacts or photos.
    """
    badges = queries.by_ids(work, badge_ids)
    lines = visits.lines(work, [badge.visit_id for badge in badges.values()])
    contacts = people.contacts(work, list(lines), purpose)
    pictured = [badge.visit_id for badge in badges.values() if badge.flags & BadgeFlags.PHOTO]
    photos = people.photos(work, pictured, purpose) if pictured else {}
    places = {site_id: _Place(work, site_id) for site_id in {badge.site_id for badge in badges.values()}}
    return {
        badge.id: places[badge.site_id].face(badge, lines[badge.visit_id], contacts[badge.visit_id], photos)
        for badge in badges.values()
        if badge.visit_id in contacts
    }


def labels(language: str) -> BadgeLabels:
    """Return the words printed on a badge, in the visitor's language."""
    return BadgeLabels(
        host=translate(language, N_("Host")),
        valid_until=translate(language, N_("Valid until")),
        zones=translate(language, N_("Zones")),
        escort=translate(language, N_("Escort required")),
    )


def valid_until(at: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """Return day and time in the site's time zone, as the locale writes them: `2 Mar, 18:30`."""
    local = at.astimezone(zone)
    day = dates.format_skeleton("MMMd", local, locale=locale)
    time = dates.format_time(local, "short", locale=locale)
    pattern = str(dates.get_datetime_format("medium", locale=locale)).replace("'", "")
    return pattern.replace("{1}", day).replace("{0}", time)


def type_name(names: Mapping[str, str], language: str, site: Site) -> str:
    """Return a visit type's name in the language, else in the first of the site's that it has."""
    offered = tuple(names)
    wanted = next((code for code in site.languages if code in names), offered[0] if offered else "")
    return names.get(best_language(language, offered, wanted), "")


class _Place:
    """What all badges of one site have in common, read once."""

    def __init__(self, work: Work, site_id: UUID) -> None:
        self._work = work
        self._site = sites.site(work, site_id)
        self._zones = sites.zones(work, site_id)
        self._time_zone = ZoneInfo(self._site.time_zone)
        self._territory = sites.preset_of(self._site).territory

    def face(self, badge: Badge, line: BoardLine, contact: Contact, photos: Mapping[UUID, bytes]) -> BadgeFace:
        """Return what one badge shows."""
        language = line.visit.language
        flags = BadgeFlags(badge.flags)
        return BadgeFace(
            name=contact.badge_name,
            company=contact.company or "",
            host_name=line.host_name or "",
            visit_type_name=type_name(line.visit_type.names, language, self._site),
            colour=line.visit_type.colour,
            zones=tuple(zone.name for zone in self._zones if _opens(badge, zone)),
            valid_until_text=valid_until(badge.expires_at, self._time_zone, locale(language, self._territory)),
            number=badge.number,
            site_name=self._site.name,
            token=queries.token_of(self._work, badge, self._site.number),
            photo_jpeg=photos.get(badge.visit_id),
            escort=BadgeFlags.ESCORT in flags,
            language=language,
            labels=labels(language),
        )


def _opens(badge: Badge, zone: Zone) -> bool:
    return bool(badge.zones >> zone.position & 1)
