"""Why a camera gave no picture."""

from __future__ import annotations

from enum import StrEnum


class CameraFault(StrEnum):
    """What an administrator can be told, and can do something about."""

    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    REFUSED_CREDENTIALS = "refused_credentials"
    NOT_A_PICTURE = "not_a_picture"
    TOO_LARGE = "too_large"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    BLACK_FRAME = "black_frame"


class CameraFailed(Exception):
    """There is no picture; carries neither address nor password."""

    def __init__(self, fault: CameraFault) -> None:
        super().__init__(fault.value)
        self.fault = fault
