"""The API of door readers. A guide for whoever builds one: docs/api.md."""

from base64 import b64encode
from collections.abc import Callable
from functools import wraps
from typing import Final

from flask import Flask, Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from flask_openapi3.types import ResponseDict

from visitor.access.forms import BadgeKeys, FaultAnswer, ScanAnswer, ScanForm, StatusQuery
from visitor.access.gathering import Scans
from visitor.access.operations import Asked, RecordedScan
from visitor.access.reasons import WORDS
from visitor.accounts.admission import device, device_token_hash
from visitor.badges import queries as badges
from visitor.badges.token import BadgeVerifier
from visitor.core import web
from visitor.core.errors import Invalid
from visitor.core.forms import parse_json
from visitor.core.permissions import Permission
from visitor.sites import queries as sites

LARGEST_BODY: Final = 64 * 1024
"""A scan has about 400 bytes."""
STATUS_LIST_TYPE: Final = "application/vnd.visitor.badge-status"
OPEN: Final = "api_v1.badge_keys"
SCANS: Final = "api_v1.create_scan"
MOST_KNOWN: Final = 4_096
_known: Final[set[bytes]] = set()
"""Hashes of tokens that held once in this process."""
BINARY: Final = {"type": "string", "format": "binary"}

Answer = tuple[Response, int]
"""Named in full: the library evaluates annotations, and Flask's own type cannot be."""
FAULTS: Final[ResponseDict] = {403: FaultAnswer, 404: FaultAnswer, 422: FaultAnswer, 503: FaultAnswer}

bp = APIBlueprint(
    "api_v1",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="Readers", description="Door readers report scans and fetch what they need without a network.")],
)


@bp.before_request
def admit() -> None:
    """Let in only devices with a token that holds. Of a scan that is looked up with everything else it needs."""
    request.max_content_length = LARGEST_BODY
    if request.endpoint == SCANS:
        _let_strangers_wait()
    elif request.endpoint != OPEN:
        device()


def install(app: Flask) -> None:
    """Gather the scans of this application."""
    runtime = app.extensions[web.EXTENSION]
    runtime.resources.put(Scans, Scans(runtime))


def _let_strangers_wait() -> None:
    """Look up a token that was never seen here, so that strangers do not stand in the queue of those who write.

    Whether a token that is known here still holds, the scan's own statement decides.
    """
    hashed = device_token_hash()
    if hashed not in _known:
        device()
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known.add(hashed)


def _json_scan(view: Callable[[ScanForm], Answer]) -> Callable[[], Answer]:
    """Read the body by the product's own rules, so that whatever is sent ends in one of its six errors."""

    @wraps(view)
    def parsed() -> Answer:
        try:
            scan = parse_json(ScanForm, request.get_data(cache=False))
        except Invalid:
            device()  # what is wrong with a request is told to devices only
            raise
        return view(scan)

    # The library documents the body from the annotation, and leaves reading it to us.
    parsed.__delay_validate_request__ = True  # type: ignore[attr-defined]  # the library's mark
    return parsed


@bp.post(
    "/scans",
    summary="Report a scan",
    description="Decides and stores. Granted or refused, the answer is 201; sent again, it is the same answer.",
    responses={201: ScanAnswer, 409: FaultAnswer, **FAULTS},
    security=[{"device": []}],
)
@_json_scan
@web.demanded_within(Permission.ACCESS_SCAN)
def create_scan(body: ScanForm) -> Answer:
    """Answer a reader: open, or stay shut."""
    event = web.runtime().resources.get(Scans).result(Asked(body, device_token_hash()))
    return jsonify(_answer(event)), 201


@bp.get(
    "/status-list",
    summary="Which badges are dead",
    description="The signed list of revoked and replaced badges of a site. Bytes: docs/badge-token.md.",
    responses={
        200: {"description": "The signed list", "content": {STATUS_LIST_TYPE: {"schema": BINARY}}},
        **FAULTS,
    },
    security=[{"device": []}],
)
@web.requires(Permission.ACCESS_SCAN)
def status_list(query: StatusQuery) -> Response:
    """Return the signed status list of the device's site."""
    with web.reading() as work:
        site_id = device().site_id if query.site is None else sites.site_numbered(work, query.site).id
        work.require(Permission.ACCESS_SCAN, site_id)
        body = badges.status_list(work, site_id)
    return Response(body, mimetype=STATUS_LIST_TYPE)


@bp.get(
    "/keys",
    summary="Keys to check badges with",
    description="Public keys of badge tokens and status lists. Take them over a connection that you trust; keep them.",
    responses={200: BadgeKeys},
)
@web.open_to_all("public keys check badges and open nothing")
def badge_keys() -> Response:
    """Return the public keys that readers check tokens with."""
    verifier = web.runtime().resources.get(BadgeVerifier)
    found = [
        {"key_id": key_id, "algorithm": "Ed25519", "public_key": b64encode(key.public_bytes_raw()).decode()}
        for key_id, key in sorted(verifier.public_keys.items())
    ]
    return jsonify({"keys": found})


def _answer(event: RecordedScan) -> dict[str, object]:
    return {
        "event_id": str(event.id),
        "granted": event.granted,
        "reason": event.reason.value,
        "message": web.text(WORDS[event.reason, event.granted].sentence),
        "scanned_at": event.scanned_at.isoformat(),
        "received_at": event.received_at.isoformat(),
    }
