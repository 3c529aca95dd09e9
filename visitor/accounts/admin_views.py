"""Administration of staff accounts and of the tokens of devices."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.accounts import operations, passwords, queries
from visitor.accounts.forms import AccountForm, DeviceForm, GrantForm
from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_, languages
from visitor.core.permissions import ROLE_NAMES, Permission, Role
from visitor.core.sorting import asked_sort
from visitor.core.work import Work
from visitor.sites import queries as places
from visitor.sites.models import Site

bp = Blueprint("accounts_admin", __name__, url_prefix="/admin")


@bp.get("/accounts")
@web.requires(Permission.ADMIN_ACCOUNTS)
def list_accounts() -> ResponseReturnValue:
    """List the accounts that the actor may manage."""
    asked = request.args
    role, state = asked.get("role", ""), asked.get("state", "")
    wanted = queries.AccountFilter(
        asked.get("words", "").strip(),
        Role(role) if role in set(Role) else None,
        {"active": False, "disabled": True}.get(state),
        asked_sort(asked, queries.ACCOUNT_COLUMNS, "login"),
    )
    with web.reading() as work:
        lines, more = queries.accounts(work, wanted, asked.get("after"))
        names = {site.id: site.name for site in places.all_sites(work)}
    return render_template(
        "accounts/list.html", lines=lines, more=more, wanted=wanted, site_names=names, role_names=_role_names()
    )


@bp.get("/accounts/new")
@web.requires(Permission.ADMIN_ACCOUNTS)
def new_account() -> ResponseReturnValue:
    """Show the form for a new account."""
    with web.reading() as work:
        return render_template("accounts/new.html", **_account_page(work, {}, {}))


@bp.post("/accounts")
@web.requires(Permission.ADMIN_ACCOUNTS)
def add_account() -> ResponseReturnValue:
    """Add an account and show its one-time password, this once."""
    password = passwords.one_time_password()
    try:
        form = parse(AccountForm, _fields())
        hashed = passwords.hash_password(password)
        with web.transaction() as work:
            account = operations.add_account(work, form, password_hash=hashed)
    except Invalid as fault:
        with web.reading() as work:
            context = _account_page(work, _fields(), fault.fields)
        return render_template("accounts/new.html", **context), fault.status
    return render_template("accounts/one_time.html", account=account, password=password, is_new=True)


@bp.get("/accounts/<uuid:account_id>")
@web.requires(Permission.ADMIN_ACCOUNTS)
def show_account(account_id: UUID) -> ResponseReturnValue:
    """Show one account with its roles."""
    with web.reading() as work:
        account = operations.manageable(work, account_id)
        held = queries.grants(work, [account_id])[account_id]
        sites = _sites(work, Permission.ADMIN_ACCOUNTS)
        names = {site.id: site.name for site in places.all_sites(work)}
    return render_template(
        "accounts/account.html",
        account=account,
        grants=held,
        site_names=names,
        sites=sites,
        role_names=_role_names(),
        everywhere=Permission.ADMIN_ACCOUNTS in web.actor().everywhere,
        is_self=account_id == web.actor().id,
    )


@bp.post("/accounts/<uuid:account_id>/grants")
@web.requires(Permission.ADMIN_ACCOUNTS)
def grant(account_id: UUID) -> ResponseReturnValue:
    """Give a role."""
    form = parse(GrantForm, _fields())
    with web.transaction() as work:
        operations.grant(work, account_id, form.role, form.site_id)
    return _back(account_id, N_("The role holds from now on."))


@bp.post("/accounts/<uuid:account_id>/grants/withdraw")
@web.requires(Permission.ADMIN_ACCOUNTS)
def withdraw(account_id: UUID) -> ResponseReturnValue:
    """Take a role away."""
    form = parse(GrantForm, _fields())
    with web.transaction() as work:
        operations.withdraw(work, account_id, form.role, form.site_id)
    return _back(account_id, N_("The role was taken away."))


@bp.post("/accounts/<uuid:account_id>/password")
@web.requires(Permission.ADMIN_ACCOUNTS)
def reset_password(account_id: UUID) -> ResponseReturnValue:
    """Replace a forgotten password by a one-time password, shown this once."""
    password = passwords.one_time_password()
    hashed = passwords.hash_password(password)
    with web.transaction() as work:
        operations.set_password(work, account_id, hashed, must_change=True)
        account = queries.account(work, account_id)
    return render_template("accounts/one_time.html", account=account, password=password, is_new=False)


@bp.post("/accounts/<uuid:account_id>/disable")
@web.requires(Permission.ADMIN_ACCOUNTS)
def disable(account_id: UUID) -> ResponseReturnValue:
    """Shut an account out."""
    with web.transaction() as work:
        operations.disable(work, account_id)
    return _back(account_id, N_("The account is disabled and signed out everywhere."))


@bp.post("/accounts/<uuid:account_id>/enable")
@web.requires(Permission.ADMIN_ACCOUNTS)
def enable(account_id: UUID) -> ResponseReturnValue:
    """Let an account in again."""
    with web.transaction() as work:
        operations.enable(work, account_id)
    return _back(account_id, N_("The account can sign in again."))


@bp.post("/accounts/<uuid:account_id>/sessions/end")
@web.requires(Permission.ADMIN_ACCOUNTS)
def end_sessions(account_id: UUID) -> ResponseReturnValue:
    """Sign an account out everywhere."""
    with web.transaction() as work:
        operations.end_all_sessions(work, account_id)
    return _back(account_id, N_("The account is signed out everywhere."))


@bp.get("/devices")
@web.requires(Permission.ADMIN_DEVICES)
def list_devices() -> ResponseReturnValue:
    """List door readers and other machines."""
    with web.reading() as work:
        return render_template("accounts/devices.html", **_device_page(work, {}, {}))


@bp.post("/devices")
@web.requires(Permission.ADMIN_DEVICES)
def add_device() -> ResponseReturnValue:
    """Add a device and show its token, this once."""
    try:
        form = parse(DeviceForm, _fields())
        with web.transaction() as work:
            token = operations.make_device_token(work, form)
    except Invalid as fault:
        with web.reading() as work:
            context = _device_page(work, _fields(), fault.fields)
        return render_template("accounts/devices.html", **context), fault.status
    return render_template("accounts/device_token.html", name=form.name, token=token)


@bp.post("/devices/<uuid:device_id>/revoke")
@web.requires(Permission.ADMIN_DEVICES)
def revoke_device(device_id: UUID) -> ResponseReturnValue:
    """Refuse a device from now on."""
    with web.transaction() as work:
        operations.revoke_device(work, device_id)
    flash(web.text(N_("The device is refused from now on.")), "success")
    return redirect("/admin/devices")


def _fields() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def _back(account_id: UUID, message: str) -> ResponseReturnValue:
    flash(web.text(message), "success")
    return redirect(f"/admin/accounts/{account_id}")


def _role_names() -> dict[str, str]:
    return {role.value: web.text(name) for role, name in ROLE_NAMES.items()}


def _sites(work: Work, permission: Permission) -> list[Site]:
    allowed = work.actor.sites(permission)
    return [site for site in places.all_sites(work) if allowed is None or site.id in allowed]


def _account_page(work: Work, values: dict[str, str], errors: dict[str, str]) -> dict[str, object]:
    return {
        "values": values,
        "errors": {name: web.text(fault) for name, fault in errors.items()},
        "sites": _sites(work, Permission.ADMIN_ACCOUNTS),
        "role_names": _role_names(),
        "language_codes": languages(),
        "everywhere": Permission.ADMIN_ACCOUNTS in work.actor.everywhere,
    }


def _device_page(work: Work, values: dict[str, str], errors: dict[str, str]) -> dict[str, object]:
    sites = _sites(work, Permission.ADMIN_DEVICES)
    sort = asked_sort(request.args, queries.DEVICE_COLUMNS, "name")
    chosen = next((site.id for site in sites if str(site.id) == request.args.get("of")), None)
    points = [(site, point) for site in sites for point in places.access_points(work, site.id)]
    return {
        "values": values,
        "errors": {name: web.text(fault) for name, fault in errors.items()},
        "sites": sites,
        "points": points,
        "point_names": {point.id: point.name for _site, point in points},
        "site_names": {site.id: site.name for site in sites},
        "devices": queries.devices(work, chosen, sort),
        "sort": sort,
        "chosen": chosen,
    }
