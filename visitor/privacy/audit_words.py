"""The audit trail's codes in words. A test finds every action in the code and demands its words here."""

from types import MappingProxyType
from typing import Final

from visitor.core.i18n import N_

ACTION_WORDS: Final = MappingProxyType(
    {
        "account.add": N_("Account added"),
        "account.disable": N_("Account disabled"),
        "account.enable": N_("Account enabled again"),
        "account.grant": N_("Role given"),
        "account.password": N_("Password changed"),
        "account.sessions_ended": N_("Signed out everywhere else"),
        "account.sign_in": N_("Logged in"),
        "account.sign_in_refused": N_("Log-in refused"),
        "account.withdraw": N_("Role taken away"),
        "backup.made": N_("Backup made"),
        "badge.copy": N_("Badge copied; the copy before stopped working"),
        "badge.issue": N_("Badge issued"),
        "badge.print": N_("Badge printed"),
        "badge.revoke": N_("Badge revoked"),
        "camera.add": N_("Camera added"),
        "camera.change": N_("Camera changed"),
        "camera.test": N_("Camera tested"),
        "database.copy": N_("Data copied into another database"),
        "device.add": N_("Device added"),
        "device.revoke": N_("Device token revoked"),
        "desk.search": N_("Visitors searched for"),
        "entity.add": N_("Legal entity added"),
        "help.answer_undone": N_("Answer to a call for help taken back"),
        "hold.place": N_("Hold placed"),
        "hold.release": N_("Hold released"),
        "host.add": N_("Host added"),
        "kiosk.pair": N_("Kiosk paired"),
        "kiosk.pairing_code": N_("Pairing code made"),
        "kiosk.revoke": N_("Kiosk revoked"),
        "log.export": N_("Access log exported"),
        "log.search": N_("Access log searched"),
        "notice.publish": N_("Privacy notice published"),
        "people.correct": N_("Personal data corrected"),
        "people.damaged": N_("Damaged record found"),
        "people.forget": N_("Remembered visitor forgotten"),
        "people.open": N_("Personal data opened"),
        "people.remember": N_("Visitor remembered"),
        "people.restrict": N_("Personal data restricted"),
        "people.sweep": N_("Lost keys and records swept"),
        "people.unrestrict": N_("Restriction lifted"),
        "point.add": N_("Access point added"),
        "point.change": N_("Access point changed"),
        "printer.add": N_("Printer added"),
        "printer.retire": N_("Printer retired"),
        "printer.test": N_("Printer tested"),
        "privacy.replay": N_("Erasures repeated after a restore"),
        "purge.approve": N_("Purge approved"),
        "purge.done": N_("Purge done"),
        "purge.plan": N_("Purge planned"),
        "purge.stopped": N_("Purge stopped"),
        "request.copy": N_("Copy made for a visitor"),
        "request.erase": N_("Visit erased on request"),
        "request.search": N_("Visits searched for a request"),
        "retention.drop": N_("Retention rule ended"),
        "retention.set": N_("Retention rule set"),
        "site.add": N_("Site added"),
        "site.change": N_("Site changed"),
        "site.mode": N_("Mode of a site changed"),
        "visit.announce": N_("Visitor expected"),
        "visit.auto_close": N_("Visits closed by the night"),
        "visit.cancel": N_("Visit cancelled"),
        "visit.cancel_undone": N_("Cancellation undone"),
        "visit.id_seen": N_("Identity document seen"),
        "visit.invite": N_("Invitation sent"),
        "visit.sign_in": N_("Visitor signed in"),
        "visit.sign_out": N_("Visitor signed out"),
        "visit.sign_out_undone": N_("Sign-out undone"),
        "visit.uninvite": N_("Invitation withdrawn"),
        "visit.unrecorded": N_("Visitor could not be recorded"),
        "visit_type.add": N_("Visit type added"),
        "zone.add": N_("Zone added"),
        "zone.change": N_("Zone changed"),
    }
)
PURPOSE_WORDS: Final = MappingProxyType(
    {
        "reception": N_("Reception"),
        "badge": N_("Badge"),
        "notify_host": N_("Telling the host"),
        "security_review": N_("Security review"),
        "evacuation": N_("Evacuation"),
        "subject_request": N_("Request of a visitor"),
        "privacy_control": N_("Privacy control"),
    }
)
ACTOR_WORDS: Final = MappingProxyType(
    {
        "staff": N_("Former member of staff"),
        "kiosk": N_("Kiosk"),
        "device": N_("Door reader"),
        "system": N_("The system"),
        "nobody": N_("Nobody signed in"),
    }
)
"""Who acts where no account is named."""
