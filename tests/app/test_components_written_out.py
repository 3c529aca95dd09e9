"""Components are written out where they are called; what a page says stays the same to the letter."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from babel import dates
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import DictLoader, Environment, nodes
from jinja2.compiler import CodeGenerator

from tests.access import scenes
from tests.access.scenes import door
from tests.logbook.scenes import name
from tests.web import SignIn
from visitor.app import compiling, reader
from visitor.app.factory import create_app
from visitor.app.inlining import Components, Inliner
from visitor.core.actors import SYSTEM
from visitor.core.i18n import languages, locale
from visitor.core.permissions import Role
from visitor.core.work import Runtime

PARTS = """
{% macro icon(name) -%}
<i{% if name == 'up' %} class="up"{% endif %}>{{ name }}</i>
{%- endmacro %}
{% macro box(title, id=None, attrs={}) -%}
{% set id = id or 'box-' ~ title %}
<div id="{{ id }}"{{ attrs|xmlattr }}>{{ icon('up') }}{{ title }}{{ caller() if caller is defined else 'empty' }}</div>
{%- endmacro %}
{% macro rows(all) -%}
{% for title in all %}{{ loop.index }}{{ box(title, attrs={'n': loop.index}) }}{% endfor %}
{%- endmacro %}
{% macro each(all) -%}
{% for title in all %}{{ caller() }}{% endfor %}
{%- endmacro %}
{% macro twice() -%}
{% set body = caller() %}
{{ body }}{{ body }}
{%- endmacro %}
{% macro branch(one) -%}
{% if one %}{% set word = 'one' %}{% else %}{% set word = 'more' %}{% endif %}{{ word }}
{%- endmacro %}
{% macro collected(all) -%}
{% set kept = [] %}{% for one in all %}{{ kept.append(one) or '' }}{% endfor %}{{ kept|length }}
{%- endmacro %}
{% macro extended(all) -%}
{{ all.append(1) or '' }}{{ all|length }}
{%- endmacro %}
{% macro reads_page() -%}
{{ title }}
{%- endmacro %}
"""
PAGES = {
    "constant": "{{ box('a & b') }}",
    "changing": "{{ box(title) }}|{{ box(title, id=title ~ 1) }}",
    "with body": "{% set id = 'mine' %}{% call box('x') %}{{ id }}{{ title }}{% endcall %}{{ id }}",
    "in a loop": "{% for one in all %}{% call box(one) %}{{ loop.index }}{{ one }}{% endcall %}{% endfor %}",
    "collected": "{{ collected(all) }}{{ extended([]) }}{{ extended([]) }}",
    "loop within": "{% for one in all %}{{ rows([one, loop.index]) }}{{ loop.index }}{% endfor %}",
    "caller in a loop": "{% call each(all) %}{{ title }}{% endcall %}",
    "caller kept": "{% call twice() %}{{ box(title) }}{% endcall %}",
    "called within": "{% call box('a') %}{% call box('b') %}{{ icon(title) }}{% endcall %}{% endcall %}",
    "in an expression": "{{ box('a') ~ title }}{{ (icon('up') if title else icon('down')) }}",
    "chosen": "{{ icon('up') if title == '<t>' else icon(title) }}{{ icon('x') if not title }}",
    "set in a branch": "{{ branch(true) }}{{ branch(title) }}{{ branch(false) }}",
    "the page's own name": "{{ reads_page() }}",
    "shadowed": "{% for icon in all %}{{ icon }}{% endfor %}",
    "given too much": "{{ icon('a', 'b') if not title }}",
}


def environment(pages: dict[str, str]) -> Environment:
    # As in the product: comments and statements leave no empty lines.
    return Environment(loader=DictLoader(pages), autoescape=True, trim_blocks=True, lstrip_blocks=True)


@pytest.mark.parametrize("name", PAGES)
def test_what_is_written_out_says_the_same(name: str) -> None:
    imports = "{% from 'parts' import icon, box, rows, each, twice, branch, collected, extended, reads_page %}"
    pages = {"parts": PARTS, "page": imports + PAGES[name]}
    given = {"title": "<t>", "all": ["u", "<v>"]}
    plain, written = environment(pages), environment(pages)
    compiling.install(written)

    assert written.get_template("page").render(given) == plain.get_template("page").render(given)


def test_nearly_all_calls_of_components_are_written_out(app: Flask) -> None:
    left = []
    loader, components = app.jinja_env.loader, Components(app.jinja_env)
    assert loader is not None
    for page in loader.list_templates():
        if not page.endswith(".html") or page.startswith("emails/"):
            continue
        parsed = app.jinja_env.parse(loader.get_source(app.jinja_env, page)[0], page)
        known = components.of(parsed).macros
        made = Inliner(app.jinja_env, components, page).written_out(parsed)
        shown = [node for node in made.body if not isinstance(node, nodes.Macro)]
        calls = [call for node in shown for call in node.find_all(nodes.Call)]
        left += [page for call in calls if isinstance(call.node, nodes.Name) and call.node.name in known]

    assert set(left) <= {"app/api_docs.html"}, "a macro that is called within an expression costs several times as much"


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
