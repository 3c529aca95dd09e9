"""Signing in and out, one's own password and preferences."""

from flask import Blueprint, Flask, flash, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from visitor.accounts import admission, operations, passwords, policy, queries, sessions
from visitor.accounts.forms import ConfirmForm, PasswordForm, SignInForm
from visitor.accounts.models import Account
from visitor.accounts.policy import PasswordFault
from visitor.core import web
from visitor.core.errors import Invalid, NotAllowed, ProductError, TooMany
from visitor.core.forms import parse
from visitor.core.i18n import N_, languages
from visitor.sites import queries as places

bp = Blueprint("accounts", __name__)

THEMES = frozenset({"auto", "light", "dark"})
CONTRASTS = frozenset({"usual", "more"})
FAULTS = {
    PasswordFault.TOO_SHORT: N_("Take at least 12 characters. A few words in a row are easy to keep."),
    PasswordFault.TOO_LONG: N_("Take at most 200 characters."),
    PasswordFault.TOO_COMMON: N_("Many people use this password, so it is tried first. Take another one."),
    PasswordFault.TOO_UNIFORM: N_("This repeats a few characters. Take something less even."),
    PasswordFault.TOO_NEAR: N_("This is little more than a name that others know. Take something else."),
}
WRONG = N_("This is not your present password.")


def install(app: Flask) -> None:
    """Admit whoever asks before each view of the whole application."""
    admission.install(app)


@bp.get("/sign-in")
@web.open_to_all("whoever wants to sign in is not signed in")
def sign_in_page() -> ResponseReturnValue:
    """Show the form."""
    after = web.local_path(request.args.get("next"))
    if admission.signed_in() is not None:
        return redirect(after)
    return render_template("accounts/sign_in.html", values={"login_name": "", "next": after}, error=None)


@bp.post("/sign-in")
@web.open_to_all("whoever wants to sign in is not signed in")
def sign_in() -> ResponseReturnValue:
    """Sign somebody in, or show the form again with one answer for every sort of refusal."""
    try:
        form = parse(SignInForm, _fields())
        token = _checked(form.login_name, form.password)
    except ProductError as fault:
        values = {"login_name": request.form.get("login_name", "")[:200], "next": request.form.get("next", "")}
        text = fault.text if not isinstance(fault, Invalid) else sessions.REFUSED
        return _again("accounts/sign_in.html", fault, values=values, error=web.text(text))
    _end_present()
    admission.remember(token)
    return redirect(web.local_path(form.next))


@bp.post("/sign-out")
@web.open_to_all("signing out twice does no harm")
def sign_out() -> ResponseReturnValue:
    """End this browser's session."""
    _end_present()
    admission.forget()
    return redirect("/sign-in")


@bp.get("/account/password")
@web.signed_in
def password_page() -> ResponseReturnValue:
    """Show the form."""
    return render_template("accounts/change_password.html", **_password_page({}))


@bp.post("/account/password")
@web.signed_in
def change_password() -> ResponseReturnValue:
    """Set one's own password; every other session of the account ends."""
    account = _own_account()
    try:
        form = parse(PasswordForm, _fields())
        _check_own(account, form.current_password, "current_password")
        _check_new(account, form)
    except ProductError as fault:
        return _again("accounts/change_password.html", fault, **_password_page(getattr(fault, "fields", {})))
    hashed = passwords.hash_password(form.new_password)
    with web.transaction() as work:
        operations.set_password(work, account.id, hashed)
        token = sessions.renew(work, account.id)
    admission.remember(token)
    flash(web.text(N_("Your new password holds. Everywhere else you were signed out.")), "success")
    return redirect("/")


@bp.post("/account/sessions/end")
@web.signed_in
def end_sessions() -> ResponseReturnValue:
    """End one's sessions in all other browsers."""
    with web.transaction() as work:
        operations.end_all_sessions(work, _own_account().id, keeping=admission.own_token())
    flash(web.text(N_("You are signed out everywhere else.")), "success")
    return redirect("/account/password")


@bp.get("/account/confirm")
@web.signed_in
def confirm_page() -> ResponseReturnValue:
    """Ask for the password before something grave."""
    return render_template("accounts/confirm.html", next=web.local_path(request.args.get("next")), error=None)


@bp.post("/account/confirm")
@web.signed_in
def confirm() -> ResponseReturnValue:
    """Take the password again and go on."""
    after = web.local_path(request.form.get("next"))
    try:
        form = parse(ConfirmForm, _fields())
        _check_own(_own_account(), form.password, "password")
    except ProductError as fault:
        text = WRONG if isinstance(fault, Invalid) else fault.text
        return _again("accounts/confirm.html", fault, next=after, error=web.text(text))
    with web.transaction() as work:
        sessions.confirm(work, admission.own_token())
    return redirect(after)


@bp.post("/account/preferences")
@web.signed_in
def preferences() -> ResponseReturnValue:
    """Keep the appearance in this browser and the language with the account."""
    theme, language = request.form.get("theme"), request.form.get("language")
    if theme in THEMES:
        session["theme"] = "" if theme == "auto" else theme
    if (contrast := request.form.get("contrast")) in CONTRASTS:
        session["contrast"] = contrast
    if language in languages():
        with web.transaction() as work:
            operations.set_language(work, _own_account().id, language)
    return redirect(web.local_path(request.form.get("next")))


def _fields() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def _address() -> str:
    return request.remote_addr or "unknown"


def _checked(name: str, password: str) -> str:
    """Return the token of a fresh session.

    The try is counted and committed first, and the password is compared outside any transaction: that takes long.

    Raises:
        TooMany: tried too often.
        Invalid: unknown, disabled, or the wrong password; the answer and its time are the same.
    """
    with web.transaction() as work:
        sessions.count_try(work, name, _address())
        account = queries.account_named(work, name)
    usable = account is not None and account.disabled_at is None
    right = passwords.verify(account.password_hash if account is not None and usable else None, password)
    if not right or account is None:
        with web.transaction() as work:
            sessions.note_refusal(work, account.id if account is not None else None)
        raise Invalid(sessions.REFUSED)
    with web.transaction() as work:
        return sessions.begin(work, account.id, account.password_hash, _address())


def _end_present() -> None:
    if admission.signed_in() is not None:
        with web.transaction() as work:
            sessions.end(work, admission.own_token())


def _own_account() -> Account:
    found = admission.signed_in()
    if found is None:
        raise NotAllowed
    with web.reading() as work:
        return queries.account(work, found.account.id)


def _check_own(account: Account, password: str, field: str) -> None:
    """Compare with the present password; tries count like those of signing in."""
    with web.transaction() as work:
        sessions.count_try(work, account.sign_in_name, _address())
    if not passwords.verify(account.password_hash, password):
        raise Invalid(fields={field: WRONG})
    with web.transaction() as work:
        sessions.forgive(work, account.sign_in_name, _address())


def _check_new(account: Account, form: PasswordForm) -> None:
    if form.new_password == form.current_password:
        raise Invalid(fields={"new_password": N_("This is your present password. Take another one.")})
    with web.reading() as work:
        names = [site.name for site in places.all_sites(work)]
    fault = policy.password_fault(form.new_password, (account.sign_in_name, account.display_name, *names))
    if fault is not None:
        raise Invalid(fields={"new_password": FAULTS[fault]})
    if form.again != form.new_password:
        raise Invalid(fields={"again": N_("The two are not the same. Type both again.")})


def _password_page(errors: dict[str, str]) -> dict[str, object]:
    forced = _own_account().must_change_password
    return {
        "errors": {name: web.text(fault) for name, fault in errors.items()},
        "minimum_length": policy.LEAST_CHARACTERS,
        "forced": forced,
    }


def _again(template: str, fault: ProductError, **context: object) -> ResponseReturnValue:
    """Show the form once more, with the status and the waiting time of the fault."""
    headers = {}
    if isinstance(fault, TooMany):
        headers["Retry-After"] = str(fault.retry_after_seconds)
    return render_template(template, **context), fault.status, headers
