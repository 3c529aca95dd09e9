"""The details of audit entries in words, by action: one code may mean two things. A test finds each in the code."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from visitor.core.i18n import N_
from visitor.core.permissions import ROLE_NAMES
from visitor.privacy.forms import ERASE_REASONS, HOLD_REASONS
from visitor.privacy.words import SUBJECTS

SEVERAL: Final = "+"
"""Between codes of which one entry holds more than one."""
_ROLES: Final = {role.value: words for role, words in ROLE_NAMES.items()}
_HOLDS: Final = {reason.value: words for reason, words in HOLD_REASONS.items()}

DETAIL_WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "account.grant": _ROLES,
        "account.password": {"own": N_("By its owner"), "reset": N_("Reset to a one-time password")},
        "account.withdraw": _ROLES,
        "backup.made": {"database": N_("Database alone"), "with_keyring": N_("Database and keys")},
        "badge.copy": {
            "first": N_("First copy"),
            "lost": N_("Lost"),
            "damaged": N_("Damaged or unreadable"),
            "jam": N_("The printer failed"),
            "corrected": N_("Something on it was wrong"),
        },
        "badge.revoke": {
            "lost": N_("Lost or stolen"),
            "stolen": N_("Lost or stolen"),
            "misuse": N_("Used by somebody else"),
            "security": N_("Security asked for it"),
            "mistake": N_("Issued by mistake"),
        },
        "database.copy": {"sqlite": N_("Into SQLite"), "postgresql": N_("Into PostgreSQL")},
        "hold.place": _HOLDS,
        "hold.release": _HOLDS,
        "log.export": {"names": N_("With names"), "nameless": N_("Without names")},
        "log.search": {
            "since": N_("From"),
            "until": N_("Until"),
            "zone": N_("Zone"),
            "access_point": N_("Access point"),
            "result": N_("Result"),
            "reason": N_("Reason"),
            "badge": N_("Badge"),
            "words": N_("Visitor"),
        },
        "people.correct": SUBJECTS,
        "people.damaged": SUBJECTS,
        "people.open": SUBJECTS,
        "purge.stopped": {
            "busy": N_("Another purge runs"),
            "clock": N_("The clock of the server jumped"),
            "keyring": N_("The keyring could not be used"),
            "disk": N_("The disk is full"),
            "needs_approval": N_("Waits for a second person"),
            "gone": N_("The plan was carried out or replaced meanwhile"),
        },
        "request.erase": {reason.value: words for reason, words in ERASE_REASONS.items()},
        "retention.drop": SUBJECTS,
        "retention.set": SUBJECTS,
        "site.mode": {
            "normal": N_("Normal operation"),
            "lockdown": N_("Lockdown"),
            "evacuation": N_("Evacuation"),
        },
        "visit.sign_in": {
            "kiosk": N_("At a kiosk"),
            "desk": N_("At the desk"),
            "invitation": N_("With an invitation"),
            "import": N_("From an imported list"),
        },
        "visit.sign_out": {
            "kiosk": N_("At a kiosk"),
            "desk": N_("At the desk"),
            "door": N_("At a door"),
            "night": N_("By the night; nobody saw it"),
        },
        "visit.unrecorded": {
            "sign-in-refused": N_("A sign-in was refused after an outage"),
            "sign-out-refused": N_("A sign-out was refused after an outage"),
        },
    }
)


def detail_words(action: str, detail: str | None) -> list[str]:
    """Return the texts to be translated for a detail; a code that is not known stands for itself."""
    known = DETAIL_WORDS.get(action, {})
    return [known.get(code, code) for code in (detail or "").split(SEVERAL) if code]
