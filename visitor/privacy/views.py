"""The privacy officer's desk: how the erasing goes, rules, holds, and the audit trail."""

from datetime import date, timedelta
from uuid import UUID

from babel import dates
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import Conflict, Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_, locale
from visitor.core.permissions import Permission
from visitor.core.sorting import asked_sort
from visitor.core.work import Work
from visitor.privacy import operations, queries, words
from visitor.privacy.forms import HOLD_REASONS, HoldForm, KeepUnit, RuleForm
from visitor.privacy.policy import HoldState
from visitor.privacy.rulebook import RULED, SITE_WIDE
from visitor.sites.views import current_site, look_at
from visitor.visits import queries as visits

bp = Blueprint("privacy", __name__, url_prefix="/privacy")
UNITS = {KeepUnit.DAYS: N_("days"), KeepUnit.HOURS: N_("hours")}


@bp.get("/")
@web.requires(Permission.RETENTION_VIEW)
def overview() -> ResponseReturnValue:
    """Show what is due, done, held and failed."""
    with web.reading() as work:
        current_site(work, Permission.RETENTION_VIEW)
        found = queries.overview(work)
        now = work.now
    return render_template("privacy/overview.html", found=found, now=now, faults=words.FAULTS)


@bp.get("/rules")
@web.requires(Permission.RETENTION_VIEW)
def rules() -> ResponseReturnValue:
    """Show how long everything lives at a site."""
    return _rules_page({}, {})


@bp.post("/rules")
@web.requires(Permission.RETENTION_EDIT)
def set_rule() -> ResponseReturnValue:
    """Set a rule of the site."""
    try:
        with web.transaction() as work:
            site = current_site(work, Permission.RETENTION_EDIT)
            operations.set_rule(work, site.id, parse(RuleForm, fields()))
    except Invalid as fault:
        return _rules_page(fields(), fault.fields, _message(fault)), fault.status
    except Conflict as fault:
        return _rules_page(fields(), {}, _message(fault)), fault.status
    flash(web.text(N_("The rule holds from now on. Shorter times reach what is stored within minutes.")), "success")
    return redirect("/privacy/rules")


@bp.post("/rules/<uuid:rule_id>/end")
@web.requires(Permission.RETENTION_EDIT)
def drop_rule(rule_id: UUID) -> ResponseReturnValue:
    """Go back to the default."""
    with web.transaction() as work:
        operations.drop_rule(work, rule_id)
    flash(web.text(N_("The default holds again. What was collected before still follows the shorter rule.")), "success")
    return redirect("/privacy/rules")


@bp.get("/holds")
@web.requires(Permission.RETENTION_VIEW)
def holds() -> ResponseReturnValue:
    """List holds, with a form for another."""
    return _holds_page({"visit_id": request.args.get("visit", "")}, {})


@bp.post("/holds")
@web.requires(Permission.HOLD_EDIT)
def place_hold() -> ResponseReturnValue:
    """Place a hold."""
    try:
        with web.transaction() as work:
            site = current_site(work, Permission.HOLD_EDIT)
            operations.place_hold(work, parse(HoldForm, fields() | {"site_id": str(site.id)}))
    except Invalid as fault:
        return _holds_page(fields(), fault.fields), fault.status
    flash(web.text(N_("The hold is in force.")), "success")
    return redirect("/privacy/holds")


@bp.post("/holds/<uuid:hold_id>/release")
@web.requires(Permission.HOLD_EDIT)
def release_hold(hold_id: UUID) -> ResponseReturnValue:
    """End a hold."""
    with web.transaction() as work:
        operations.release_hold(work, hold_id)
    flash(web.text(N_("The hold is released. What is due goes with the next purge.")), "success")
    return redirect("/privacy/holds")


def fields() -> dict[str, str]:
    """Return the form as sent, without its token."""
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def staff_names(work: Work, ids: set[UUID | None]) -> dict[UUID, str]:
    """Return the names of members of staff; devices and deleted accounts are absent."""
    return queries.staff_names(work, {account_id for account_id in ids if account_id is not None})


def translated(texts: dict[str, str]) -> dict[str, str]:
    """Return faults of fields in the reader's language."""
    return {name: web.text(text) for name, text in texts.items()}


def _message(fault: Invalid | Conflict) -> str:
    return web.text(fault.text, **fault.values)


def _rules_page(values: dict[str, str], errors: dict[str, str], message: str = "") -> str:
    with web.reading() as work:
        site = current_site(work, Permission.RETENTION_VIEW)
        lines = queries.rules(work, site.id)
        types = {kind.id: _type_name(kind.names) for kind in visits.types(work, site.id)}
        editable = work.actor.may(Permission.RETENTION_EDIT, site.id)
    return render_template(
        "privacy/rules.html",
        lines=lines,
        type_names=types,
        subjects=words.SUBJECTS,
        triggers=words.TRIGGERS,
        length=_length,
        ruled=[subject.value for subject in RULED],
        site_wide=[subject.value for subject in SITE_WIDE],
        units=UNITS,
        values=values,
        errors=translated(errors),
        message=message,
        editable=editable,
    )


def _length(span: timedelta) -> str:
    return words.length(span, web.language())


def _day(on: date | None) -> str:
    return "" if on is None else dates.format_date(on, "medium", locale=locale(web.language()))


def _type_name(names: dict[str, str]) -> str:
    return names.get(web.language()) or next(iter(names.values()), "")


def _hold_state() -> HoldState | None:
    asked = request.args.get("state", "")
    return HoldState(asked) if asked in set(HoldState) else None


def _holds_page(values: dict[str, str], errors: dict[str, str]) -> str:
    with web.reading() as work:
        site = current_site(work, Permission.RETENTION_VIEW)
        look_at(work, site.id, Permission.RETENTION_VIEW)
        state, sort = _hold_state(), asked_sort(request.args, queries.HOLD_COLUMNS, "review")
        lines = queries.holds(work, site.id, state, sort)
        staff = staff_names(work, {line.hold.owner_id for line in lines})
        editable = work.actor.may(Permission.HOLD_EDIT, site.id)
        soon = (work.now + timedelta(days=90)).date().isoformat()
    return render_template(
        "privacy/holds.html",
        lines=lines,
        state=state,
        sort=sort,
        staff=staff,
        reasons=HOLD_REASONS,
        states=words.HOLD_STATES,
        day=_day,
        values={"review_on": soon} | values,
        errors=translated(errors),
        editable=editable,
    )
