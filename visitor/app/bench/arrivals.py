"""What a kiosk sends of somebody who signs in."""

from datetime import timedelta
from typing import Final
from uuid import uuid4

from visitor.core.clock import SystemClock

PATH: Final = "/kiosk/api/sign-ins"


def form(type_id: str, host_id: str, person: str, photo: str) -> dict[str, object]:
    """Return what is sent of a visitor who signs in now, under a new id; the photo is in base64."""
    now = SystemClock().now()
    return {
        "client_id": str(uuid4()),
        "happened_at": now.isoformat(),
        "language": "en",
        "visit_type_id": type_id,
        "name": person,
        "company": "Example Engines",
        "email": "ada@engines.example",
        "host_id": host_id,
        "notice_version_id": None,
        "notice_shown_at": (now - timedelta(seconds=30)).isoformat(),
        "photo": photo,
    }
