"""What a kiosk is told: the site, its questions, its notices. Nothing about any visitor."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

from visitor.core.i18n import direction, native_name
from visitor.core.work import Work
from visitor.kiosks.models import Kiosk
from visitor.notices import queries as notices
from visitor.reception.operations import remembers
from visitor.sites import queries as sites
from visitor.sites.look import accents
from visitor.sites.models import Site
from visitor.sites.policy import id_capture
from visitor.sites.preset import Preset
from visitor.visits import queries as visits
from visitor.visits.models import VisitType

_ARROWS = {"←": "left", "→": "right", "↑": "up", "↓": "down"}
_LOOK_BACK = timedelta(days=30)
DOCUMENT_TYPES = ("passport", "identity_card", "driving_licence", "residence_permit")


def configuration(work: Work, kiosk: Kiosk) -> dict[str, object]:
    """Return the kiosk's configuration as JSON values."""
    site = sites.site(work, kiosk.site_id)
    preset = sites.preset_of(site)
    settings = work.settings.kiosk
    return {
        "kiosk": {"id": str(kiosk.id), "name": kiosk.name},
        "site": {
            "id": str(site.id),
            "number": site.number,
            "name": site.name,
            "reception_hint": site.reception_hint,
            "guidance": {language: _guidance(texts) for language, texts in site.guidance.items()},
            "timezone": site.time_zone,
            "territory": preset.territory,
            "accent": _accent(site),
            "logo": _logo(work, site),
        },
        "languages": [
            {"code": code, "name": native_name(code), "dir": direction(code)} for code in _most_used_first(work, site)
        ],
        "default_language": site.languages[0],
        "visit_types": [_visit_type(visit_type, preset) for visit_type in visits.types(work, site.id)],
        "notices": _notices(work, kiosk),
        "minor_age": preset.minor_age,
        "remember_days": settings.remember_days if remembers(work.settings) else 0,
        "idle_seconds": settings.idle_seconds,
        "warning_seconds": settings.warning_seconds,
        "server_time": int(work.now.timestamp() * 1000),
    }


def _accent(site: Site) -> dict[str, str] | None:
    """Return the site's colours as style sheets write a pair for light and dark screens."""
    if site.accent is None:
        return None
    light, dark = accents(site.accent).light, accents(site.accent).dark
    return {name: f"light-dark({getattr(light, name)},{getattr(dark, name)})" for name in ("colour", "deep", "tint")}


def _logo(work: Work, site: Site) -> str | None:
    """Return the picture itself, so that a kiosk that cannot reach the server has it."""
    if site.logo_hash is None:
        return None
    return f"data:image/png;base64,{b64encode(sites.logo(work, site.id)).decode()}"


def _most_used_first(work: Work, site: Site) -> list[str]:
    """Return the site's languages: its own, then those of the visitors of the last weeks, then in the site's order."""
    used = visits.languages_used(work, site.id, work.now - _LOOK_BACK)
    own, *others = site.languages
    return [own, *sorted(others, key=lambda code: -used.get(code, 0))]


def _guidance(texts: dict[str, Any]) -> dict[str, object]:
    """Return what the site says in one language; an arrow before a step becomes a drawing."""
    way = []
    for line in texts["way"]:
        arrow = _ARROWS.get(line[:1], "")
        way.append({"arrow": arrow, "text": line[1:].strip() if arrow else line})
    return {"reception": texts["reception"], "way": way}


def _visit_type(visit_type: VisitType, preset: Preset) -> dict[str, object]:
    capture = id_capture(preset, visit_type.ask_id)
    return {
        "id": str(visit_type.id),
        "names": visit_type.names,
        "descriptions": visit_type.descriptions,
        "colour": visit_type.colour,
        "fields": {
            "company": visit_type.ask_company,
            "email": visit_type.ask_email,
            "host": visit_type.ask_host,
        },
        "photo": visit_type.photo,
        "id_step": {"mode": capture.mode, "document_types": DOCUMENT_TYPES, "life_hours": capture.life_hours},
    }


def _notices(work: Work, kiosk: Kiosk) -> dict[str, object]:
    return {
        language: {
            "version_id": str(notice.id),
            "version": notice.version,
            "title": notice.title,
            "summary": notice.summary,
            "body": notice.body,
            "sha256": notice.text_hash.hex(),
        }
        for language, notice in notices.live(work, kiosk.site_id).items()
    }
