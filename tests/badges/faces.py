"""Badges to draw, and what is read back from them."""

import io
from dataclasses import replace
from functools import cache

import skimage.data
import zxingcpp
from PIL import Image

from tests.badges.test_token import ORDINARY, SIGNER
from visitor.badges.layout import BadgeFace, BadgeLabels
from visitor.badges.token import encode

TOKEN = encode(ORDINARY, SIGNER)


@cache
def photo(mode: str = "RGB") -> bytes:
    """Return a portrait in the public domain, as the kiosk would send it."""
    astronaut = skimage.data.astronaut()  # type: ignore[no-untyped-call]  # scikit-image types only parts of itself
    picture = Image.fromarray(astronaut).crop((110, 0, 350, 300)).convert(mode)
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=85)
    return packed.getvalue()


def face() -> BadgeFace:
    """Return an ordinary badge."""
    return BadgeFace(
        name="Ada Lovelace",
        company="Analytical Engines Ltd",
        host_name="Charles Babbage",
        visit_type_name="Visitor",
        colour="#0b6e4f",
        zones=("Lobby", "Floor 2", "Laboratory"),
        valid_until_text="1 May 2026, 17:30",
        number="V-004217",
        site_name="Northern Works, Rotterdam",
        token=TOKEN,
        photo_jpeg=photo(),
    )


def arabic_face() -> BadgeFace:
    """Return a badge that is read from the right."""
    return replace(
        face(),
        name="محمد عبد الرحمن العربي",
        language="ar",
        labels=BadgeLabels("المضيف", "صالح حتى", "المناطق", "مرافقة مطلوبة"),
        escort=True,
    )


def crowded_face() -> BadgeFace:
    """Return a badge on which everything is long."""
    return replace(
        face(),
        company="Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft mbH, Wien",
        host_name="Maximilian Bartholomew Featherstonehaugh-Cholmondeley",
        visit_type_name="Contractor for electrical maintenance",
        zones=tuple(f"Building {number} floor {number % 4}" for number in range(1, 15)),
        site_name="Northern Works and Distribution Centre, Rotterdam Europoort Terminal",
        escort=True,
    )


def codes(picture: Image.Image) -> list[str]:
    """Return the texts of the QR codes in a picture."""
    return [
        found.text
        for found in zxingcpp.read_barcodes(
            picture.convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
    ]
