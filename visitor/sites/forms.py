"""What an administrator may enter about places."""

import re
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from pydantic import Field, ValidationError, field_validator, model_validator

from visitor.core.forms import Blank, Form, Language, Line, OptionalLine
from visitor.core.i18n import N_
from visitor.sites.models import Antipassback, CameraKind, PointKind
from visitor.sites.preset import SiteOverride
from visitor.sites.presets import Loosened, load_presets, tighten

Minute = Annotated[Annotated[int, Field(ge=0, le=1440)] | None, Blank]
OptionalId = Annotated[UUID | None, Blank]


class EntityForm(Form):
    """A controller."""

    name: Line = Field(min_length=1, max_length=200)
    country: Line = Field(pattern=r"^[A-Z]{2}$")
    address: Line = Field(min_length=1, max_length=400)
    representative: OptionalLine = Field(default=None, max_length=400)
    privacy_contact: Line = Field(min_length=3, max_length=200)


class GuidanceForm(Form):
    """What a site says at the kiosk in one language."""

    reception: Line = Field(default="", max_length=200)
    way: tuple[Annotated[Line, Field(max_length=120)], ...] = Field(default=(), max_length=8)
    """One step each; an arrow at its beginning is drawn large."""


class SiteForm(Form):
    """A place with a reception."""

    legal_entity_id: UUID
    name: Line = Field(min_length=1, max_length=100)
    address: Line = Field(default="", max_length=400)
    preset: str
    tightened: dict[str, Any] = Field(default_factory=dict)
    time_zone: str
    languages: tuple[Language, ...] = Field(min_length=1, max_length=40)
    """The site's own first."""
    reception_hint: Line = Field(default="", max_length=200)
    guidance: dict[Language, GuidanceForm] = Field(default_factory=dict)
    """Only of languages in which the site says anything."""

    @field_validator("guidance")
    @classmethod
    def _said(cls, value: dict[str, GuidanceForm]) -> dict[str, GuidanceForm]:
        return {language: texts for language, texts in value.items() if texts.reception or texts.way}

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(N_("This time zone is not known. Use a name such as Europe/Amsterdam.")) from None
        return value

    @field_validator("languages")
    @classmethod
    def _known_languages(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for code in value:
                Locale.parse(code, sep="-")
        except (UnknownLocaleError, ValueError):
            raise ValueError(N_("This language is not known. Use codes such as en or nl.")) from None
        return tuple(dict.fromkeys(value))

    @model_validator(mode="after")
    def _only_tightened(self) -> Self:
        preset = load_presets().get(self.preset)
        if preset is None:
            raise ValueError(N_("There is no preset for this country."))
        try:
            tighten(preset, SiteOverride.model_validate(self.tightened))
        except ValidationError:
            raise ValueError(N_("The site's own rules hold something that is not known.")) from None
        except Loosened:
            raise ValueError(N_("A site may only be stricter than its country's preset.")) from None
        return self


class LookForm(Form):
    """How a site looks."""

    accent: Annotated[str | None, Blank] = None
    remove_logo: bool = False

    @field_validator("accent")
    @classmethod
    def _is_colour(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
            raise ValueError(N_("Write the colour as # and six digits or letters from a to f, for example #0b4f5c."))
        return value and value.lower()


class ZoneForm(Form):
    """An area."""

    name: Line = Field(min_length=1, max_length=60)
    occupancy_limit: Annotated[Annotated[int, Field(ge=1, le=100_000)] | None, Blank] = None
    opens_minute: Minute = None
    closes_minute: Minute = None
    requires_escort: bool = False
    antipassback: Antipassback = Antipassback.OFF


class PointForm(Form):
    """A door, gate or muster point."""

    name: Line = Field(min_length=1, max_length=60)
    kind: PointKind
    from_zone_id: OptionalId = None
    to_zone_id: OptionalId = None
    camera_ids: tuple[UUID, ...] = ()


class CameraForm(Form):
    """A camera."""

    name: Line = Field(min_length=1, max_length=60)
    kind: CameraKind
    address: str = Field(pattern=r"^(rtsps?|https?)://[^\s@]+$", max_length=500)
    credentials: OptionalLine = None
    clip_address: Annotated[str | None, Blank] = Field(default=None, pattern=r"^https?://[^\s]+$", max_length=500)
    before_seconds: int = Field(default=10, ge=0, le=300)
    after_seconds: int = Field(default=20, ge=0, le=300)
    takes_stills: bool = True
