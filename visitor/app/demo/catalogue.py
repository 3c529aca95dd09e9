"""What the demo's two sites are made of, as the forms that an administrator would fill in."""

from typing import Any, Final

from visitor.app.demo import kinds
from visitor.sites.models import Antipassback, PointKind
from visitor.sites.policy import IdAsk
from visitor.visits.models import FieldUse, PhotoUse

Form = dict[str, Any]
"""Fields of one of the product's forms, which check them; some name zones and cameras by the demo's own keys."""

ENTITY_NL: Final[Form] = {
    "name": "Northwind Harbour B.V.",
    "country": "NL",
    "address": "Havenkade 12, 9999 ZZ Havenstad",
    "privacy_contact": "privacy@northwind.example",
}
SITE_NL: Final[Form] = {
    "name": "Havenstad",
    "address": "Havenkade 12, 9999 ZZ Havenstad",
    "preset": "NL",
    "time_zone": "Europe/Amsterdam",
    "languages": ("en", "nl", "de", "fr", "es", "it", "pl", "pt", "ar", "th", "ja", "zh-Hans"),
    "reception_hint": "The reception is on your left, behind the model ship.",
    "guidance": {
        "en": {"way": ("← To the reception desk", "↑ Lift to level 2", "→ Waiting area, blue chairs")},
        "nl": {
            "reception": "De receptie is links, achter het scheepsmodel.",
            "way": ("← Naar de receptie", "↑ Lift naar verdieping 2", "→ Wachtruimte, blauwe stoelen"),
        },
    },
}
ZONES_NL: Final[dict[str, Form]] = {
    "lobby": {"name": "Lobby"},
    "offices": {"name": "Offices"},
    "servers": {
        "name": "Server hall",
        "occupancy_limit": 8,
        "requires_escort": True,
        "antipassback": Antipassback.SOFT,
    },
}
POINTS_NL: Final[dict[str, Form]] = {
    "in": {"name": "Lobby gate", "kind": PointKind.ENTRY, "entered": "lobby", "cameras": ("lobby",)},
    "offices": {
        "name": "Office gate",
        "kind": PointKind.ENTRY,
        "left": "lobby",
        "entered": "offices",
        "cameras": ("offices",),
    },
    "servers": {
        "name": "Server hall door",
        "kind": PointKind.ENTRY,
        "left": "offices",
        "entered": "servers",
        "cameras": ("servers",),
    },
    "out": {"name": "Exit turnstile", "kind": PointKind.EXIT, "left": "lobby", "cameras": ("lobby",)},
    "muster": {"name": "Muster point car park", "kind": PointKind.MUSTER},
}
TYPES_NL: Final[dict[str, Form]] = {
    "guest": {
        "names": kinds.NAMES["guest"],
        "descriptions": kinds.DESCRIPTIONS["guest"],
        "colour": "#1f5fa8",
        "position": 1,
        "duration_minutes": 480,
        "opens": ("lobby", "offices"),
    },
    "contractor": {
        "names": kinds.NAMES["contractor"],
        "descriptions": kinds.DESCRIPTIONS["contractor"],
        "colour": "#b45309",
        "position": 2,
        "ask_company": FieldUse.REQUIRED,
        "ask_id": IdAsk.SEEN,
        "duration_minutes": 600,
        "opens": ("lobby", "offices", "servers"),
    },
    "delivery": {
        "names": kinds.NAMES["delivery"],
        "descriptions": kinds.DESCRIPTIONS["delivery"],
        "colour": "#15803d",
        "position": 3,
        "ask_email": FieldUse.OFF,
        "ask_host": FieldUse.OPTIONAL,
        "photo": PhotoUse.OFF,
        "duration_minutes": 45,
        "opens": ("lobby",),
    },
    "interview": {
        "names": kinds.NAMES["interview"],
        "descriptions": kinds.DESCRIPTIONS["interview"],
        "colour": "#7c3aed",
        "position": 4,
        "ask_company": FieldUse.OFF,
        "duration_minutes": 180,
        "opens": ("lobby", "offices"),
    },
}

ENTITY_SG: Final[Form] = {
    "name": "Northwind Harbour Pte. Ltd.",
    "country": "SG",
    "address": "1 Lighthouse Walk, Singapore",
    "privacy_contact": "dpo.sg@northwind.example",
}
SITE_SG: Final[Form] = {
    "name": "Singapore workshop",
    "address": "1 Lighthouse Walk, Singapore",
    "preset": "SG",
    "time_zone": "Asia/Singapore",
    "languages": ("en",),
    "reception_hint": "Take the lift to level 3.",
}
ZONES_SG: Final[dict[str, Form]] = {
    "lobby": {"name": "Reception"},
    "workshop": {"name": "Workshop", "antipassback": Antipassback.SOFT},
}
POINTS_SG: Final[dict[str, Form]] = {
    "in": {"name": "Reception door", "kind": PointKind.ENTRY, "entered": "lobby"},
    "offices": {"name": "Workshop door", "kind": PointKind.ENTRY, "left": "lobby", "entered": "workshop"},
    "out": {"name": "Way out", "kind": PointKind.EXIT, "left": "lobby"},
    "muster": {"name": "Muster point courtyard", "kind": PointKind.MUSTER},
}
TYPES_SG: Final[dict[str, Form]] = {
    "guest": {
        "names": {"en": "Guest"},
        "colour": "#1f5fa8",
        "position": 1,
        "duration_minutes": 480,
        "opens": ("lobby", "workshop"),
    },
    "contractor": {
        "names": {"en": "Contractor"},
        "descriptions": {"en": "We note the last four characters of your ID"},
        "colour": "#b45309",
        "position": 2,
        "ask_company": FieldUse.REQUIRED,
        "ask_id": IdAsk.NUMBER,
        "duration_minutes": 600,
        "opens": ("lobby", "workshop"),
    },
}
