"""How a site looks: any colour becomes one that can be read, and pages and kiosks use just that."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests import factories
from tests.web import SignIn
from visitor.core.actors import SYSTEM
from visitor.core.permissions import Role
from visitor.core.work import Runtime
from visitor.sites import look, queries
from visitor.sites.models import Site

ROOT = Path(__file__).parents[2]
COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
ON_ACCENT = {"light": "#ffffff", "dark": "#06262d"}
BRIGHT = "#ffcc00"


@pytest.fixture
def site(runtime: Runtime) -> Site:
    with runtime.transaction(SYSTEM) as work:
        return factories.site(work)


@pytest.fixture
def admin(sign_in: SignIn) -> FlaskClient:
    return sign_in(Role.ADMINISTRATOR)


def picture(form: str = "PNG", size: tuple[int, int] = (600, 200)) -> BytesIO:
    out = BytesIO()
    Image.new("RGB", size, "#c01040").save(out, form)
    return BytesIO(out.getvalue())


def change(browser: FlaskClient, site: Site, **fields: object) -> tuple[int, str]:
    answer = browser.post(f"/admin/sites/{site.id}/look", data=fields, content_type="multipart/form-data")
    return answer.status_code, answer.get_data(as_text=True)


@given(COLOURS)
def test_any_colour_can_be_read_on_every_ground_and_below_its_own_text(chosen: str) -> None:
    used = look.accents(chosen)
    for accent, grounds, on in (
        (used.light, look.LIGHT_GROUNDS, ON_ACCENT["light"]),
        (used.dark, look.DARK_GROUNDS, ON_ACCENT["dark"]),
    ):
        for colour in (accent.colour, accent.deep):
            assert all(look.contrast(colour, ground) >= 4.5 for ground in (*grounds, accent.tint, on))


@given(COLOURS)
def test_a_colour_that_was_corrected_once_is_not_corrected_again(chosen: str) -> None:
    used = look.accents(chosen)
    assert look.accents(used.light.colour).kept_in_light
    assert look.accents(used.dark.colour).kept_in_dark


@given(COLOURS, COLOURS)
def test_contrast_is_the_same_from_both_sides_and_within_its_bounds(one: str, other: str) -> None:
    assert look.contrast(one, other) == look.contrast(other, one)
    assert 1 <= look.contrast(one, other) <= 21.01


def test_contrast_of_known_pairs() -> None:
    assert look.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert look.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert look.accents("#0B4F5C").kept_in_light
    assert look.accents("#7fd3e0").kept_in_dark
    assert not look.accents(BRIGHT).kept_in_light


@pytest.mark.parametrize(
    ("sheet", "names"),
    [
        ("kiosk/app/tokens.css", ("paper", "surface", "on-accent")),
        ("visitor/app/static/css/tokens.css", ("surface", "ground", "sunken")),
    ],
)
def test_grounds_are_those_of_the_style_sheets(sheet: str, names: tuple[str, ...]) -> None:
    text = (ROOT / sheet).read_text()
    for name in names:
        pair = re.search(rf"--{name}: light-dark\((#\w{{6}}), (#\w{{6}})\)", text)
        assert pair is not None
        weakest = min(
            look.contrast(pair[1], "#000000"), *(look.contrast(each, "#000000") for each in look.LIGHT_GROUNDS)
        )
        assert weakest == min(look.contrast(each, "#000000") for each in look.LIGHT_GROUNDS)
        lightest = max(look.contrast(each, "#000000") for each in look.DARK_GROUNDS)
        assert look.contrast(pair[2], "#000000") <= lightest


def test_administrator_is_told_what_became_of_the_colour(admin: FlaskClient, site: Site) -> None:
    assert change(admin, site, accent=BRIGHT.upper())[0] == 302

    page = admin.get(f"/admin/sites/{site.id}").get_data(as_text=True)
    assert f"#ffcc00 is too light for text on light screens; {look.accents(BRIGHT).light.colour} is used there." in page
    assert "Dark screens use #ffcc00 as it is." in page
    assert f'href="/sites/{site.id}/look.css?v=ffcc00"' in page
    sheet = admin.get(f"/sites/{site.id}/look.css")
    assert (
        sheet.get_data(as_text=True)
        == f":root{{--site-accent:light-dark({look.accents(BRIGHT).light.colour},#ffcc00)}}\n"
    )
    assert sheet.mimetype == "text/css"
    assert admin.get(f"/sites/{site.id}/look.css", headers={"If-None-Match": sheet.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("wrong", ["red", "#12345", "#12345g", "#fff;}", "url(x)"])
def test_what_is_no_colour_is_refused_in_words(admin: FlaskClient, site: Site, wrong: str) -> None:
    status, text = change(admin, site, accent=wrong)
    assert status == 422
    assert "Write the colour as #" in text
    assert "/look.css" not in text


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_logo_is_kept_small_and_clean_until_it_is_removed(
    admin: FlaskClient, runtime: Runtime, site: Site, form: str
) -> None:
    assert change(admin, site, accent="", logo=(picture(form), "logo"))[0] == 302

    answer = admin.get(f"/sites/{site.id}/logo.png")
    with Image.open(BytesIO(answer.data)) as kept:
        assert (kept.format, kept.size) == ("PNG", (480, 160))
    assert f"/sites/{site.id}/logo.png?v=" in admin.get(f"/admin/sites/{site.id}").get_data(as_text=True)

    assert change(admin, site, accent=BRIGHT)[0] == 302
    assert admin.get(f"/sites/{site.id}/logo.png").status_code == 200
    assert change(admin, site, remove_logo="1")[0] == 302
    assert admin.get(f"/sites/{site.id}/logo.png").status_code == 404
    with runtime.reading(SYSTEM) as work:
        assert queries.site(work, site.id).logo_hash is None


@pytest.mark.parametrize(
    "body", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"RIFF0000WEBPVP8 ", b"\xff\xd8\xff"]
)
def test_what_is_no_picture_is_refused_in_words(admin: FlaskClient, site: Site, body: bytes) -> None:
    status, text = change(admin, site, logo=(BytesIO(body), "logo.png"))
    assert status == 422
    assert "field-error" in text
    assert admin.get(f"/sites/{site.id}/logo.png").status_code == 404


def test_look_of_another_site_does_not_exist(runtime: Runtime, sign_in: SignIn, admin: FlaskClient, site: Site) -> None:
    assert change(admin, site, accent=BRIGHT, logo=(picture(), "logo"))[0] == 302
    with runtime.transaction(SYSTEM) as work:
        other = factories.site(work)
    stranger = sign_in(Role.ADMINISTRATOR, at=other)
    assert stranger.get(f"/sites/{site.id}/look.css").status_code == 404
    assert stranger.get(f"/sites/{site.id}/logo.png").status_code == 404
    assert change(stranger, site, accent="")[0] == 404


def test_site_without_a_look_has_no_sheet(admin: FlaskClient, site: Site) -> None:
    assert admin.get(f"/sites/{site.id}/look.css").status_code == 404
    assert "look.css" not in admin.get(f"/admin/sites/{site.id}").get_data(as_text=True)
