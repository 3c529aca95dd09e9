"""Input at the edge: strict shapes, and faults in words a person understands."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from visitor.core.errors import Invalid
from visitor.core.i18n import N_
from visitor.core.names import clean_line

F = TypeVar("F", bound="Form")


class Form(BaseModel):
    """What a request may carry; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _cleaned(value: object) -> object:
    return clean_line(value) if isinstance(value, str) else value


def _absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Line = Annotated[str, BeforeValidator(_cleaned)]
"""One line of text from a person: normalised, without control and direction-override characters."""
OptionalLine = Annotated[str | None, BeforeValidator(_cleaned), BeforeValidator(_absent)]
"""A line that may be left empty; empty is None."""
Blank = BeforeValidator(_absent)
"""Turns an empty field of an HTML form into None."""
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$", max_length=12)]
"""The code of a language: `nl`, `pt-BR`. Catalogues are found by it, so nothing else may stand there."""

_FAULTS = {
    "missing": N_("Please fill this in."),
    "string_too_short": N_("Please fill this in."),
    "string_too_long": N_("This is too long."),
    "extra_forbidden": N_("This field is not known here."),
    "uuid_parsing": N_("Choose one from the list."),
    "enum": N_("Choose one from the list."),
    "literal_error": N_("Choose one from the list."),
    "int_parsing": N_("Enter a whole number."),
    "greater_than_equal": N_("This number is too small."),
    "less_than_equal": N_("This number is too large."),
    "datetime_type": N_("Enter a date and time."),
    "datetime_from_date_parsing": N_("Enter a date and time."),
    "datetime_parsing": N_("Enter a date and time."),
    "date_from_datetime_parsing": N_("Enter a date."),
    "date_parsing": N_("Enter a date."),
    "timezone_aware": N_("Give the time with its time zone."),
}
_OTHER = N_("This cannot be used as it is. Please correct it.")


def parse(form: type[F], fields: Mapping[str, Any]) -> F:
    """Return the checked form.

    Raises:
        Invalid: with the fault of each field, as msgids. The input itself is in no message.
    """
    try:
        return form.model_validate(fields)
    except ValidationError as fault:
        raise Invalid(fields=field_faults(fault)) from None


def parse_json(form: type[F], body: bytes) -> F:
    """Return the checked form from a JSON body.

    Raises:
        Invalid: the body is no JSON, or a field is at fault.
    """
    try:
        return form.model_validate_json(body)
    except ValidationError as fault:
        raise Invalid(fields=field_faults(fault)) from None


def field_faults(fault: ValidationError) -> dict[str, str]:
    """Return field name to msgid, the first fault of each."""
    found: dict[str, str] = {}
    for error in fault.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in error["loc"]) or "body"
        own = error["msg"].removeprefix("Value error, ") if error["type"] == "value_error" else None
        found.setdefault(name, own or _FAULTS.get(error["type"], _OTHER))
    return found
