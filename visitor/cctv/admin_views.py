"""Administration of cameras: adding, changing and trying them."""

from base64 import b64encode
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.cctv import operations, trial
from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.forms import parse
from visitor.core.i18n import N_
from visitor.core.permissions import Permission
from visitor.sites import operations as places
from visitor.sites import queries
from visitor.sites.forms import CameraForm
from visitor.sites.models import Camera, CameraKind, Site
from visitor.sites.views import look_at

bp = Blueprint("cctv_admin", __name__, url_prefix="/admin/sites")
KINDS = {
    CameraKind.RTSP: N_("RTSP stream"),
    CameraKind.HTTP_SNAPSHOT: N_("HTTP snapshot"),
    CameraKind.MJPEG: N_("MJPEG stream"),
}
FIELDS = ("name", "kind", "address", "credentials", "clip_address", "before_seconds", "after_seconds")
FRESH: dict[str, object] = {"kind": "rtsp", "before_seconds": 10, "after_seconds": 20, "takes_stills": True}


@bp.get("/<uuid:site_id>/cameras")
@web.requires(Permission.ADMIN_SITES)
def list_cameras(site_id: UUID) -> ResponseReturnValue:
    """List the cameras of a site, with a form for another."""
    return _list_page(site_id, FRESH, {})


@bp.post("/<uuid:site_id>/cameras")
@web.requires(Permission.ADMIN_SITES)
def add_camera(site_id: UUID) -> ResponseReturnValue:
    """Add a camera."""
    try:
        with web.transaction() as work:
            places.add_camera(work, site_id, parse(CameraForm, _entered()))
    except Invalid as fault:
        return _list_page(site_id, _entered(), fault.fields), fault.status
    flash(web.text(N_("Added. Try it now, so that you know its pictures arrive.")), "success")
    return redirect(f"/admin/sites/{site_id}/cameras")


@bp.get("/cameras/<uuid:camera_id>")
@web.requires(Permission.ADMIN_SITES)
def show_camera(camera_id: UUID) -> ResponseReturnValue:
    """Show the form of one camera."""
    with web.reading() as work:
        camera = queries.camera(work, camera_id)
        site = look_at(work, camera.site_id, Permission.ADMIN_SITES)
    values = {name: getattr(camera, name) for name in FIELDS} | {"takes_stills": camera.takes_stills}
    return _camera_page(site, camera, values, {})


@bp.post("/cameras/<uuid:camera_id>")
@web.requires(Permission.ADMIN_SITES)
def change_camera(camera_id: UUID) -> ResponseReturnValue:
    """Change a camera."""
    with web.transaction() as work:
        camera = queries.camera(work, camera_id)
        site = look_at(work, camera.site_id, Permission.ADMIN_SITES)
        try:
            places.change_camera(work, camera_id, parse(CameraForm, _entered()))
        except Invalid as fault:
            return _camera_page(site, camera, _entered(), fault.fields), fault.status
    flash(web.text(N_("Saved.")), "success")
    return redirect(f"/admin/sites/{site.id}/cameras")


@bp.post("/cameras/<uuid:camera_id>/test")
@web.requires(Permission.ADMIN_SITES)
def test_camera(camera_id: UUID) -> ResponseReturnValue:
    """Take a picture now and say how it went. It is not kept; only who may open stills sees it."""
    with web.transaction() as work:
        camera = queries.camera(work, camera_id)
        site = look_at(work, camera.site_id, Permission.ADMIN_SITES)
        operations.note_test(work, camera)
        shows = work.actor.may(Permission.OPEN_CCTV_STILL, site.id)
    result = trial.try_camera(web.runtime().settings, camera)
    picture = f"data:image/jpeg;base64,{b64encode(result.jpeg).decode()}" if result.jpeg and shows else None
    return render_template("sites/camera_test.html", shown=site, camera=camera, result=result, picture=picture)


def _entered() -> dict[str, object]:
    return {name: request.form.get(name, "") for name in FIELDS} | {"takes_stills": "takes_stills" in request.form}


def _list_page(site_id: UUID, values: dict[str, object], faults: dict[str, str]) -> str:
    with web.reading() as work:
        site = look_at(work, site_id, Permission.ADMIN_SITES)
        cameras = queries.cameras(work, site_id)
    kind = request.args.get("of", "")
    listed = [camera for camera in cameras if camera.kind.value == kind] if kind in set(CameraKind) else cameras
    return render_template(
        "sites/cameras.html",
        shown=site,
        cameras=listed,
        has_cameras=bool(cameras),
        kind=kind,
        values=values,
        errors=_said(faults),
        **_choices(),
    )


def _camera_page(site: Site, camera: Camera, values: dict[str, object], faults: dict[str, str]) -> str:
    return render_template(
        "sites/camera.html", shown=site, camera=camera, values=values, errors=_said(faults), **_choices()
    )


def _said(faults: dict[str, str]) -> dict[str, str]:
    return {name: web.text(text) for name, text in faults.items()}


def _choices() -> dict[str, object]:
    known = sorted(web.runtime().settings.cctv.credentials)
    kinds = {kind.value: web.text(words) for kind, words in KINDS.items()}
    return {"kinds": list(kinds.items()), "kind_names": kinds, "sign_ins": [(name, name) for name in known]}
