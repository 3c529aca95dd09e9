"""Purges on the screen: preview, start, approval by a second person, certificate."""

from uuid import UUID

from flask import Response, flash, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.accounts.admission import confirmed
from visitor.core import web
from visitor.core.i18n import N_
from visitor.core.paging import Cursor
from visitor.core.permissions import Permission
from visitor.core.sorting import asked_sort
from visitor.core.work import Work
from visitor.privacy import operations, planning, queries, words
from visitor.privacy.models import PurgeRun, PurgeState
from visitor.privacy.views import bp, staff_names
from visitor.sites.views import current_site


@bp.get("/purges")
@web.requires(Permission.RETENTION_VIEW)
def purges() -> ResponseReturnValue:
    """List purges, newest first."""
    place, asked = request.args.get("older"), request.args.get("state", "")
    state = PurgeState(asked) if asked in set(PurgeState) else None
    sort = asked_sort(request.args, queries.RUN_COLUMNS, "began", descending=True)
    with web.reading() as work:
        current_site(work, Permission.RETENTION_VIEW)
        page = queries.runs(work, Cursor.parse(place) if place else None, state, sort)
    return render_template("privacy/purges.html", page=page, state=state, sort=sort, states=words.PURGE_STATES)


@bp.get("/purges/preview")
@web.requires(Permission.PURGE_RUN)
def preview() -> ResponseReturnValue:
    """Show what a purge would erase now; changes nothing."""
    with web.reading() as work:
        current_site(work, Permission.PURGE_RUN)
        found = planning.survey(work)
        waits = planning.needs_second_person(work, found.planned)
        names = queries.site_names(work)
    lines = planning.count_lines(found.counts)
    return render_template(
        "privacy/preview.html",
        found=found,
        lines=lines,
        waits=waits,
        site_names=names,
        subjects=words.SUBJECTS,
        skipped=words.SKIPPED,
    )


@bp.post("/purges")
@web.requires(Permission.PURGE_RUN)
@confirmed
def start() -> ResponseReturnValue:
    """Plan a purge and have it carried out."""
    run = operations.plan_purge(web.runtime(), web.actor())
    if run.state is PurgeState.NEEDS_APPROVAL:
        flash(web.text(N_("This is far more than usual. A second person must approve it.")), "warning")
    else:
        flash(web.text(N_("The purge begins within a few seconds.")), "success")
    return redirect(f"/privacy/purges/{run.id}")


@bp.post("/purges/<uuid:run_id>/approve")
@web.requires(Permission.PURGE_RUN)
@confirmed
def approve(run_id: UUID) -> ResponseReturnValue:
    """Let a large plan go."""
    with web.transaction() as work:
        operations.approve_purge(work, run_id)
    flash(web.text(N_("Approved. The purge begins within a few seconds.")), "success")
    return redirect(f"/privacy/purges/{run_id}")


@bp.get("/purges/<uuid:run_id>")
@web.requires(Permission.RETENTION_VIEW)
def certificate(run_id: UUID) -> ResponseReturnValue:
    """Show a purge: its plan while it waits, its certificate when it is done."""
    with web.reading() as work:
        current_site(work, Permission.RETENTION_VIEW)
        run = queries.run(work, run_id)
        facts = _of_own_sites(work, run)
        names = queries.site_names(work)
        staff = staff_names(work, {run.started_by, run.approved_by})
        may_approve = work.actor.may(Permission.PURGE_RUN) and run.started_by != work.actor.id
    return render_template(
        "privacy/certificate.html",
        run=run,
        facts=facts,
        site_names=names,
        staff=staff,
        may_approve=may_approve and run.state is PurgeState.NEEDS_APPROVAL,
        states=words.PURGE_STATES,
        subjects=words.SUBJECTS,
        skipped=words.SKIPPED,
        faults=words.FAULTS,
    )


@bp.get("/purges/<uuid:run_id>/certificate.json")
@web.requires(Permission.RETENTION_VIEW)
def certificate_file(run_id: UUID) -> ResponseReturnValue:
    """Hand out the certificate for machines."""
    with web.reading() as work:
        facts = _of_own_sites(work, queries.run(work, run_id))
    answer: Response = jsonify(facts)
    answer.headers["Content-Disposition"] = f'attachment; filename="erasure-certificate-{run_id}.json"'
    return answer


def _of_own_sites(work: Work, run: PurgeRun) -> dict[str, object]:
    """Return the certificate without the lines of sites that are not the actor's."""
    facts: dict[str, object] = dict(run.certificate or {})
    allowed = work.actor.sites(Permission.RETENTION_VIEW)
    if allowed is None:
        return facts
    own = {str(site_id) for site_id in allowed}
    plan = facts.get("plan")
    if isinstance(plan, dict):
        facts["plan"] = plan | {"lines": [line for line in plan.get("lines", []) if line["site"] in own]}
    erased = facts.get("erased")
    if isinstance(erased, list):
        facts["erased"] = [line for line in erased if line["site"] in own]
    return facts
