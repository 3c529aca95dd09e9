"""Putting a site's privacy notice in force, with the lengths of life that its rules really have."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.i18n import N_, native_name
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.notices import operations
from visitor.notices import queries as notices
from visitor.notices.models import NoticeVersion
from visitor.notices.texts import LANGUAGES, NoticeText
from visitor.privacy.queries import retention_words
from visitor.sites import queries as sites
from visitor.sites.models import Site
from visitor.sites.views import current_site

bp = Blueprint("notices_admin", __name__, url_prefix="/admin/notices")
TEXT_LIMIT = 40_000
SUMMARY_LINES = 8


@bp.get("/")
@web.requires(Permission.ADMIN_NOTICES)
def show() -> ResponseReturnValue:
    """Show the notice in force, and the form for a new one."""
    return _page({})


@bp.post("/default")
@web.requires(Permission.ADMIN_NOTICES)
def publish_default() -> ResponseReturnValue:
    """Put the country's default text in force, with the present retention rules in its words."""
    with web.transaction() as work:
        site = current_site(work, Permission.ADMIN_NOTICES)
        operations.publish_default(work, site.id, lambda language: retention_words(work, site.id, language))
    flash(web.text(N_("The new notice is in force. Earlier versions stay readable.")), "good")
    return redirect("/admin/notices/")


@bp.post("/")
@web.requires(Permission.ADMIN_NOTICES)
def publish() -> ResponseReturnValue:
    """Put a text of one's own in force; a language left empty keeps none."""
    try:
        with web.transaction() as work:
            site = current_site(work, Permission.ADMIN_NOTICES)
            operations.publish(work, site.id, _texts(site, request.form))
    except Invalid as fault:
        return _page(request.form, fault.fields), 422
    flash(web.text(N_("The new notice is in force. Earlier versions stay readable.")), "good")
    return redirect("/admin/notices/")


def _texts(site: Site, fields: Mapping[str, str]) -> dict[str, NoticeText]:
    faults: dict[str, str] = {}
    texts: dict[str, NoticeText] = {}
    for language in site.languages:
        parts = {part: fields.get(f"{part}.{language}", "").strip() for part in ("title", "summary", "body")}
        if not any(parts.values()):
            continue
        faults |= {f"{part}.{language}": N_("Please fill this in.") for part, text in parts.items() if not text}
        lines = tuple(line.strip() for line in parts["summary"].splitlines() if line.strip())
        if len(lines) > SUMMARY_LINES or len(parts["body"]) > TEXT_LIMIT:
            faults[f"summary.{language}"] = N_("This is too long.")
        texts[language] = NoticeText(parts["title"], lines, parts["body"].replace("\r\n", "\n"))
    if not texts:
        faults[f"title.{site.languages[0]}"] = N_("Please fill this in.")
    if faults:
        raise Invalid(fields=faults)
    return texts


def _page(values: Mapping[str, str], faults: Mapping[str, str] | None = None) -> str:
    with web.reading() as work:
        site = current_site(work, Permission.ADMIN_NOTICES)
        preset = sites.preset_of(site)
        live = notices.live(work, site.id)
        shown = values or _values(live)
        in_force = _in_force(work, site, live)
    return render_template(
        "privacy/notices.html",
        site=site,
        preset=preset,
        live=in_force,
        spoken=[(code, native_name(code)) for code in site.languages],
        defaults=[code for code in site.languages if code in LANGUAGES],
        values=shown,
        errors={name: web.text(text) for name, text in (faults or {}).items()},
    )


def _values(live: Mapping[str, NoticeVersion]) -> dict[str, str]:
    return {
        f"{part}.{language}": text
        for language, notice in live.items()
        for part, text in (("title", notice.title), ("summary", "\n".join(notice.summary)), ("body", notice.body))
    }


def _in_force(work: Work, site: Site, live: Mapping[str, NoticeVersion]) -> list[tuple[NoticeVersion, int]]:
    return [(notice, len(notices.versions(work, site.id, language))) for language, notice in live.items()]
