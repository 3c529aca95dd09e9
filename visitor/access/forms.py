"""What a reader sends, and what it is answered."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool

from visitor.access.reasons import Reason
from visitor.core.forms import Form


class ScanForm(Form):
    """One scan at one access point."""

    model_config = ConfigDict(str_strip_whitespace=False, json_schema_extra={"title": "Scan"})

    scan_id: UUID = Field(description="Chosen by the reader. A scan that is sent again carries the same id.")
    access_point_id: UUID = Field(description="Where the badge was scanned; a point of the token's own site.")
    credential: str = Field(description="The text of the code as it was read; any text is accepted.")
    scanned_at: AwareDatetime = Field(description="By the reader's clock, with its time zone.")
    offline_granted: StrictBool | None = Field(
        default=None, description="What the reader decided by itself, when it could not ask. Leave out when asking."
    )
    escorted: StrictBool = Field(
        default=False, description="A guard at the reader saw that the visitor's escort is there."
    )


class ScanAnswer(BaseModel):
    """The answer to a scan; the same for a scan that is sent again."""

    event_id: UUID = Field(description="The stored access event.")
    granted: bool = Field(description="Open, or stay shut.")
    reason: Reason = Field(description="Why. Granted with another reason than `granted`: a guard should look.")
    message: str = Field(description="A sentence for the guard, in the language of Accept-Language.")
    scanned_at: datetime = Field(description="As stored: a time more than five minutes ahead is replaced.")
    received_at: datetime = Field(description="When the server first heard of the scan.")


class StatusQuery(Form):
    """Which status list."""

    site: int | None = Field(default=None, description="Number of the site; the token's own when left out.")


class BadgeKey(BaseModel):
    """A public key that badge tokens and status lists are checked with."""

    key_id: int = Field(description="The key number that stands in tokens and status lists.")
    algorithm: str = Field(default="Ed25519")
    public_key: str = Field(description="The 32 bytes of the key, Base64.")


class BadgeKeys(BaseModel):
    """Every key that is trusted just now."""

    keys: list[BadgeKey]


class Fault(BaseModel):
    """What went wrong."""

    code: str
    message: str
    fields: dict[str, str] | None = Field(default=None, description="With code `invalid`: each field's fault.")
    retry_after_seconds: int | None = None


class FaultAnswer(BaseModel):
    """Every error of this API."""

    error: Fault
    request_id: str = Field(description="Name it when you report a fault.")
