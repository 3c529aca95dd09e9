"""Trying a camera, and saying in plain words how it went."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from PIL import Image

from visitor.cctv import operations
from visitor.cctv.faults import CameraFailed, CameraFault
from visitor.cctv.grab import grab_still
from visitor.core.errors import SetupFault
from visitor.core.i18n import N_
from visitor.core.settings import Settings
from visitor.sites.models import Camera

FAULT_WORDS: Mapping[CameraFault, str] = MappingProxyType(
    {
        CameraFault.UNREACHABLE: N_("The camera does not answer at this address. Look at its power, network and port."),
        CameraFault.TIMED_OUT: N_("The camera answers, but no picture came in time. Try a smaller stream."),
        CameraFault.REFUSED_CREDENTIALS: N_("The camera refuses the user name and password in the settings."),
        CameraFault.NOT_A_PICTURE: N_("What came is no picture. Check the kind of camera and the path of the address."),
        CameraFault.TOO_LARGE: N_("The picture is too large. Set the camera to at most four megapixels."),
        CameraFault.ADDRESS_NOT_ALLOWED: N_(
            "This address is in no allowed network. Add its network to cctv.allowed_networks in the settings."
        ),
        CameraFault.BLACK_FRAME: N_("The picture is black. Look whether the lens is covered."),
    }
)
NO_SIGN_IN = N_("The sign-in that this camera names is missing in the settings, or its password cannot be read.")


@dataclass(frozen=True, slots=True)
class Trial:
    """How a try went: a picture, or why there is none."""

    jpeg: bytes | None = None
    width_px: int = 0
    height_px: int = 0
    fault_text: str | None = None
    """Msgid."""


def try_camera(settings: Settings, camera: Camera) -> Trial:
    """Take one picture now; outside any transaction, as it may last some seconds."""
    limits = operations.limits_of(settings)
    try:
        source = operations.source_of(settings, camera)
        jpeg = grab_still(source, timeout_seconds=settings.cctv.still_timeout_seconds, limits=limits)
    except SetupFault:
        return Trial(fault_text=NO_SIGN_IN)
    except CameraFailed as failed:
        return Trial(fault_text=FAULT_WORDS[failed.fault])
    with Image.open(io.BytesIO(jpeg)) as picture:
        return Trial(jpeg, picture.width, picture.height)
