"""The six errors that a request or command can end in.

An expected answer (refused, full, expired) is a value, not an error. Messages are msgids: the edge translates them for
the person who reads them, with `values` filled in.
"""

from typing import ClassVar

from visitor.core.i18n import N_


class ProductError(Exception):
    """What went wrong, for a person to read, and what to do next."""

    code: ClassVar[str]
    status: ClassVar[int]
    message: ClassVar[str]

    def __init__(self, message: str | None = None, /, **values: object) -> None:
        self.text = message or self.message
        self.values = values
        super().__init__(self.text % values if values else self.text)


class NotFound(ProductError):
    """No such thing, or not for this person: the answer is the same."""

    code = "not_found"
    status = 404
    message = N_("This was not found. Go back and choose from the list again.")


class NotAllowed(ProductError):
    """Known, but not permitted."""

    code = "not_allowed"
    status = 403
    message = N_("Your role does not allow this. Ask an administrator if you need it.")


class Invalid(ProductError):
    """The input cannot be used as it is."""

    code = "invalid"
    status = 422
    message = N_("Please correct the fields that are marked.")

    def __init__(
        self, message: str | None = None, /, *, fields: dict[str, str] | None = None, **values: object
    ) -> None:
        """Keep the fault of each field: field name to a msgid or message key."""
        super().__init__(message, **values)
        self.fields = fields or {}


class Conflict(ProductError):
    """The thing is no longer in the state that the request assumed."""

    code = "conflict"
    status = 409
    message = N_("This has changed in the meantime. Load the page again and look before you repeat it.")


class TooMany(ProductError):
    """Asked too often."""

    code = "too_many"
    status = 429
    message = N_("That was too often. Wait a moment and try again.")

    def __init__(self, message: str | None = None, /, *, retry_after_seconds: int = 60, **values: object) -> None:
        super().__init__(message, **values)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(ProductError):
    """Something the product stands on does not answer just now."""

    code = "unavailable"
    status = 503
    message = N_("The system cannot do this just now. Nothing was lost. Try again in a minute.")
    retry_after_seconds: ClassVar[int] = 10
    """What programs are told; kiosks and doors repeat by themselves."""


class SetupFault(Exception):
    """The installation is not right; one clear sentence that says what to do. Ends a command with code 1."""
