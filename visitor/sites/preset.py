"""The shape of a country preset, as its file and the rules see it.

The values, each with its source, stand in `presets/*.toml`.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from visitor.sites.detectors import Detector
from visitor.sites.periods import Period


class NumberMode(StrEnum):
    """How much of an ID number may be written down, strictest first."""

    OFF = "off"
    LAST4 = "last4"
    FULL_JUSTIFIED = "full_justified"


class CopyMode(StrEnum):
    """Whether a copy of an ID may be made, strictest first. `hard_off`: no role, setting or API can enable it."""

    HARD_OFF = "hard_off"
    OFF = "off"
    CONSENT = "consent"


class Confidence(StrEnum):
    """How sure the evidence is; `low` keeps a preset from being called ready."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class NeverStore(StrEnum):
    """Something that must not be stored under a preset."""

    NL_BSN = "nl_bsn"
    MRZ = "mrz"
    CHIP_PHOTO = "chip_photo"
    DE_SERIAL = "de_serial"
    UK_NINO = "uk_nino"
    US_SSN = "us_ssn"
    SG_NRIC_FULL = "sg_nric_full"


class NoticeBlock(StrEnum):
    """A part of the privacy notice that only some countries need. Texts: `visitor/notices/texts`."""

    BASIS_GDPR = "basis_gdpr"
    BASIS_UK = "basis_uk"
    BASIS_US = "basis_us"
    BASIS_SG = "basis_sg"
    RIGHTS_GDPR = "rights_gdpr"
    RIGHTS_US = "rights_us"
    RIGHTS_SG = "rights_sg"
    ART14_IF_PREREGISTERED = "art14_if_preregistered"
    CCTV_LAYER1 = "cctv_layer1"
    ID_SEEN_ONLY = "id_seen_only"
    ID_LAST4 = "id_last4"
    ID_COPY_CONSENT = "id_copy_consent"
    WORKS_COUNCIL_NOTE = "works_council_note"
    COMPLAINT_TO_CONTROLLER = "complaint_to_controller"
    US_CATEGORIES = "us_categories"


class Shape(BaseModel):
    """Part of a preset file: frozen, and every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _period(value: object) -> object:
    return Period.parse(value) if isinstance(value, str) else value


PeriodText = Annotated[Period, BeforeValidator(_period)]


class Bounds(Shape):
    """A length of life: the default, the longest without a written justification, and a legal minimum."""

    default: int = Field(ge=0)
    ceiling: int | None = Field(default=None, ge=0)
    """None: the country names no ceiling."""
    min: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ceiling is not None and self.min > self.ceiling:
            raise ValueError(f"min ({self.min}) is greater than ceiling ({self.ceiling})")
        if self.default < self.min or (self.ceiling is not None and self.default > self.ceiling):
            raise ValueError(f"default ({self.default}) is not between min and ceiling")
        return self


class IdNumber(Shape):
    """What may be written down of an ID number."""

    mode: NumberMode


class IdCopy(Shape):
    """Whether an ID may be copied."""

    mode: CopyMode


class IdDocument(Shape):
    """The rules for a visitor's ID document."""

    view: Literal["allowed", "not_allowed"]
    number: IdNumber
    copy_: IdCopy = Field(alias="copy")
    never_store: tuple[NeverStore, ...]
    detectors: tuple[Detector, ...]


class PhotoOnBadge(Shape):
    """Whether a badge shows a photo unless the visit type says otherwise, and on which basis."""

    default: Literal["off", "on"]
    basis: Literal["consent", "legitimate_interest"]
    refusal_blocks_entry: bool


class Clocks(Shape):
    """The time limits of the privacy law. None: the law sets no fixed one."""

    dsar: PeriodText
    dsar_extend: PeriodText | None = None
    breach: PeriodText | None = None
    complaint_ack: PeriodText | None = None
    stop_clock: bool


class Authority(Shape):
    """Whom a visitor can complain to."""

    name: str = Field(min_length=1)
    url_in_notice: bool


class Evidence(Shape):
    """Where the value of a field comes from."""

    field: str
    source: str = Field(min_length=1)
    tag: Literal["V", "V2", "M", "J", "U"]
    """V: read in the source; V2: secondary source; M: from memory; J: judgement; U: uncertain."""
    checked: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}$")
    """Year and month in which the source was opened."""
    confidence: Confidence


class Review(Shape):
    """Who signed the preset for production, and when. Both or neither."""

    by: str | None = None
    on: date | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.by is None) != (self.on is None):
            raise ValueError("by and on belong together: fill in both or neither")
        return self


class Preset(Shape):
    """The rules of one country."""

    preset: str = Field(pattern=r"^[A-Z]{2}$")
    version: int = Field(ge=1)
    name: str
    id_document: IdDocument
    visitor_log_days: Bounds
    cctv_days: Bounds
    id_hours: Bounds
    photo_on_badge: PhotoOnBadge
    minor_age: int = Field(ge=0, le=21)
    clocks: Clocks
    authority: Authority
    notice_blocks: tuple[NoticeBlock, ...]
    evidence: tuple[Evidence, ...] = Field(min_length=1)
    review: Review

    @property
    def territory(self) -> str:
        """ISO 3166-1 code of the country, by which dates are written; the preset `UK` is the country `GB`."""
        return "GB" if self.preset == "UK" else self.preset

    @property
    def reviewed_on(self) -> date | None:
        """The day on which a person signed this preset; None: nobody has."""
        return self.review.on

    @property
    def ready_for_production(self) -> bool:
        """Whether a person has signed the preset and no evidence is weak."""
        return self.reviewed_on is not None and all(e.confidence is not Confidence.LOW for e in self.evidence)


class SiteOverride(Shape):
    """What a site sets for itself. Empty fields keep the preset's value; none of them can loosen it."""

    view: Literal["allowed", "not_allowed"] | None = None
    number: NumberMode | None = None
    copy_mode: CopyMode | None = None
    visitor_log_days: int | None = Field(default=None, ge=0)
    cctv_days: int | None = Field(default=None, ge=0)
    id_hours: int | None = Field(default=None, ge=0)
    photo_on_badge: Literal["off"] | None = None
    minor_age: int | None = Field(default=None, ge=0, le=21)
    detectors: tuple[Detector, ...] = ()
    """Added to the preset's."""
