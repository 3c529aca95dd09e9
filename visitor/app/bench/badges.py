"""Badges as PNG, PDF and label raster, beside plain Pillow and qrcode drawing the same things simply."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

import qrcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageDraw, ImageFont, ImageOps

from visitor.app.bench.places import Place
from visitor.app.bench.rounds import MILLISECONDS, PRODUCT, RATE, Beside, Contest, Numbers, Size
from visitor.app.bench.sign_ins import photos
from visitor.app.bench.timing import once, rate
from visitor.app.demo.names import GUESTS
from visitor.badges.layout import LABEL_62X100, BadgeFace, BadgeLayout
from visitor.badges.render import badge_pdf, badge_png, badge_raster_1bit
from visitor.badges.token import EPOCH, BadgeClaims, BadgeFlags, BadgeKind, BadgeSigner, encode
from visitor.imaging.portrait import prepare_portrait

BARE: Final = "plain Pillow and qrcode"
PHOTO: Final = "its photo alone"
SIZE_PX: Final = (732, 1181)
"""62 x 100 mm at 300 dpi."""
FACES: Final = 64


def faces(count: int = FACES) -> list[BadgeFace]:
    """Return badges of the demo's people, each with a code of its own."""
    signer = _signer()
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


def _batch(count: int, made: Sequence[BadgeFace]) -> list[BadgeFace]:
    """Return that many badges, no two with the same number, code or photo."""
    signer = _signer()
    photos = [face.photo_jpeg or b"" for face in made]
    return [
        replace(
            made[number % len(made)],
            number=f"N{number:05d}",
            token=encode(_claims(number), signer),
            # Bytes behind a JPEG's end are not shown, but make it another picture to whoever draws it.
            photo_jpeg=photos[number % len(made)] + number.to_bytes(4, "big"),
        )
        for number in range(count)
    ]


def _bare_batch(batch: Sequence[BadgeFace]) -> Numbers:
    """Draw a part of the batch: all of it would take minutes and tell nothing more."""
    part = batch[: max(1, len(batch) // 20)]
    return once(partial(_bare_pdf, part), len(part))


def contests(place: Place, size: Size) -> Iterator[Contest]:  # noqa: ARG001  every subject takes one
    """Draw once, so that fonts are open; then each kind of output in turn."""
    made, layout, seconds = faces(), LABEL_62X100, size.seconds / 2
    batch = _batch(size.batch, made)
    badge_png(layout, made[0])
    yield _drawing("png", "Badge as PNG, 300 dpi", partial(badge_png, layout), _bare_png, made, seconds)
    yield _drawing(
        "pdf",
        "Badge as PDF, one",
        lambda face: badge_pdf([face], layout),
        lambda face: _bare_pdf([face]),
        made,
        seconds,
    )
    yield Contest(
        {PRODUCT: lambda: once(partial(badge_pdf, batch, layout), size.batch), BARE: lambda: _bare_batch(batch)},
        [Beside("badges.batch", f"Badges in one PDF, {size.batch:,}", BARE)],
    )
    yield Contest(
        {PRODUCT: lambda: _bytes_each(batch, layout), PHOTO: lambda: _photo_bytes(batch)},
        [Beside("badges.bytes", f"Size of a badge with photo, {size.batch:,} in one PDF", PHOTO, ("bytes",))],
        rounds=1,
    )
    yield _drawing(
        "raster", "Badge as 1-bit label raster", partial(badge_raster_1bit, layout), _bare_png, made, seconds
    )


def _drawing(  # noqa: PLR0913  two sides and what they draw
    key: str,
    title: str,
    mine: Callable[[BadgeFace], object],
    theirs: Callable[[BadgeFace], object],
    made: Sequence[BadgeFace],
    seconds: float,
) -> Contest:
    sides = {PRODUCT: lambda: _drawn(mine, made, seconds), BARE: lambda: _drawn(theirs, made, seconds)}
    return Contest(sides, [Beside(f"badges.{key}", title, BARE, (RATE, MILLISECONDS))])


def _drawn(draw: Callable[[BadgeFace], object], made: Sequence[BadgeFace], seconds: float) -> Numbers:
    found = rate(draw, made, seconds)
    return {**found, MILLISECONDS: 1000 / found[RATE]}


def _bytes_each(batch: Sequence[BadgeFace], layout: BadgeLayout) -> Numbers:
    return {"bytes": len(badge_pdf(batch, layout)) / len(batch)}


def _photo_bytes(batch: Sequence[BadgeFace]) -> Numbers:
    return {"bytes": sum(len(face.photo_jpeg or b"") for face in batch) / len(batch)}


def _signer() -> BadgeSigner:
    return BadgeSigner(1, Ed25519PrivateKey.from_private_bytes(bytes(32)))


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
