"""A site's own colour as browsers really draw it: text on it and in it keeps its contrast in every light."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.flows import house, kiosk, looks, reception, staff
from tests.flows.reception import Reception
from visitor.core.actors import SYSTEM
from visitor.imaging.logo import prepare_logo
from visitor.sites import look, operations
from visitor.sites.forms import LookForm

pytestmark = pytest.mark.real

BRIGHT = "#ffcc00"
DRAWN = """(selector) => {
    const found = getComputedStyle(document.querySelector(selector));
    return [found.color, found.backgroundColor, found.borderTopColor];
}"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with reception.face_browser(tmp_path_factory.mktemp("film")) as launched:
        yield launched


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Reception]:
    with reception.at_work(tmp_path_factory.mktemp("house"), chromium) as made:
        out = BytesIO()
        Image.new("RGB", (300, 100), "#c01040").save(out, "PNG")
        with house.opened(made.home.config) as runtime, runtime.transaction(SYSTEM) as work:
            operations.change_look(work, made.home.site_id, LookForm(accent=BRIGHT), prepare_logo(out.getvalue()))
        yield made


def drawn(page: Page, selector: str) -> list[str]:
    """The colours of text, ground and upper edge, as #rrggbb."""
    parts: list[str] = page.evaluate(DRAWN, selector)
    return ["#{:02x}{:02x}{:02x}".format(*map(int, re.findall(r"\d+", part)[:3])) for part in parts]


def test_kiosk_wears_colour_and_logo_in_every_light_and_offline(at_work: Reception) -> None:
    page = at_work.kiosk(at_work.codes[0])
    used = look.accents(BRIGHT)
    for scheme, accent in (("light", used.light), ("dark", used.dark)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
        text, ground, _edge = drawn(page, "[data-action=sign-in]")
        assert ground == accent.colour
        assert look.contrast(text, ground) >= look.TEXT_CONTRAST
        assert looks.violations(page, looks.COLOURS) == []
    page.evaluate("() => { document.documentElement.dataset.contrast = 'high'; }")
    assert drawn(page, "[data-action=sign-in]")[1] not in {used.light.colour, used.dark.colour}
    page.evaluate("() => { delete document.documentElement.dataset.contrast; }")

    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    kiosk.at(page, "welcome")
    page.context.set_offline(True)
    page.reload()
    kiosk.at(page, "welcome")
    logo = page.locator(".welcome-logo")
    expect(logo).to_be_visible()
    assert logo.evaluate("each => each.naturalWidth") == 300
    assert drawn(page, "[data-action=sign-in]")[1] == used.dark.colour


def test_staff_header_wears_the_strip_and_high_contrast_does_not(at_work: Reception) -> None:
    page = staff.desk_of(at_work.chromium, at_work.home, "reception")
    page.goto(f"{at_work.home.address}/desk/")
    used = look.accents(BRIGHT)
    for scheme, accent in (("light", used.light), ("dark", used.dark)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
        _text, ground, edge = drawn(page, ".topbar")
        assert edge == accent.colour
        assert look.contrast(edge, ground) >= 3
    expect(page.locator(".topbar-logo")).to_be_visible()
    assert looks.violations(page) == []
    page.evaluate("() => { document.documentElement.dataset.contrast = 'more'; }")
    assert (
        page.evaluate("() => getComputedStyle(document.querySelector('.topbar')).borderTopColor") == "rgba(0, 0, 0, 0)"
    )
