"""The look of a site: chosen on its page, and sent to the staff screens as a picture and a small style sheet."""

from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from visitor.core import web
from visitor.core.errors import Invalid, NotFound
from visitor.core.forms import parse
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.imaging import apart
from visitor.imaging.decoding import PhotoFault, PhotoRefused
from visitor.sites import operations, queries
from visitor.sites.admin_views import bp as admin_bp
from visitor.sites.admin_views import saved, site_page
from visitor.sites.forms import LookForm
from visitor.sites.look import accents
from visitor.sites.models import Site
from visitor.sites.views import bp

KEPT_SECONDS = 24 * 60 * 60
LOGO_FAULTS = {
    PhotoFault.NOT_A_PICTURE: N_("Choose a PNG, JPEG or WebP picture. SVG drawings and animations are not taken."),
    PhotoFault.TOO_MANY_BYTES: N_("This picture is too large. Choose a simpler one of at most 2 MB."),
    PhotoFault.TOO_MANY_PIXELS: N_("This picture has too many pixels. Make it smaller, for example 960 by 320."),
}
DAMAGED = N_("This picture cannot be read. Save it again and choose it once more.")


@admin_bp.post("/<uuid:site_id>/look")
@web.requires(Permission.ADMIN_SITES)
def change_look(site_id: UUID) -> ResponseReturnValue:
    """Change logo and accent; the page then says what became of the colour."""
    entered = {"accent": request.form.get("accent", ""), "remove_logo": "remove_logo" in request.form}
    try:
        form = parse(LookForm, entered)
        logo = _logo(request.files.get("logo"))
        with web.transaction() as work:
            operations.change_look(work, site_id, form, logo)
    except Invalid as fault:
        return site_page(site_id, {"look": entered}, {"look": fault.fields}), fault.status
    return saved(f"/admin/sites/{site_id}#look")


@bp.get("/sites/<uuid:site_id>/look.css")
@web.signed_in
def look_sheet(site_id: UUID) -> ResponseReturnValue:
    """Send the accent as a style sheet: policies of browsers and of this server allow no style within pages."""
    with web.reading() as work:
        chosen = _own_site(work, site_id).accent
    if chosen is None:
        raise NotFound
    used = accents(chosen)
    return _kept(f":root{{--site-accent:light-dark({used.light.colour},{used.dark.colour})}}\n", "text/css")


@bp.get("/sites/<uuid:site_id>/logo.png")
@web.signed_in
def logo_picture(site_id: UUID) -> ResponseReturnValue:
    """Send the logo."""
    with web.reading() as work:
        return _kept(queries.logo(work, _own_site(work, site_id).id), "image/png")


def _own_site(work: Work, site_id: UUID) -> Site:
    site = queries.site(work, site_id)
    if not work.actor.everywhere and site.id not in work.actor.at_site:
        raise NotFound
    return site


def _kept(body: str | bytes, mimetype: str) -> Response:
    """Answer with what a browser may keep: pages name another address when it changes."""
    answer = Response(body, mimetype=mimetype)
    answer.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _logo(upload: FileStorage | None) -> bytes | None:
    """Return the uploaded picture made small and clean, or None where none was chosen.

    Raises:
        Invalid: it cannot be used, in words.
    """
    body = upload.read() if upload else b""
    if not body:
        return None
    try:
        return apart.logo(body)
    except PhotoRefused as refused:
        raise Invalid(fields={"logo": LOGO_FAULTS.get(refused.reason, DAMAGED)}) from None
