"""Badges as PNG, PDF and label raster, beside plain Pillow and qrcode drawing the same things simply."""

import io
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

import qrcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageDraw, ImageFont, ImageOps

from visitor.app.bench.rounds import Contest, Numbers, Size
from visitor.app.bench.sign_ins import photos
from visitor.app.bench.timing import once, rate
from visitor.app.demo.names import GUESTS
from visitor.badges.layout import LABEL_62X100, BadgeFace
from visitor.badges.render import badge_pdf, badge_png, badge_raster_1bit
from visitor.badges.token import EPOCH, BadgeClaims, BadgeFlags, BadgeKind, BadgeSigner, encode
from visitor.imaging.portrait import prepare_portrait

BATCH: Final = 1_000
QUICK_BATCH: Final = 50
SIZE_PX: Final = (732, 1181)
"""62 x 100 mm at 300 dpi."""
FACES: Final = 64


def faces(count: int = FACES) -> list[BadgeFace]:
    """Return badges of the demo's people, each with a code of its own."""
    signer = BadgeSigner(1, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    portraits = [prepare_portrait(photo).jpeg for photo in photos()]
    face = BadgeFace(
        name="",
        company="Meridian Marine Survey",
        host_name="Hendrika Stuurman",
        visit_type_name="Contractor",
        colour="#b45309",
        zones=("Lobby", "Offices"),
        valid_until_text="2 Mar, 18:30",
        number="K7M2QX",
        site_name="Havenstad",
        token="",
    )
    return [
        replace(
            face,
            name=GUESTS[number % len(GUESTS)].name,
            token=encode(_claims(number), signer),
            photo_jpeg=portraits[number % len(portraits)],
        )
        for number in range(count)
    ]


def bare_image(face: BadgeFace) -> Image.Image:
    """Draw a badge as a short program would: photo, four lines, QR code."""
    image = Image.new("RGB", SIZE_PX, "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, SIZE_PX[0], 120), fill=face.colour)
    with Image.open(io.BytesIO(face.photo_jpeg or b"")) as photo:
        image.paste(ImageOps.fit(photo.convert("RGB"), (300, 375)), (30, 150))
    lines = ((face.visit_type_name, 60), (face.name, 72), (face.company, 40), (face.host_name, 40))
    for number, (text, height) in enumerate(lines):
        pen.text(
            (30, 20 if number == 0 else 480 + 90 * number), text, font=ImageFont.load_default(height), fill="black"
        )
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=8, border=4)
    code.add_data(face.token)
    image.paste(code.make_image().get_image().convert("RGB"), (330, 150))
    return image


def _bare_png(face: BadgeFace) -> bytes:
    packed = io.BytesIO()
    bare_image(face).save(packed, "PNG", dpi=(300, 300))
    return packed.getvalue()


def _bare_pdf(many: Sequence[BadgeFace]) -> bytes:
    packed = io.BytesIO()
    first, *rest = [bare_image(face) for face in many]
    first.save(packed, "PDF", resolution=300, save_all=True, append_images=rest)
    return packed.getvalue()


def _bare_raster(face: BadgeFace) -> Image.Image:
    return bare_image(face).convert("1")


def _batch(count: int, made: Sequence[BadgeFace]) -> list[BadgeFace]:
    """Return that many badges, no two with the same number."""
    return [replace(made[number % len(made)], number=f"N{number:05d}") for number in range(count)]


def _bare_batch(made: Sequence[BadgeFace], count: int) -> Numbers:
    """Draw a part of the batch: all of it would take minutes and tell nothing more."""
    part = made[: max(1, count // 20)]
    return once(partial(_bare_pdf, part), len(part))


@contextmanager
def prepare(size: Size) -> Generator[Sequence[Contest]]:
    """Draw once, so that fonts are open."""
    made, layout, seconds = faces(), LABEL_62X100, size.seconds / 2
    count = BATCH if size.badges >= BATCH * 100 else QUICK_BATCH
    batch = _batch(count, made)
    badge_png(layout, made[0])
    plain = "plain Pillow and qrcode"
    yield [
        Contest(
            "Badge as PNG, 300 dpi",
            lambda: rate(partial(badge_png, layout), made, seconds),
            lambda: rate(_bare_png, made, seconds),
            plain,
        ),
        Contest(
            "Badge as PDF, one",
            lambda: rate(lambda face: badge_pdf([face], layout), made, seconds),
            lambda: rate(lambda face: _bare_pdf([face]), made, seconds),
            plain,
        ),
        Contest(
            f"Badges in one PDF, {count:,}",
            lambda: once(partial(badge_pdf, batch, layout), count),
            lambda: _bare_batch(batch, count),
            plain,
        ),
        Contest(
            "Badge as 1-bit label raster",
            lambda: rate(partial(badge_raster_1bit, layout), made, seconds),
            lambda: rate(_bare_raster, made, seconds),
            plain,
        ),
    ]


def _claims(number: int) -> BadgeClaims:
    begins = EPOCH + timedelta(days=2000)
    return BadgeClaims(
        kind=BadgeKind.VISIT,
        key_id=1,
        site=1,
        badge=10**17 + number,
        copy=1,
        not_before_at=begins,
        expires_at=begins + timedelta(hours=8),
        zones=3,
        flags=BadgeFlags.PHOTO,
        status_index=number,
    )
