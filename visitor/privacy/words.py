"""The words in which the privacy screens name what the code knows by value."""

from datetime import timedelta

from babel import dates

from visitor.core.i18n import N_, locale
from visitor.privacy.models import PurgeState
from visitor.privacy.policy import HoldState, Trigger

SUBJECTS: dict[str, str] = {
    "contact": N_("Name, company, e-mail, phone"),
    "answers": N_("Answers to questions"),
    "note": N_("Notes about a visit"),
    "signature": N_("Signature"),
    "id_document": N_("ID document"),
    "photo": N_("Badge photo"),
    "cctv_still": N_("Camera pictures of scans"),
    "screening": N_("Watch list"),
    "visit": N_("The visit itself, badge and notice shown"),
    "invitation": N_("Invitation that was never used"),
    "access_event": N_("Scans at doors"),
    "audit": N_("Audit entries"),
    "person": N_("Persons without a visit"),
}
TRIGGERS: dict[Trigger, str] = {
    Trigger.CHECK_OUT: N_("after leaving"),
    Trigger.BADGE_EXPIRY: N_("after the badge ends"),
    Trigger.EVENT: N_("after the scan"),
    Trigger.DECISION: N_("after the decision"),
    Trigger.PLANNED: N_("after the planned day"),
    Trigger.CREATED: N_("after it was written"),
}
HOLD_STATES: dict[HoldState, str] = {
    HoldState.ACTIVE: N_("In force"),
    HoldState.REVIEW_OVERDUE: N_("Review overdue"),
    HoldState.RELEASED: N_("Released"),
}
PURGE_STATES: dict[PurgeState, str] = {
    PurgeState.PLANNED: N_("Planned"),
    PurgeState.RUNNING: N_("Running"),
    PurgeState.DONE: N_("Done"),
    PurgeState.NEEDS_APPROVAL: N_("Waits for a second person"),
    PurgeState.FAILED: N_("Replaced by a newer plan"),
}
SKIPPED: dict[str, str] = {
    "held": N_("Kept by a hold"),
    "restricted": N_("Restricted (GDPR, Article 18)"),
    "not_due": N_("Not due any more"),
    "changed": N_("Changed since the plan"),
    "gone": N_("Erased by somebody else"),
    "blocked": N_("Blocked"),
}
FAULTS: dict[str, str] = {
    "log_not_emptied": N_("The database's log could not be emptied, as something was reading. The next purge does it."),
    "traces_found": N_("Traces of erased records were found in files. Tell your administrator at once."),
    "superseded": N_("A newer plan took its place."),
}


def length(span: timedelta, language: str) -> str:
    """Return a length of time in words: whole days, else hours; a single day as 24 hours."""
    whole_days = span >= timedelta(days=2) and not span % timedelta(days=1)
    # A threshold that nothing reaches keeps 28 days from becoming 4 weeks.
    return dates.format_timedelta(
        span, granularity="day" if whole_days else "hour", threshold=1e9, locale=locale(language)
    )
