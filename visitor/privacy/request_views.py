"""Answering visitors: finding their visit, a copy of it, and erasing it."""

from uuid import UUID

from flask import Response, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.accounts.admission import confirmed
from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_
from visitor.core.permissions import Permission, Purpose
from visitor.ledger.operations import audit
from visitor.people import queries as people
from visitor.privacy import replay, requests, words
from visitor.privacy.forms import ERASE_REASONS, ErasureForm
from visitor.privacy.views import bp, fields, translated
from visitor.sites.views import current_site, look_at
from visitor.visits import queries as visits

FOUND_ROWS = 25


@bp.get("/requests")
@web.requires(Permission.REQUEST_ANSWER)
def find() -> ResponseReturnValue:
    """Find the visit that somebody asks about, by name, e-mail or phone."""
    text = request.args.get("words", "").strip()
    state = request.args.get("state", "")
    with web.transaction() as work:
        site = current_site(work, Permission.REQUEST_ANSWER)
        lines, contacts = {}, {}
        if text:
            found = people.search(work, [site.id], text, FOUND_ROWS)
            audit(work, "request.search", site_id=site.id, count=len(found))
            every = visits.lines(work, found)
            lines = {key: line for key, line in every.items() if state in ("", line.visit.state.value)}
            contacts = people.contacts(work, list(lines), Purpose.SUBJECT_REQUEST)
    return render_template(
        "privacy/requests.html", words=text, state=state, lines=list(lines.values()), contacts=contacts
    )


@bp.get("/requests/<uuid:visit_id>")
@web.requires(Permission.REQUEST_ANSWER)
def show(visit_id: UUID) -> ResponseReturnValue:
    """Show what there is of one visit, without opening it."""
    return _visit_page(visit_id, {}, {})


@bp.get("/requests/<uuid:visit_id>/copy.json")
@web.requires(Permission.REQUEST_ANSWER)
@confirmed
def copy(visit_id: UUID) -> ResponseReturnValue:
    """Hand out a copy of everything about one visit."""
    with web.transaction() as work:
        content = requests.export_visit(work, visit_id)
    answer: Response = jsonify(content)
    answer.headers["Content-Disposition"] = f'attachment; filename="visit-{visit_id}.json"'
    return answer


@bp.post("/requests/<uuid:visit_id>/erase")
@web.requires(Permission.REQUEST_ANSWER)
@confirmed
def erase(visit_id: UUID) -> ResponseReturnValue:
    """Erase one visit now."""
    try:
        form = parse(ErasureForm, fields() | {"visit_id": str(visit_id)})
    except Invalid as fault:
        return _visit_page(visit_id, fields(), fault.fields), fault.status
    with web.transaction() as work:
        receipt = requests.erase_visit(work, form)
    requests.confirm(replay.journal_of(web.runtime()), receipt)
    text = N_("Erased: %(records)s records and %(events)s scans. Reference %(reference)s.")
    flash(web.text(text, records=receipt.records, events=receipt.access_events, reference=receipt.reference), "success")
    return redirect("/privacy/requests")


def _visit_page(visit_id: UUID, values: dict[str, str], errors: dict[str, str]) -> str:
    with web.reading() as work:
        visit = visits.visit(work, visit_id)
        look_at(work, visit.site_id, Permission.REQUEST_ANSWER)
        line = visits.lines(work, [visit_id])[visit_id]
        records = people.records_of(work, visit_id)
        may_hold = work.actor.may(Permission.HOLD_EDIT, visit.site_id)
    return render_template(
        "privacy/request.html",
        line=line,
        records=records,
        subjects=words.SUBJECTS,
        reasons=[(reason.value, web.text(text)) for reason, text in ERASE_REASONS.items()],
        values=values,
        errors=translated(errors),
        may_hold=may_hold,
    )
