"""The page on which visitors who are remembered are forgotten, by their personal code."""

from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.throttle import Limit, count_try
from visitor.people import remembering

bp = Blueprint("reception", __name__)
TRIES: Final = Limit("reception.forget", count=20, seconds=600)


@bp.get("/forget")
@web.open_to_all("whoever was remembered has no account; the personal code decides")
def forget_page() -> ResponseReturnValue:
    """Ask for the personal code. It is typed, so that it stands in no address and no log."""
    return render_template("reception/forget.html", done=False)


@bp.post("/forget")
@web.open_to_all("whoever was remembered has no account; the personal code decides, and tries are counted")
def forget() -> ResponseReturnValue:
    """Forget whoever holds the code. The answer is the same when nobody does."""
    with web.transaction() as work:
        count_try(work, TRIES, request.remote_addr or "")
    with web.transaction() as work:
        found = remembering.by_code(work, remembering.plain_code(request.form.get("code", "")[:40]))
        if found is not None:
            remembering.forget(work, found.person_id)
    return render_template("reception/forget.html", done=True)
