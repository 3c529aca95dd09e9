"""What may be entered about accounts and devices."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from visitor.core.forms import Blank, Form, Line
from visitor.core.i18n import N_, languages
from visitor.core.permissions import Role

OptionalId = Annotated[UUID | None, Blank]


def _known_language(code: str) -> str:
    if code not in languages():
        raise ValueError(N_("Choose one from the list."))
    return code


AS_TYPED = ConfigDict(str_strip_whitespace=False)
"""A blank at the end of a password is part of it."""
Language = Annotated[str, AfterValidator(_known_language)]


class SignInForm(Form):
    """Name and password of somebody who wants to come in."""

    model_config = AS_TYPED

    login_name: str = Field(max_length=200)
    """Not a `Line`: strangers send it, and its length is looked at before it is cleaned."""
    password: str = Field(max_length=1000)
    next: str = Field(default="", max_length=2000)


class PasswordForm(Form):
    """A new password; given twice, as nobody sees what they type."""

    model_config = AS_TYPED

    current_password: str = Field(min_length=1, max_length=1000)
    new_password: str = Field(min_length=1, max_length=1000)
    again: str = Field(max_length=1000)


class ConfirmForm(Form):
    """The password once more, before something grave."""

    model_config = AS_TYPED

    password: str = Field(max_length=1000)
    next: str = Field(default="", max_length=2000)


class AccountForm(Form):
    """A new member of staff, with the first role."""

    sign_in_name: Line = Field(min_length=2, max_length=100)
    display_name: Line = Field(min_length=1, max_length=100)
    language: Language = "en"
    role: Annotated[Role | None, Blank] = None
    site_id: OptionalId = None
    """Where the role holds; empty: everywhere."""


class GrantForm(Form):
    """A role at a site, or everywhere."""

    role: Role
    site_id: OptionalId = None


class DeviceForm(Form):
    """A door reader or other machine."""

    name: Line = Field(min_length=1, max_length=100)
    site_id: UUID
    access_point_id: OptionalId = None
