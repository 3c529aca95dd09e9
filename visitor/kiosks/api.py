"""What a paired kiosk may ask and do. It never lists visitors and sees only what it has just signed in."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from visitor.badges import queries as badges
from visitor.badges.faces import LAYOUTS, face
from visitor.badges.render import badge_png
from visitor.core import web
from visitor.core.errors import NotFound
from visitor.core.forms import parse_json
from visitor.core.permissions import Permission, Purpose
from visitor.core.throttle import Limit, count_try, take_back
from visitor.core.work import Work
from visitor.imaging.decoding import PhotoRefused, decode_photo
from visitor.imaging.faces import FaceFinderMissing
from visitor.imaging.portrait import check_portrait
from visitor.imaging.qr import read_badge_code
from visitor.kiosks import operations
from visitor.kiosks.admission import admit_kiosk, current_kiosk
from visitor.kiosks.configuration import configuration
from visitor.kiosks.forms import HelpForm, PairingForm
from visitor.reception import operations as reception
from visitor.reception.forms import Entrance, SignedIn, SignedOut, SignInForm, SignOutForm
from visitor.reception.preparation import prepare
from visitor.visits import operations as visits
from visitor.visits import queries as visit_queries
from visitor.visits.models import Visit, VisitSource

bp = Blueprint("kiosk_api", __name__, url_prefix="/kiosk/api")
HOST_SEARCHES = Limit("kiosk.hosts", count=60, seconds=60)
NUMBER_TRIES = Limit("kiosk.sign_out", count=10, seconds=60)
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
        picture = decode_photo(request.get_data())
        check = check_portrait(picture)
    except PhotoRefused as refused:
        return jsonify({"advice": str(refused.reason), "face": None})
    except FaceFinderMissing:
        return jsonify({"advice": "ok", "face": None})
    box = check.face
    side = box and {
        "x": box.left_px / picture.width,
        "y": box.top_px / picture.height,
        "width": box.side_px / picture.width,
        "height": box.side_px / picture.height,
    }
    return jsonify({"advice": str(check.advice), "face": side})


@bp.post("/sign-ins")
@web.requires(Permission.KIOSK_USE)
def sign_in() -> ResponseReturnValue:
    """Sign a visitor in. Sent twice, it happens once."""
    prepared = prepare(parse_json(SignInForm, request.data))
    kiosk = current_kiosk()
    entrance = Entrance(kiosk.site_id, VisitSource.KIOSK, kiosk.id, kiosk.printer_id)
    with web.transaction() as work:
        done = reception.sign_in(work, prepared, entrance)
        answer = _signed_in(work, prepared.form, done)
    return jsonify(answer), 201


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
    return Response(badge_png(LAYOUTS[badge.size], shown), mimetype="image/png")


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
        text = read_badge_code(request.get_data())
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
        visits.ask_help(work, kiosk.id, kiosk.site_id, form.step, form.language)
    return jsonify({"told": True}), 201


def _own(work: Work, visit_id: UUID) -> Visit:
    """Return the visit if this kiosk has just made it; anything else does not exist for a kiosk."""
    visit = visit_queries.visit(work, visit_id)
    recent = visit.received_at is not None and work.now - visit.received_at < OWN_FOR
    if visit.client_device_id != current_kiosk().id or not recent:
        raise NotFound
    return visit


def _signed_in(work: Work, form: SignInForm, done: SignedIn) -> dict[str, object]:
    line = visit_queries.lines(work, [done.visit_id])[done.visit_id]
    names = line.visit_type.names
    badge = {
        "number": done.badge_number,
        "name": form.name,
        "company": form.company,
        "host_name": line.host_name,
        "visit_type_name": names.get(form.language) or next(iter(names.values())),
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
