"""Privacy notices of the demo: the product's default texts with the site's own retention in words."""

from typing import Final

from visitor.app.demo.house import Place
from visitor.core.work import Work
from visitor.notices import operations as notices
from visitor.notices.texts import LANGUAGES, compose
from visitor.sites import queries as sites

RECIPIENTS: Final = {
    "en": "your host and the security staff of the site",
    "nl": "uw gastheer en de beveiliging van de locatie",
    "de": "Ihre Gastgeberin oder Ihr Gastgeber und der Werkschutz",
    "fr": "votre hôte et le service de sécurité du site",
}
DAYS: Final = {"en": "{} days", "nl": "{} dagen", "de": "{} Tage", "fr": "{} jours"}
HOURS: Final = {"en": "{} hours", "nl": "{} uur", "de": "{} Stunden", "fr": "{} heures"}


def publish(work: Work, place: Place) -> None:
    """Put the country's default text in force in each of the site's languages."""
    site = place.site
    entity, preset = sites.entity_of(work, site), sites.preset_of(site)
    common = {
        "controller": f"{entity.name}, {entity.address}",
        "site": site.name,
        "privacy_contact": entity.privacy_contact,
    }
    spoken = [language for language in site.languages if language in LANGUAGES]
    texts = {
        language: compose(preset, language, common | {"recipients": RECIPIENTS[language]} | _kept(place, language))
        for language in spoken
    }
    notices.publish(work, site.id, texts)


def _kept(place: Place, language: str) -> dict[str, str]:
    preset = sites.preset_of(place.site)
    log_days = DAYS[language].format(preset.visitor_log_days.default)
    return {
        "retention_contact": log_days,
        "retention_photo": HOURS[language].format(24),
        "retention_id": HOURS[language].format(preset.id_hours.default),
        "retention_access": log_days,
        "retention_cctv": DAYS[language].format(preset.cctv_days.default),
    }
