"""What people and devices may do, and which role may do what."""

from enum import StrEnum

from visitor.core.i18n import N_


class Permission(StrEnum):
    """One thing that may be allowed at one site."""

    ACCESS_SCAN = "access.scan"
    KIOSK_USE = "kiosk.use"
    DESK_VIEW = "desk.view"
    DESK_ACT = "desk.act"
    """Sign in and out, tick an ID as seen."""
    BADGE_PRINT = "badge.print"
    BADGE_REVOKE = "badge.revoke"
    VISIT_INVITE = "visit.invite"
    LOG_VIEW = "log.view"
    LOG_EXPORT = "log.export"
    ROLLCALL = "rollcall"
    SITE_MODE = "site.mode"
    """Lockdown and evacuation."""
    RETENTION_VIEW = "retention.view"
    RETENTION_EDIT = "retention.edit"
    HOLD_EDIT = "hold.edit"
    PURGE_RUN = "purge.run"
    AUDIT_VIEW = "audit.view"
    LEDGER_VERIFY = "ledger.verify"
    REQUEST_ANSWER = "request.answer"
    ADMIN_SITES = "admin.sites"
    ADMIN_ACCOUNTS = "admin.accounts"
    ADMIN_DEVICES = "admin.devices"
    ADMIN_NOTICES = "admin.notices"

    OPEN_CONTACT = "open.contact"
    OPEN_ID_DOCUMENT = "open.id_document"
    OPEN_PHOTO = "open.photo"
    OPEN_SIGNATURE = "open.signature"
    OPEN_ANSWERS = "open.answers"
    OPEN_NOTE = "open.note"
    OPEN_CCTV_STILL = "open.cctv_still"
    OPEN_SCREENING = "open.screening"


class Role(StrEnum):
    """What somebody is at a site."""

    RECEPTIONIST = "receptionist"
    SECURITY = "security"
    PRIVACY_OFFICER = "privacy_officer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


P = Permission

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.RECEPTIONIST: frozenset(
        {
            P.DESK_VIEW,
            P.DESK_ACT,
            P.BADGE_PRINT,
            P.BADGE_REVOKE,
            P.VISIT_INVITE,
            P.ROLLCALL,
            P.OPEN_CONTACT,
            P.OPEN_PHOTO,
            P.OPEN_ID_DOCUMENT,
            P.OPEN_ANSWERS,
        }
    ),
    Role.SECURITY: frozenset(
        {
            P.DESK_VIEW,
            P.BADGE_REVOKE,
            P.LOG_VIEW,
            P.LOG_EXPORT,
            P.ROLLCALL,
            P.SITE_MODE,
            P.OPEN_CONTACT,
            P.OPEN_PHOTO,
            P.OPEN_CCTV_STILL,
            P.OPEN_SCREENING,
        }
    ),
    Role.PRIVACY_OFFICER: frozenset(
        {
            P.RETENTION_VIEW,
            P.RETENTION_EDIT,
            P.HOLD_EDIT,
            P.PURGE_RUN,
            P.AUDIT_VIEW,
            P.LEDGER_VERIFY,
            P.REQUEST_ANSWER,
            P.ADMIN_NOTICES,
            P.OPEN_CONTACT,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {P.ADMIN_SITES, P.ADMIN_ACCOUNTS, P.ADMIN_DEVICES, P.ADMIN_NOTICES, P.RETENTION_VIEW, P.LEDGER_VERIFY}
    ),
    Role.AUDITOR: frozenset({P.RETENTION_VIEW, P.AUDIT_VIEW, P.LEDGER_VERIFY}),
}
"""Administrators run the system and see no visitor; auditors see evidence and no visitor."""

ROLE_NAMES: dict[Role, str] = {
    Role.RECEPTIONIST: N_("Receptionist"),
    Role.SECURITY: N_("Security"),
    Role.PRIVACY_OFFICER: N_("Privacy officer"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.AUDITOR: N_("Auditor"),
}


class Purpose(StrEnum):
    """Why somebody's data is opened; stored with each opening."""

    RECEPTION = "reception"
    BADGE = "badge"
    NOTIFY_HOST = "notify_host"
    SECURITY_REVIEW = "security_review"
    EVACUATION = "evacuation"
    SUBJECT_REQUEST = "subject_request"
    PRIVACY_CONTROL = "privacy_control"
