"""Pairing reception devices and letting them go."""

from datetime import timedelta
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from sqlalchemy import update

from visitor.core.errors import Conflict, Invalid, NotFound
from visitor.core.i18n import N_
from visitor.core.ids import new_code, token_hash, typed_code
from visitor.core.permissions import Permission
from visitor.core.throttle import Limit, count_try
from visitor.core.work import Work
from visitor.kiosks.forms import PairingForm
from visitor.kiosks.models import Kiosk, PairingCode
from visitor.ledger.operations import audit
from visitor.sites import queries as sites

CODE_LENGTH = 13
"""65 random bits: typed once, in ten minutes, from one address."""
PAIRING_TRIES = Limit("kiosk.pair", count=10, seconds=600)
SEEN_EVERY = timedelta(minutes=1)
_SIGNATURE_BYTES = 64
UNKNOWN_CODE = N_("This code is not known, was used already or is too old. Ask an administrator for a new one.")


def make_pairing_code(work: Work, site_id: UUID, name: str, printer_id: UUID | None = None) -> str:
    """Return a one-time code with which one device becomes a kiosk of the site. Shown once; only its hash is kept."""
    work.require(Permission.ADMIN_DEVICES, site_id)
    sites.site(work, site_id)
    code = new_code(CODE_LENGTH)
    work.session.add(
        PairingCode(
            code_hash=token_hash(code),
            site_id=site_id,
            name=name,
            printer_id=printer_id,
            expires_at=work.now + timedelta(minutes=work.settings.kiosk.pairing_minutes),
        )
    )
    audit(work, "kiosk.pairing_code", site_id=site_id)
    return code


def count_pairing_try(work: Work, address: str) -> None:
    """Count a try from a network address; in a transaction of its own, so that failures count too."""
    count_try(work, PAIRING_TRIES, address)


def pair(work: Work, form: PairingForm) -> Kiosk:
    """Make a kiosk of the device that holds the key pair.

    Raises:
        NotFound: the code is unknown, used or too old.
        Invalid: the key is no ECDSA P-256 public key.
    """
    public_key = _checked_key(form.key_bytes())
    code = work.session.get(PairingCode, token_hash(typed_code(form.code)), with_for_update=True)
    if code is None or code.used_at is not None or code.expires_at <= work.now:
        raise NotFound(UNKNOWN_CODE)
    code.used_at = work.now
    kiosk = Kiosk(
        id=work.new_id(),
        site_id=code.site_id,
        name=code.name,
        public_key=public_key,
        printer_id=code.printer_id,
        paired_at=work.now,
    )
    work.session.add(kiosk)
    audit(work, "kiosk.pair", site_id=kiosk.site_id, subject_id=kiosk.id)
    return kiosk


def revoke(work: Work, kiosk_id: UUID) -> None:
    """Let a kiosk go: from now on nothing it sends is accepted."""
    kiosk = work.session.get(Kiosk, kiosk_id)
    if kiosk is None:
        raise NotFound
    work.require(Permission.ADMIN_DEVICES, kiosk.site_id)
    if kiosk.revoked_at is not None:
        raise Conflict
    kiosk.revoked_at = work.now
    audit(work, "kiosk.revoke", site_id=kiosk.site_id, subject_id=kiosk.id)


def note_seen(work: Work, kiosk_id: UUID) -> None:
    """Keep when the kiosk was last heard of."""
    work.session.execute(update(Kiosk).where(Kiosk.id == kiosk_id).values(seen_at=work.now))


def signature_fits(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the device signed `message`: ECDSA P-256 with SHA-256, as r and s of 32 bytes each (WebCrypto)."""
    if len(signature) != _SIGNATURE_BYTES:
        return False
    half = _SIGNATURE_BYTES // 2
    packed = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
    key = load_der_public_key(public_key)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(packed, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _checked_key(packed: bytes) -> bytes:
    try:
        key = load_der_public_key(packed)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Invalid(fields={"public_key": N_("The device's key cannot be used. Reload the page and try again.")})
    return packed
