"""The public page of a site's notice, with its earlier versions."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import NotFound
from visitor.notices import queries
from visitor.sites import queries as sites
from visitor.sites.views import show_as

bp = Blueprint("notices", __name__)


@bp.get("/notice/<int:number>/<language>")
@web.open_to_all("a privacy notice is public, earlier versions included")
def notice(number: int, language: str) -> ResponseReturnValue:
    """Show the text in force, or the version named by `?version=`."""
    with web.reading() as work:
        site = sites.site_numbered(work, number)
        versions = queries.versions(work, site.id, language)
        languages = sorted(queries.live(work, site.id))
    wanted = request.args.get("version", type=int)
    shown = [version for version in versions if wanted in {None, version.version}]
    if not shown:
        raise NotFound
    show_as(site)
    g.language = language
    return render_template(
        "notices/notice.html",
        site=site,
        notice=shown[0],
        newest=versions[0],
        versions=versions,
        languages=languages,
        paragraphs=paragraphs(shown[0].body),
    )


def paragraphs(body: str) -> list[tuple[bool, str]]:
    """Return the parts of a text: whether each is a heading, and its words."""
    parts = [part.strip() for part in body.split("\n\n") if part.strip()]
    return [(part.startswith("## "), part.removeprefix("## ")) for part in parts]
