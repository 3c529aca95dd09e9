"""Signing visitors in, and announcing them, at the desk."""

from uuid import UUID, uuid4

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.i18n import N_, native_name
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Work
from visitor.desk.forms import Asked, expect_form, field_words, sign_in_form
from visitor.desk.views import bp
from visitor.notices import queries as notices
from visitor.notices.models import NoticeVersion
from visitor.people import queries as people
from visitor.reception import expecting
from visitor.reception import operations as reception
from visitor.reception.forms import Entrance, SignedIn
from visitor.reception.preparation import prepare
from visitor.sites import queries as sites
from visitor.sites.models import Site
from visitor.sites.policy import IdAsk, IdMode, id_capture
from visitor.sites.views import current_site, look_at
from visitor.visits import queries as visits
from visitor.visits.models import VisitSource

EMPTY: dict[str, str] = {}


@bp.get("/sign-in")
@web.requires(Permission.DESK_ACT)
def sign_in_page() -> ResponseReturnValue:
    """Show the form for a visitor at the desk."""
    return _sign_in_page(EMPTY, EMPTY, uuid4()), 200


@bp.post("/sign-in")
@web.requires(Permission.DESK_ACT)
def sign_in() -> ResponseReturnValue:
    """Sign a visitor in at the desk. A form sent twice does it once."""
    client_id = _client_id()
    try:
        done = _sign_in(client_id)
    except Invalid as fault:
        return _sign_in_page(request.form, field_words(fault.fields), client_id), 422
    _say_signed_in(done)
    return redirect(f"/desk/visits/{done.visit_id}")


@bp.get("/visits/<uuid:visit_id>/sign-in")
@web.requires(Permission.DESK_ACT)
def receive_page(visit_id: UUID) -> ResponseReturnValue:
    """Ask whether the expected visitor was given the notice."""
    with web.transaction() as work:
        visit = visits.visit(work, visit_id)
        look_at(work, visit.site_id, Permission.DESK_ACT)
        contact = people.contacts(work, [visit_id], Purpose.RECEPTION).get(visit_id)
        notice = _notice(work, visit.site_id)
    return render_template("desk/receive.html", visit=visit, contact=contact, notice=notice)


@bp.post("/visits/<uuid:visit_id>/sign-in")
@web.requires(Permission.DESK_ACT)
def receive(visit_id: UUID) -> ResponseReturnValue:
    """Sign in somebody who was expected."""
    with web.transaction() as work:
        visit = visits.visit(work, visit_id)
        work.require(Permission.DESK_ACT, visit.site_id)
        notice = _notice(work, visit.site_id)
        if notice is not None and not request.form.get("notice_given"):
            raise Invalid(N_("Give the visitor the privacy notice first, and tick that you did."))
        done = expecting.receive(work, visit_id, notice.id if notice else None)
    _say_signed_in(done)
    return redirect(f"/desk/visits/{visit_id}")


@bp.get("/expect")
@web.requires(Permission.VISIT_INVITE)
def expect_page() -> ResponseReturnValue:
    """Show the form for somebody who will come."""
    return _expect_page({"client_id": str(uuid4())}, EMPTY), 200


@bp.post("/expect")
@web.requires(Permission.VISIT_INVITE)
def expect() -> ResponseReturnValue:
    """Put somebody on the list of the expected."""
    try:
        with web.transaction() as work:
            site = current_site(work, Permission.VISIT_INVITE)
            form = expect_form(request.form, site)
            expecting.announce(work, form, site.id)
    except Invalid as fault:
        return _expect_page(request.form.to_dict(), field_words(fault.fields)), 422
    if form.invite:
        flash(web.text(N_("On the list of the expected. The invitation is being sent.")), "good")
    else:
        flash(web.text(N_("On the list of the expected.")), "good")
    return redirect("/desk/")


def _sign_in(client_id: UUID) -> SignedIn:
    with web.reading() as work:
        site = current_site(work, Permission.DESK_ACT)
        notice = _notice(work, site.id)
        id_mode = _id_mode(work, site, request.form.get("visit_type_id", ""))
        at = work.now
    upload = request.files.get("photo")
    photo = upload.read() if upload else b""
    asked = Asked(client_id, at, site.languages[0], notice.id if notice else None, id_mode)
    form = sign_in_form(request.form, photo, asked)
    prepared = prepare(form)
    entrance = Entrance(site.id, VisitSource.DESK, web.actor().id)
    with web.transaction() as work:
        work.require(Permission.DESK_ACT, site.id)
        return reception.sign_in(work, prepared, entrance)


def _sign_in_page(values: dict[str, str], errors: dict[str, str], client_id: UUID) -> str:
    with web.reading() as work:
        site = current_site(work, Permission.DESK_ACT)
        types = type_options(work, site)
        notice = _notice(work, site.id)
        asks_last4 = any(_id_mode(work, site, type_id) is IdMode.LAST4 for type_id, _words in types)
    shown = dict(values)
    shown |= {"host_id": shown.get("host", ""), "host_name": shown.get("host_text", "")}
    return render_template(
        "desk/sign_in.html",
        values=shown,
        errors={name: web.text(text) for name, text in errors.items()},
        visit_types=types,
        asks_last4=asks_last4,
        notice=notice and {"title": notice.title, "version": notice.version, "href": _href(site, notice)},
        client_id=client_id,
        expected=None,
        action="/desk/sign-in",
    )


def _expect_page(values: dict[str, str], errors: dict[str, str]) -> str:
    with web.reading() as work:
        site = current_site(work, Permission.VISIT_INVITE)
        types = type_options(work, site)
        languages = [(code, native_name(code)) for code in site.languages]
    shown = values | {"host_id": values.get("host", ""), "host_name": values.get("host_text", "")}
    words = {name: web.text(text) for name, text in errors.items()}
    mails = web.runtime().settings.mail is not None
    return render_template(
        "desk/expect.html", values=shown, errors=words, visit_types=types, languages_of_site=languages, mails=mails
    )


def type_options(work: Work, site: Site) -> list[tuple[str, str]]:
    """Return the kinds of visits, named in the reader's language."""
    names = ((str(kind.id), kind.names) for kind in visits.types(work, site.id))
    return [(type_id, words.get(web.language()) or next(iter(words.values()))) for type_id, words in names]


def _id_mode(work: Work, site: Site, type_id: str) -> IdMode:
    """Return what the kind of visit asks of an ID here; nothing for one that is not known."""
    asks = next((kind.ask_id for kind in visits.types(work, site.id) if str(kind.id) == type_id), IdAsk.NONE)
    return id_capture(sites.preset_of(site), asks).mode


def _notice(work: Work, site_id: UUID) -> NoticeVersion | None:
    live = notices.live(work, site_id)
    return live.get(web.language()) or next(iter(live.values()), None)


def _href(site: Site, notice: NoticeVersion) -> str:
    return f"/notice/{site.number}/{notice.language}"


def _client_id() -> UUID:
    try:
        return UUID(request.form.get("client_id", ""))
    except ValueError:
        raise Invalid(N_("This form is damaged. Load the page again.")) from None


def _say_signed_in(done: SignedIn) -> None:
    if done.print_job_id is None:
        flash(web.text(N_("Signed in. There is no printer here: print the badge from this page.")), "warning")
    else:
        flash(web.text(N_("Signed in. The badge is being printed.")), "good")
