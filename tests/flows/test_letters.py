"""Letters to visitors as pages: in every language, light and dark, on a phone, read by axe."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser

from tests import factories, samples
from tests.flows import looks
from tests.real import browser
from tests.real.mail import MailSink, mail_sink
from tests.reception import arrivals
from tests.reception.test_letters import code_in, worked
from visitor.app.runtime import open_runtime
from visitor.core.actors import SYSTEM
from visitor.core.i18n import direction, languages
from visitor.core.settings import load_settings
from visitor.reception import expecting
from visitor.reception.expecting import ExpectForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from visitor.core.clock import FixedClock

pytestmark = pytest.mark.real
SIZES = ((1024, 768), (390, 844), (320, 640))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.browser() as launched:
        yield launched


@pytest.fixture
def letters(tmp_path: Path, template: Callable[[Path], str], clock: FixedClock) -> dict[str, list[EmailMessage]]:
    """An invitation and a letter with a personal code, in each language."""
    with mail_sink() as sink:
        return {language: _written(tmp_path, template, clock, sink, language) for language in languages()}


def _written(
    tmp_path: Path, template: Callable[[Path], str], clock: FixedClock, sink: MailSink, language: str
) -> list[EmailMessage]:
    folder = tmp_path / language
    folder.mkdir()
    more = f'[mail]\nhost = "{sink.host}"\nport = {sink.port}\nsender = "Visitors <visitors@northwind.example>"\n'
    path = samples.write_settings(folder, database_url=template(folder), more=more + 'encryption = "none"\n')
    runtime = open_runtime(load_settings(path), clock=clock)
    before = len(sink.messages)
    with runtime.transaction(SYSTEM) as work:
        here = arrivals.place(work)
        here.site.languages = [language]
        host = factories.host(work, here.site)
        fields = {"client_id": work.new_id(), "visit_type_id": here.visit_type.id, "name": "María-José 王",
                  "email": "maria@fabrikam.example", "host_id": host.id, "expected_at": work.now, "language": language,
                  "invite": True}  # fmt: skip
        expecting.announce(work, ExpectForm.model_validate(fields), here.site.id)
        here.sign_in(work, language=language, remember_email="maria@fabrikam.example")
    worked(runtime)
    runtime.close()
    return sink.messages[before:]


def test_letters_can_be_read_by_everybody(chromium: Browser, letters: dict[str, list[EmailMessage]]) -> None:
    found: list[str] = []
    page = chromium.new_page()
    for language, messages in letters.items():
        assert len(messages) == 2, language
        for message in messages:
            part = message.get_body(("html",))
            assert part is not None
            assert code_in(message)
            page.set_content(str(part.get_content()).replace("cid:code", "data:image/png;base64,"))
            assert page.locator(f"html[lang={language}][dir={direction(language)}]").count() == 1
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found += [f"{language} {scheme}: {line}" for line in looks.violations(page)]
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                found += [f"{language} {width}: {line}" for line in looks.overflow(page)]
    assert found == []
