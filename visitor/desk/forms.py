"""What receptionists enter."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from visitor.core.errors import Invalid
from visitor.core.forms import Form, parse
from visitor.core.i18n import N_
from visitor.imaging.decoding import PhotoLimits
from visitor.reception import correcting
from visitor.reception.expecting import ExpectForm
from visitor.reception.forms import SignInForm
from visitor.sites.models import Site
from visitor.sites.policy import IdMode

REPRINT_REASONS = {
    "lost": N_("Lost"),
    "damaged": N_("Damaged or unreadable"),
    "jam": N_("The printer failed"),
    "corrected": N_("Something on it was wrong"),
}
REVOKE_REASONS = {
    "lost": N_("Lost or stolen"),
    "misuse": N_("Used by somebody else"),
    "security": N_("Security asked for it"),
    "mistake": N_("Issued by mistake"),
}

FIELD_WORDS = {
    **correcting.FIELD_WORDS,
    "required": N_("Please fill this in."),
    "not_asked": N_("This kind of visit does not ask for it. Leave it empty."),
    "notice_missing": N_("Give the visitor the privacy notice first."),
    "id_not_allowed": N_("The rules of this country do not allow this to be kept."),
    "id_last4": N_("Enter exactly the last four characters."),
    "photo_not_wanted": N_("This kind of visit takes no photo."),
    "photo_not_a_picture": N_("This file is not a JPEG or PNG picture. Choose another."),
    "photo_too_many_bytes": N_("This picture is larger than 5 MB. Choose a smaller one."),
    "photo_too_many_pixels": N_("This picture has too many pixels. Choose a smaller one."),
    "photo_damaged": N_("This picture is damaged. Choose another."),
    "photo_no_face": N_("No face was found in this picture. Choose one that shows the face from the front."),
    "photo_several_faces": N_("Several faces were found. Choose a picture of one person."),
    "photo_too_dark": N_("This picture is too dark."),
    "photo_too_bright": N_("This picture is too bright."),
    "photo_blurred": N_("This picture is blurred."),
    "photo_too_close": N_("The face is too close to the edge. Step back a little."),
}
"""Message keys of a sign-in in the words of the desk."""


class ReasonForm(Form):
    """Why a badge is reprinted or revoked."""

    reason: str


def field_words(faults: Mapping[str, str]) -> dict[str, str]:
    """Return the fault of each field of the page as a msgid."""
    names = {
        "host_id": "host",
        "notice_version_id": "notice_given",
        "id_document": "id_last4",
        "id_document.last4": "id_last4",
        "body": "form",
    }
    return {names.get(name, name): FIELD_WORDS.get(text, text) for name, text in faults.items()}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page knows of a sign-in beside what was typed."""

    client_id: UUID
    at: datetime
    language: str
    """The site's own: nobody asked the visitor."""
    notice_version_id: UUID | None
    id_mode: IdMode


def sign_in_form(fields: Mapping[str, str], photo: bytes, asked: Asked) -> SignInForm:
    """Return the sign-in that a receptionist typed, checked.

    Raises:
        Invalid: message keys by field.
    """
    if len(photo) > PhotoLimits().max_bytes:
        raise Invalid(fields={"photo": "photo_too_many_bytes"})
    given = bool(fields.get("notice_given"))
    wanted, last4 = asked.id_mode is IdMode.LAST4, fields.get("id_last4", "").strip()
    return parse(
        SignInForm,
        {
            "client_id": asked.client_id,
            "happened_at": asked.at,
            "language": fields.get("language") or asked.language,
            "visit_type_id": fields.get("visit_type_id") or "",
            "name": fields.get("name", ""),
            "preferred_name": fields.get("preferred_name"),
            "pronunciation": fields.get("pronunciation"),
            "company": fields.get("company"),
            "email": fields.get("email") or None,
            "host_id": fields.get("host") or None,
            "notice_version_id": asked.notice_version_id if given else None,
            "notice_shown_at": asked.at if given else None,
            "photo": base64.b64encode(photo).decode() if photo else None,
            "id_document": {"mode": IdMode.LAST4, "last4": last4} if wanted and last4 else None,
        },
    )


def expect_form(fields: Mapping[str, str], site: Site) -> ExpectForm:
    """Return the announcement that a receptionist typed; its time is the site's local time.

    Raises:
        Invalid: faults by field.
    """
    try:
        local = datetime.fromisoformat(fields.get("expected_at", "")).replace(tzinfo=ZoneInfo(site.time_zone))
    except ValueError:
        local = None
    values = {name: fields.get(name) or None for name in ("preferred_name", "pronunciation", "company", "email")}
    return parse(
        ExpectForm,
        values
        | {
            "client_id": fields.get("client_id", ""),
            "visit_type_id": fields.get("visit_type_id", ""),
            "name": fields.get("name", ""),
            "host_id": fields.get("host") or None,
            "expected_at": local,
            "language": fields.get("language") or site.languages[0],
            "invite": bool(fields.get("invite")),
        },
    )
