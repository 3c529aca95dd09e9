"""The pages that there are, for the navigation, the administration's tiles and the search."""

from dataclasses import dataclass

from visitor.core.i18n import N_
from visitor.core.permissions import Permission


@dataclass(frozen=True, slots=True)
class Section:
    """One page, shown to whoever may use it; label and text are msgids."""

    label: str
    path: str
    permission: Permission
    text: str = ""
    icon: str = ""


NAVIGATION = (
    Section(N_("Reception"), "/desk/", Permission.DESK_VIEW),
    Section(N_("Access log"), "/security/", Permission.LOG_VIEW),
    Section(N_("Roll call"), "/security/roll-call", Permission.ROLLCALL),
    Section(N_("Privacy"), "/privacy/", Permission.RETENTION_VIEW),
    Section(N_("Administration"), "/admin/", Permission.ADMIN_DEVICES),
)
PRIVACY_PAGES = (
    Section(N_("Rules"), "/privacy/rules", Permission.RETENTION_VIEW),
    Section(N_("Holds"), "/privacy/holds", Permission.RETENTION_VIEW),
    Section(N_("Purges"), "/privacy/purges", Permission.RETENTION_VIEW),
    Section(N_("Requests"), "/privacy/requests", Permission.REQUEST_ANSWER),
    Section(N_("Audit trail"), "/privacy/audit", Permission.AUDIT_VIEW),
)
ADMIN_SECTIONS = (
    Section(
        N_("Sites"),
        "/admin/sites",
        Permission.ADMIN_SITES,
        N_("Legal entities, sites, zones, access points and cameras."),
        "site",
    ),
    Section(
        N_("Visit types"),
        "/admin/visit-types/",
        Permission.ADMIN_SITES,
        N_("What visitors come for, and what they are asked."),
        "calendar",
    ),
    Section(N_("Hosts"), "/admin/hosts/", Permission.ADMIN_SITES, N_("Whom visitors come to see."), "user"),
    Section(
        N_("Notices"),
        "/admin/notices/",
        Permission.ADMIN_NOTICES,
        N_("What visitors read and agree to, in every language."),
        "info",
    ),
    Section(
        N_("Kiosks"), "/admin/kiosks/", Permission.ADMIN_DEVICES, N_("Reception devices and their pairing."), "sign_in"
    ),
    Section(N_("Printers"), "/admin/printers/", Permission.ADMIN_DEVICES, N_("Where badges come out."), "print"),
    Section(N_("Devices"), "/admin/devices", Permission.ADMIN_DEVICES, N_("Door readers and their tokens."), "badge"),
    Section(N_("Accounts"), "/admin/accounts", Permission.ADMIN_ACCOUNTS, N_("Who signs in, and their roles."), "user"),
)
