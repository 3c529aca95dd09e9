"""Texts and components are found without detours; what a page says stays the same to the letter."""

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import uuid4

import pytest
from babel import dates
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import DictLoader, Environment
from jinja2.compiler import CodeGenerator
from markupsafe import Markup, escape

from tests.access import scenes
from tests.access.scenes import door
from tests.logbook.scenes import name
from tests.web import SignIn
from visitor.app import compiling, reader
from visitor.app.factory import create_app
from visitor.core.actors import SYSTEM
from visitor.core.i18n import languages, locale, translate
from visitor.core.permissions import Role
from visitor.core.work import Runtime

PRINTS = "{{ value }}{{ nobody }}{{ value ~ 1 }}{% autoescape false %}{{ value }}{% endautoescape %}"
PART = "{% macro act(one) -%}<b>{{ _('Sign out') }}</b>{{ one }}{%- endmacro %}"


class Wild(StrEnum):
    """A text of a type of its own."""

    TAG = "<i>"


class Tag:
    """Something that says by itself how it stands in HTML."""

    def __html__(self) -> str:
        return "<hr>"


def environment(**pages: str) -> Environment:
    return Environment(loader=DictLoader(pages), autoescape=True)


@pytest.mark.parametrize("language", languages())
def test_component_that_is_kept_speaks_the_language_of_each_reader(language: str) -> None:
    made = environment(part=PART, page="{% from 'part' import act %}{{ act('<i>') }}")
    compiling.install(made)
    page = made.get_template("page")
    reader.write_for("en", "", "UTC")
    page.render()
    reader.write_for(language, "", "UTC")

    assert page.render() == f"<b>{escape(translate(language, 'Sign out'))}</b>&lt;i&gt;"


def test_text_is_escaped_when_it_is_printed_and_plain_within_an_expression() -> None:
    made = environment(page="{{ _('a & b') }}|{{ _('a & b')|upper }}|{{ _('a & b') ~ one }}|{{ [_('a & b')][0] }}")
    compiling.install(made)
    reader.write_for("en", "", "UTC")

    assert made.get_template("page").render(one="<") == "a &amp; b|A &amp; B|a &amp; b&lt;|a &amp; b"


@pytest.mark.parametrize(
    "value",
    ["plain", "a & <b> \"c\" 'd'", "", Markup("<b>&amp;</b>"), 7, True, None, 1.5, uuid4(), Tag(), Wild.TAG, ["<"]],
)
def test_what_is_printed_is_escaped_as_jinja_does_it(value: object) -> None:
    made = environment(page=PRINTS)
    plain = environment(page=PRINTS)
    compiling.install(made)

    assert made.get_template("page").render(value=value) == plain.get_template("page").render(value=value)


def test_places_of_a_text_are_filled_and_escaped() -> None:
    made = environment(page="{{ _('At %(time)s.', time=at) }}{{ _(at) }}")
    compiling.install(made)
    made.globals["_"] = reader.text
    reader.write_for("en", "", "UTC")

    assert made.get_template("page").render(at="<5%>") == "At &lt;5%&gt;.&lt;5%&gt;"


def test_component_that_the_context_is_handed_to_is_not_kept() -> None:
    made = environment(
        part="{% macro act() -%}{{ one }}{%- endmacro %}", page="{% from 'part' import act with context %}{{ act() }}"
    )
    compiling.install(made)
    page = made.get_template("page")

    assert [page.render(one="a"), page.render(one="b")] == ["a", "b"]


def test_forms_of_two_people_carry_their_own_tokens(app: Flask, sign_in: SignIn) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    found = [
        set(re.findall(r'name="csrf_token" value="([^"]+)"', sign_in(*Role).get("/admin/").get_data(as_text=True)))
        for _ in range(2)
    ]

    assert all(found)
    assert not found[0] & found[1]


SHOWN = (
    *(
        f"/admin/{page}"
        for page in ("", "style", "sites", "accounts", "devices", "hosts/", "visit-types/", "printers/")
    ),
    *(f"/privacy/{page}" for page in ("", "rules", "holds", "purges", "requests")),
    *(
        "/admin/kiosks/",
        "/admin/notices/",
        "/security/",
        "/security/roll-call",
        "/desk/",
        "/desk/sign-in",
        "/desk/expect",
    ),
    "/search?q=ada",
)


def plainly(runtime: Runtime) -> Flask:
    """The application as Jinja compiles it by itself."""
    app = create_app(runtime)
    app.config["WTF_CSRF_ENABLED"] = False
    app.jinja_env.code_generator_class = CodeGenerator
    return app


def test_pages_say_what_they_say_without_it(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        made = door(work)
        name(work, made.visit, "Ada <Lovelace>", "Analytical Engines")
        scenes.scan(work, made)
    browser: FlaskClient = sign_in(*Role)
    cookie = browser.get_cookie("visitor")
    assert cookie is not None
    plain = plainly(runtime).test_client()
    plain.set_cookie("visitor", cookie.value)

    for path in SHOWN:
        answers = [one.get(path) for one in (browser, plain)]
        assert [one.status_code for one in answers] == [200, 200], path
        texts = [re.sub(r'value="[^"]*"', "", one.get_data(as_text=True)) for one in answers]
        assert texts[0] == texts[1], path


@pytest.mark.parametrize("language", [*languages(), "en-XA"])
@pytest.mark.parametrize("territory", ["", "NL", "US"])
def test_times_are_written_as_cldr_has_them(language: str, territory: str) -> None:
    reader.write_for(language, territory, "Asia/Kolkata")
    spoken = locale(language, territory)
    zone = reader.reading().zone
    for hours in range(0, 9_000, 613):
        at = datetime(2025, 12, 31, 18, 5, 7, tzinfo=UTC) + timedelta(hours=hours)
        for form in ("short", "medium"):
            read = reader.reading()
            assert read.moment("datetime", at, form) == dates.format_datetime(at, form, tzinfo=zone, locale=spoken)
            assert read.moment("time", at, form) == dates.format_time(at, form, tzinfo=zone, locale=spoken)
            assert read.moment("date", at, form) == dates.format_date(at.astimezone(zone), form, locale=spoken)


def test_no_instant_is_written_as_nothing() -> None:
    reader.write_for("en", "", "UTC")

    assert reader.reading().moment("time", None, "short") == ""
