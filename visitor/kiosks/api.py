"""What a paired kiosk may ask and do. It never lists visitors and sees only what it has just signed in."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from visitor.badges import queries as badges
from visitor.badges.faces import LAYOUTS, face
from visitor.badges.render import SCREEN_DPI, badge_png
from visitor.core import web
from visitor.core.errors import NotFound
from visitor.core.forms import parse_json
from visitor.core.permissions import Permission, Purpose
from visitor.core.throttle import Limit, count_try, take_back
from visitor.core.work import Work
from visitor.imaging import apart
from visitor.imaging.decoding import PhotoRefused
from visitor.kiosks import operations
from visitor.kiosks.admission import admit_kiosk, current_kiosk
from visitor.kiosks.configuration import configuration
from visitor.kiosks.forms import CodeForm, HelpForm, PairingForm
from visitor.people import queries as people
from visitor.people import remembering
from visitor.reception import operations as reception
from visitor.reception import passes
from visitor.reception.forms import Entrance, PassForm, SignedIn, SignedOut, SignInForm, SignOutForm
from visitor.reception.preparation import prepare
from visitor.visits import operations as visits
from visitor.visits import queries as visit_queries
from visitor.visits.forms import UnrecordedCall
from visitor.visits.models import Visit, VisitSource

bp = Blueprint("kiosk_api", __name__, url_prefix="/kiosk/api")
HOST_SEARCHES = Limit("kiosk.hosts", count=60, seconds=60)
NUMBER_TRIES = Limit("kiosk.sign_out", count=10, seconds=60)
CODE_TRIES = Limit("kiosk.code", count=20, seconds=60)
"""Of codes that are not known; each has 60 random bits."""
PAIRING = "kiosk_api.pair"
OWN_FOR = timedelta(minutes=30)
"""So long a kiosk may show the badge of a visit that it made."""


@bp.before_request
def admit() -> None:
    """Let in only signed requests, except for pairing itself."""
    if request.endpoint != PAIRING:
        admit_kiosk()


@bp.post("/pairings")
@web.open_to_all("a device that is not paired yet shows a one-time code; tries are counted")
def pair() -> ResponseReturnValue:
    """Make a kiosk of this device."""
    form = parse_json(PairingForm, request.data)
    with web.transaction() as work:
        operations.count_pairing_try(work, request.remote_addr or "")
    with web.transaction() as work:
        kiosk = operations.pair(work, form)
    return jsonify({"kiosk_id": str(kiosk.id)}), 201


@bp.get("/config")
@web.requires(Permission.KIOSK_USE)
def config() -> ResponseReturnValue:
    """Return what the kiosk needs to ask the right questions."""
    with web.reading() as work:
        answer = configuration(work, current_kiosk())
    return jsonify(answer)


@bp.get("/hosts")
@web.requires(Permission.KIOSK_USE)
def hosts() -> ResponseReturnValue:
    """Return at most five hosts of whose names the typed words are beginnings."""
    kiosk = current_kiosk()
    with web.transaction() as work:
        count_try(work, HOST_SEARCHES, str(kiosk.id))
        found = visit_queries.hosts_like(work, kiosk.site_id, request.args.get("q", ""))
    return jsonify({"hosts": [{"id": str(host.id), "name": host.name} for host in found]})


@bp.post("/photo-checks")
@web.requires(Permission.KIOSK_USE)
def check_photo() -> ResponseReturnValue:
    """Say how a picture of the live camera would do as a badge photo; the picture is not kept."""
    try:
        guidance = apart.guidance(request.get_data())
    except PhotoRefused as refused:
        return jsonify({"advice": str(refused.reason), "face": None})
    face = guidance.face and dict(zip(("x", "y", "width", "height"), guidance.face, strict=True))
    return jsonify({"advice": str(guidance.advice), "face": face})


@bp.post("/sign-ins")
@web.requires(Permission.KIOSK_USE)
def sign_in() -> ResponseReturnValue:
    """Sign a visitor in. Sent twice, it happens once."""
    prepared = prepare(parse_json(SignInForm, request.data))
    form = prepared.form
    with web.transaction() as work:
        done = reception.sign_in(work, prepared, _entrance())
        answer = _signed_in(work, form.language, form.preferred_name or form.name, done)
    return jsonify(answer), 201


@bp.post("/passes")
@web.requires(Permission.KIOSK_USE)
def look_at_code() -> ResponseReturnValue:
    """Say what a scanned or typed code comes to, and what its holder may be asked."""
    form = parse_json(CodeForm, request.data)
    kiosk = current_kiosk()
    with web.transaction() as work:
        count_try(work, CODE_TRIES, str(kiosk.id))
        found = passes.find(work, form.code, kiosk.site_id, work.now)
        if found.state is not passes.PassState.UNKNOWN:
            take_back(work, CODE_TRIES, str(kiosk.id))
        shown = passes.show(work, found) if found.state in passes.GOOD else None
    return jsonify(_pass(found, shown))


@bp.post("/pass-sign-ins")
@web.requires(Permission.KIOSK_USE)
def sign_in_by_code() -> ResponseReturnValue:
    """Sign in the holder of a code. Sent twice, it happens once."""
    prepared = prepare(parse_json(PassForm, request.data))
    kiosk = current_kiosk()
    with web.transaction() as work:
        count_try(work, CODE_TRIES, str(kiosk.id))
    with web.transaction() as work:
        done = passes.sign_in(work, prepared, _entrance())
        contact = people.contacts(work, [done.visit_id], Purpose.BADGE).get(done.visit_id)
        answer = _signed_in(work, prepared.form.language, contact.badge_name if contact else "", done)
        take_back(work, CODE_TRIES, str(kiosk.id))
    return jsonify(answer), 201


@bp.post("/forgettings")
@web.requires(Permission.KIOSK_USE)
def forget() -> ResponseReturnValue:
    """Remember the holder of a personal code no longer; a second time changes nothing."""
    form = parse_json(CodeForm, request.data)
    with web.transaction() as work:
        count_try(work, CODE_TRIES, str(current_kiosk().id))
        found = remembering.by_code(work, remembering.plain_code(form.code))
        if found is not None:
            remembering.forget(work, found.person_id)
            take_back(work, CODE_TRIES, str(current_kiosk().id))
    return jsonify({"forgotten": True})


@bp.get("/sign-ins/<uuid:visit_id>/badge.png")
@web.requires(Permission.KIOSK_USE)
def badge_picture(visit_id: UUID) -> ResponseReturnValue:
    """Return the picture of a badge that this kiosk has just issued."""
    with web.transaction() as work:
        _own(work, visit_id)
        badge = badges.of_visit(work, visit_id)
        if badge is None:
            raise NotFound
        shown = face(work, badge.id, Purpose.BADGE)
    return Response(badge_png(LAYOUTS[badge.size], shown, SCREEN_DPI), mimetype="image/png")


@bp.get("/sign-ins/<uuid:visit_id>/printing")
@web.requires(Permission.KIOSK_USE)
def printing(visit_id: UUID) -> ResponseReturnValue:
    """Say how far the printing of a badge is."""
    with web.reading() as work:
        _own(work, visit_id)
        badge = badges.of_visit(work, visit_id)
        job = badge and badges.newest_print(work, badge.id)
    return jsonify({"state": str(job.state) if job else "none", "fault": job.fault if job else None})


@bp.post("/qr-readings")
@web.requires(Permission.KIOSK_USE)
def read_code() -> ResponseReturnValue:
    """Read the QR code in a picture of the live camera, for browsers that cannot; the picture is not kept."""
    try:
        text = apart.badge_code(request.get_data())
    except PhotoRefused:
        text = None
    return jsonify({"text": text})


@bp.post("/sign-outs")
@web.requires(Permission.KIOSK_USE)
def sign_out() -> ResponseReturnValue:
    """Sign out whoever holds the badge. The answer says nothing about whose it is."""
    form = parse_json(SignOutForm, request.data)
    kiosk = current_kiosk()
    with web.transaction() as work:
        if form.badge_number is not None:
            count_try(work, NUMBER_TRIES, str(kiosk.id))
        outcome = reception.sign_out(work, form, kiosk.site_id)
        if form.badge_number is not None and outcome is not SignedOut.UNKNOWN_BADGE:
            # Only wrong guesses count: after an outage a kiosk sends a whole day's departures at once.
            take_back(work, NUMBER_TRIES, str(kiosk.id))
    if outcome is SignedOut.UNKNOWN_BADGE:
        raise NotFound
    return jsonify({"signed_out": True, "already": outcome is SignedOut.ALREADY_OUT})


@bp.post("/help-requests")
@web.requires(Permission.KIOSK_USE)
def ask_help() -> ResponseReturnValue:
    """Tell the desk that somebody here needs a person."""
    form = parse_json(HelpForm, request.data)
    kiosk = current_kiosk()
    with web.transaction() as work:
        if form.happened_at is None:
            visits.ask_help(work, kiosk.id, kiosk.site_id, form.step, form.language)
        else:
            at = reception.believed(form.happened_at, work.now)
            call = (kiosk.id, kiosk.site_id, form.client_id, form.step, form.language, at, form.name)
            visits.note_unrecorded(work, UnrecordedCall(*call))
    return jsonify({"told": True}), 201


def _own(work: Work, visit_id: UUID) -> Visit:
    """Return the visit if this kiosk has just made it; anything else does not exist for a kiosk."""
    visit = visit_queries.visit(work, visit_id)
    recent = visit.received_at is not None and work.now - visit.received_at < OWN_FOR
    if visit.client_device_id != current_kiosk().id or not recent:
        raise NotFound
    return visit


def _entrance() -> Entrance:
    kiosk = current_kiosk()
    return Entrance(kiosk.site_id, VisitSource.KIOSK, kiosk.id, kiosk.printer_id)


def _pass(found: passes.Found, shown: passes.Shown | None) -> dict[str, object]:
    answer: dict[str, object] = {"state": found.state.value, "site_name": found.site_name}
    answer["from_at"] = found.from_at.isoformat() if found.from_at else None
    if shown is not None:
        host = {"id": str(shown.host_id), "name": shown.host_name} if shown.host_id else None
        type_id = str(shown.visit_type_id)
        answer |= {"name": shown.name, "visit_type_id": type_id, "language": shown.language, "host": host}
    return answer


def _signed_in(work: Work, language: str, name: str, done: SignedIn) -> dict[str, object]:
    line = visit_queries.lines(work, [done.visit_id])[done.visit_id]
    names = line.visit_type.names
    badge = {
        "number": done.badge_number,
        "name": name,
        "host_name": line.host_name,
        "visit_type_name": names.get(language) or next(iter(names.values())),
        "colour": line.visit_type.colour,
        "valid_until": done.expires_at.isoformat(),
        "picture_url": url_for("kiosk_api.badge_picture", visit_id=done.visit_id),
    }
    return {
        "visit_id": str(done.visit_id),
        "badge": badge,
        "printing": "queued" if done.print_job_id else "none",
        "id_check_needed": done.id_check_needed,
    }
