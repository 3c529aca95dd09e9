"""The first tables.

Imports no models: what tables were then must not change with what they are now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(sa.Uuid(), "postgresql")
INSTANT = sa.BigInteger().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "access_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("access_point_id", ID, nullable=False),
        sa.Column("scan_id", ID, nullable=False),
        sa.Column("device_id", ID, nullable=False),
        sa.Column("from_zone_id", ID, nullable=True),
        sa.Column("to_zone_id", ID, nullable=True),
        sa.Column("badge_id", sa.BigInteger(), nullable=True),
        sa.Column("badge_copy", sa.BigInteger(), nullable=True),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("offline_granted", sa.Boolean(), nullable=True),
        sa.Column("scanned_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("camera_ids", sa.JSON(), nullable=False),
        sa.Column("clip_from_at", INSTANT, nullable=True),
        sa.Column("clip_until_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_event")),
        sa.UniqueConstraint("access_point_id", "scan_id", name=op.f("uq_access_event_access_point_id_scan_id")),
    )
    op.create_index("ix_access_event_badge_at", "access_event", ["badge_id", "scanned_at", "id"], unique=False)
    op.create_index("ix_access_event_point_at", "access_event", ["access_point_id", "scanned_at", "id"], unique=False)
    op.create_index(
        "ix_access_event_reason_at", "access_event", ["site_id", "reason", "scanned_at", "id"], unique=False
    )
    op.create_index("ix_access_event_site_at", "access_event", ["site_id", "scanned_at", "id"], unique=False)
    op.create_index("ix_access_event_visit_at", "access_event", ["visit_id", "scanned_at", "id"], unique=False)
    op.create_index("ix_access_event_zone_at", "access_event", ["to_zone_id", "scanned_at", "id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", ID, nullable=False),
        sa.Column("sign_in_name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("sign_in_name", name=op.f("uq_account_sign_in_name")),
    )
    op.create_table(
        "acknowledgement",
        sa.Column("id", ID, nullable=False),
        sa.Column("visit_id", ID, nullable=False),
        sa.Column("notice_version_id", ID, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("shown_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
    )
    op.create_index(op.f("ix_acknowledgement_visit_id"), "acknowledgement", ["visit_id"], unique=False)
    op.create_table(
        "badge",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("visit_id", ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("key_id", sa.BigInteger(), nullable=False),
        sa.Column("copy", sa.BigInteger(), nullable=False),
        sa.Column("status_index", sa.BigInteger(), nullable=False),
        sa.Column("not_before_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("zones", sa.BigInteger(), nullable=False),
        sa.Column("flags", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.String(length=40), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge")),
        sa.UniqueConstraint("site_id", "number", name=op.f("uq_badge_site_id_number")),
        sa.UniqueConstraint("site_id", "status_index", name=op.f("uq_badge_site_id_status_index")),
    )
    op.create_index("ix_badge_visit", "badge", ["visit_id"], unique=False)
    op.create_table(
        "device_token",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("access_point_id", ID, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_token_token_hash")),
    )
    op.create_index("ix_device_token_site", "device_token", ["site_id"], unique=False)
    op.create_table(
        "help_request",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("kiosk_id", ID, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_request")),
    )
    op.create_index(op.f("ix_help_request_site_id"), "help_request", ["site_id"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("placed_at", INSTANT, nullable=False),
        sa.Column("released_at", INSTANT, nullable=True),
        sa.Column("released_by", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_site_id"), "hold", ["site_id"], unique=False)
    op.create_index(op.f("ix_hold_visit_id"), "hold", ["visit_id"], unique=False)
    op.create_table(
        "host",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_words", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("left_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host")),
    )
    op.create_index(op.f("ix_host_site_id"), "host", ["site_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("run_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_state_run_at", "job", ["state", "run_at"], unique=False)
    op.create_table(
        "kiosk",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("printer_id", ID, nullable=True),
        sa.Column("paired_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk")),
    )
    op.create_index(op.f("ix_kiosk_site_id"), "kiosk", ["site_id"], unique=False)
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("until_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "ledger_checkpoint",
        sa.Column("id", ID, nullable=False),
        sa.Column("log", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_checkpoint")),
        sa.UniqueConstraint("log", "size", name=op.f("uq_ledger_checkpoint_log_size")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("log", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.BigInteger(), nullable=False),
        sa.Column("record_class", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("subject_id", ID, nullable=True),
        sa.Column("site_id", ID, nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("log", "seq", name=op.f("uq_ledger_entry_log_seq")),
    )
    op.create_index("ix_ledger_entry_due", "ledger_entry", ["log", "due_on"], unique=False)
    op.create_index("ix_ledger_entry_subject", "ledger_entry", ["subject_id", "log"], unique=False)
    op.create_table(
        "ledger_head",
        sa.Column("log", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "legal_entity",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("representative", sa.Text(), nullable=True),
        sa.Column("privacy_contact", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_entity")),
    )
    op.create_table(
        "notice_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.LargeBinary(), nullable=False),
        sa.Column("live_from_at", INSTANT, nullable=False),
        sa.Column("approved_by", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_version")),
        sa.UniqueConstraint("site_id", "language", "version", name=op.f("uq_notice_version_site_id_language_version")),
    )
    op.create_table(
        "pairing_code",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("printer_id", ID, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_pairing_code")),
    )
    op.create_table(
        "periodic_run",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slot_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", "slot_at", name=op.f("pk_periodic_run")),
    )
    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_site_id"), "person", ["site_id"], unique=False)
    op.create_table(
        "presence",
        sa.Column("visit_id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("zone_id", ID, nullable=True),
        sa.Column("since_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_presence")),
    )
    op.create_index(op.f("ix_presence_site_id"), "presence", ["site_id"], unique=False)
    op.create_index(op.f("ix_presence_zone_id"), "presence", ["zone_id"], unique=False)
    op.create_table(
        "printer",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("size", sa.String(length=40), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("checked_at", INSTANT, nullable=True),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer")),
    )
    op.create_index(op.f("ix_printer_site_id"), "printer", ["site_id"], unique=False)
    op.create_table(
        "purge_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("cut_off_at", INSTANT, nullable=False),
        sa.Column("plan_hash", sa.LargeBinary(), nullable=True),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("erased", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("started_by", ID, nullable=True),
        sa.Column("approved_by", ID, nullable=True),
        sa.Column("certificate", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge_run")),
    )
    op.create_table(
        "retention_rule",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("visit_type_id", ID, nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("keep_minutes", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("set_by", ID, nullable=True),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.CheckConstraint("keep_minutes >= 0", name=op.f("ck_retention_rule_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_rule")),
    )
    op.create_index("ix_retention_rule_site", "retention_rule", ["site_id", "subject", "visit_type_id"], unique=False)
    op.create_table(
        "site_change",
        sa.Column("site_id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_site_change")),
    )
    op.create_table(
        "still",
        sa.Column("event_id", ID, nullable=False),
        sa.Column("camera_id", ID, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("record_id", ID, nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("taken_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("event_id", "camera_id", name=op.f("pk_still")),
    )
    op.create_table(
        "throttle",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("window_at", INSTANT, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", "window_at", name=op.f("pk_throttle")),
    )
    op.create_index(op.f("ix_throttle_window_at"), "throttle", ["window_at"], unique=False)
    op.create_table(
        "visit_type",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("names", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("descriptions", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("ask_company", sa.String(length=40), nullable=False),
        sa.Column("ask_email", sa.String(length=40), nullable=False),
        sa.Column("ask_host", sa.String(length=40), nullable=False),
        sa.Column("ask_id", sa.String(length=40), nullable=False),
        sa.Column("photo", sa.String(length=40), nullable=False),
        sa.Column("needs_escort", sa.Boolean(), nullable=False),
        sa.Column("duration_minutes", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_type")),
    )
    op.create_index(op.f("ix_visit_type_site_id"), "visit_type", ["site_id"], unique=False)
    op.create_table(
        "badge_copy",
        sa.Column("badge_id", sa.BigInteger(), nullable=False),
        sa.Column("copy", sa.BigInteger(), nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("status_index", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("made_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["badge_id"], ["badge.id"], name=op.f("fk_badge_copy_badge_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("badge_id", "copy", name=op.f("pk_badge_copy")),
        sa.UniqueConstraint("site_id", "status_index", name=op.f("uq_badge_copy_site_id_status_index")),
    )
    op.create_index("ix_badge_copy_site_expires", "badge_copy", ["site_id", "expires_at"], unique=False)
    op.create_table(
        "personal_record",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("subject_id", ID, nullable=True),
        sa.Column("data_class", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("latest_at", INSTANT, nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_personal_record_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_record")),
        sa.UniqueConstraint("key_id", name=op.f("uq_personal_record_key_id")),
    )
    op.create_index("ix_personal_record_due", "personal_record", ["due_at"], unique=False)
    op.create_index("ix_personal_record_person", "personal_record", ["person_id", "data_class"], unique=False)
    op.create_index(op.f("ix_personal_record_subject_id"), "personal_record", ["subject_id"], unique=False)
    op.create_index("ix_personal_record_visit", "personal_record", ["visit_id", "data_class"], unique=False)
    op.create_table(
        "print_job",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("badge_id", sa.BigInteger(), nullable=False),
        sa.Column("copy", sa.BigInteger(), nullable=False),
        sa.Column("printer_id", ID, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("ipp_job_id", sa.BigInteger(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["badge_id"], ["badge.id"], name=op.f("fk_print_job_badge_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["printer_id"], ["printer.id"], name=op.f("fk_print_job_printer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_job")),
    )
    op.create_index("ix_print_job_badge", "print_job", ["badge_id", "copy"], unique=False)
    op.create_index("ix_print_job_state", "print_job", ["state"], unique=False)
    op.create_table(
        "purge_item",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("row_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["purge_run.id"], name=op.f("fk_purge_item_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "subject", "row_id", name=op.f("pk_purge_item")),
    )
    op.create_table(
        "role_grant",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("site_id", ID, nullable=True),
        sa.Column("granted_at", INSTANT, nullable=False),
        sa.Column("granted_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_role_grant_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint("account_id", "role", "site_id", name=op.f("uq_role_grant_account_id_role_site_id")),
    )
    op.create_index(op.f("ix_role_grant_account_id"), "role_grant", ["account_id"], unique=False)
    op.create_table(
        "site",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("legal_entity_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("preset", sa.Text(), nullable=False),
        sa.Column("tightened", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("reception_hint", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("mode_since_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.CheckConstraint("number BETWEEN 1 AND 65535", name=op.f("ck_site_number_fits_token")),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_site_legal_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("number", name=op.f("uq_site_number")),
    )
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_staff_session_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_account_id"), "staff_session", ["account_id"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("visit_type_id", ID, nullable=False),
        sa.Column("host_id", ID, nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("client_device_id", ID, nullable=True),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expected_at", INSTANT, nullable=True),
        sa.Column("arrived_at", INSTANT, nullable=True),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.Column("due_out_at", INSTANT, nullable=True),
        sa.Column("left_at", INSTANT, nullable=True),
        sa.Column("auto_closed", sa.Boolean(), nullable=False),
        sa.Column("id_check_needed", sa.Boolean(), nullable=False),
        sa.Column("id_seen_at", INSTANT, nullable=True),
        sa.Column("id_seen_by", ID, nullable=True),
        sa.Column("photo_declined", sa.Boolean(), nullable=False),
        sa.Column("host_told_at", INSTANT, nullable=True),
        sa.Column("watch_list_stop", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["host_id"], ["host.id"], name=op.f("fk_visit_host_id")),
        sa.ForeignKeyConstraint(["visit_type_id"], ["visit_type.id"], name=op.f("fk_visit_visit_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("client_device_id", "client_id", name=op.f("uq_visit_client_device_id_client_id")),
    )
    op.create_index("ix_visit_person", "visit", ["person_id"], unique=False)
    op.create_index("ix_visit_site_left", "visit", ["site_id", "left_at"], unique=False)
    op.create_index("ix_visit_site_state", "visit", ["site_id", "state", "arrived_at"], unique=False)
    op.create_table(
        "camera",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("credentials", sa.Text(), nullable=True),
        sa.Column("clip_address", sa.Text(), nullable=True),
        sa.Column("before_seconds", sa.BigInteger(), nullable=False),
        sa.Column("after_seconds", sa.BigInteger(), nullable=False),
        sa.Column("takes_stills", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_camera_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera")),
    )
    op.create_index(op.f("ix_camera_site_id"), "camera", ["site_id"], unique=False)
    op.create_table(
        "person_token",
        sa.Column("record_id", ID, nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["personal_record.id"], name=op.f("fk_person_token_record_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("record_id", "token", name=op.f("pk_person_token")),
    )
    op.create_index("ix_person_token_token", "person_token", ["token", "record_id"], unique=False)
    op.create_table(
        "zone",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("occupancy_limit", sa.BigInteger(), nullable=True),
        sa.Column("opens_minute", sa.BigInteger(), nullable=True),
        sa.Column("closes_minute", sa.BigInteger(), nullable=True),
        sa.Column("requires_escort", sa.Boolean(), nullable=False),
        sa.Column("antipassback", sa.String(length=40), nullable=False),
        sa.CheckConstraint("position BETWEEN 0 AND 31", name=op.f("ck_zone_position_fits_token")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_zone_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zone")),
        sa.UniqueConstraint("site_id", "position", name=op.f("uq_zone_site_id_position")),
    )
    op.create_table(
        "access_point",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("from_zone_id", ID, nullable=True),
        sa.Column("to_zone_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["from_zone_id"], ["zone.id"], name=op.f("fk_access_point_from_zone_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_access_point_site_id")),
        sa.ForeignKeyConstraint(["to_zone_id"], ["zone.id"], name=op.f("fk_access_point_to_zone_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_point")),
    )
    op.create_index(op.f("ix_access_point_site_id"), "access_point", ["site_id"], unique=False)
    op.create_table(
        "visit_type_zone",
        sa.Column("visit_type_id", ID, nullable=False),
        sa.Column("zone_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["visit_type_id"], ["visit_type.id"], name=op.f("fk_visit_type_zone_visit_type_id")),
        sa.ForeignKeyConstraint(["zone_id"], ["zone.id"], name=op.f("fk_visit_type_zone_zone_id")),
        sa.PrimaryKeyConstraint("visit_type_id", "zone_id", name=op.f("pk_visit_type_zone")),
    )
    op.create_table(
        "point_camera",
        sa.Column("access_point_id", ID, nullable=False),
        sa.Column("camera_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["access_point_id"], ["access_point.id"], name=op.f("fk_point_camera_access_point_id")),
        sa.ForeignKeyConstraint(["camera_id"], ["camera.id"], name=op.f("fk_point_camera_camera_id")),
        sa.PrimaryKeyConstraint("access_point_id", "camera_id", name=op.f("pk_point_camera")),
    )


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("point_camera")
    op.drop_table("visit_type_zone")
    op.drop_index(op.f("ix_access_point_site_id"), table_name="access_point")
    op.drop_table("access_point")
    op.drop_table("zone")
    op.drop_index("ix_person_token_token", table_name="person_token")
    op.drop_table("person_token")
    op.drop_index(op.f("ix_camera_site_id"), table_name="camera")
    op.drop_table("camera")
    op.drop_index("ix_visit_site_state", table_name="visit")
    op.drop_index("ix_visit_site_left", table_name="visit")
    op.drop_index("ix_visit_person", table_name="visit")
    op.drop_table("visit")
    op.drop_index(op.f("ix_staff_session_account_id"), table_name="staff_session")
    op.drop_table("staff_session")
    op.drop_table("site")
    op.drop_index(op.f("ix_role_grant_account_id"), table_name="role_grant")
    op.drop_table("role_grant")
    op.drop_table("purge_item")
    op.drop_index("ix_print_job_state", table_name="print_job")
    op.drop_index("ix_print_job_badge", table_name="print_job")
    op.drop_table("print_job")
    op.drop_index("ix_personal_record_visit", table_name="personal_record")
    op.drop_index(op.f("ix_personal_record_subject_id"), table_name="personal_record")
    op.drop_index("ix_personal_record_person", table_name="personal_record")
    op.drop_index("ix_personal_record_due", table_name="personal_record")
    op.drop_table("personal_record")
    op.drop_index("ix_badge_copy_site_expires", table_name="badge_copy")
    op.drop_table("badge_copy")
    op.drop_index(op.f("ix_visit_type_site_id"), table_name="visit_type")
    op.drop_table("visit_type")
    op.drop_index(op.f("ix_throttle_window_at"), table_name="throttle")
    op.drop_table("throttle")
    op.drop_table("still")
    op.drop_table("site_change")
    op.drop_index("ix_retention_rule_site", table_name="retention_rule")
    op.drop_table("retention_rule")
    op.drop_table("purge_run")
    op.drop_index(op.f("ix_printer_site_id"), table_name="printer")
    op.drop_table("printer")
    op.drop_index(op.f("ix_presence_zone_id"), table_name="presence")
    op.drop_index(op.f("ix_presence_site_id"), table_name="presence")
    op.drop_table("presence")
    op.drop_index(op.f("ix_person_site_id"), table_name="person")
    op.drop_table("person")
    op.drop_table("periodic_run")
    op.drop_table("pairing_code")
    op.drop_table("notice_version")
    op.drop_table("legal_entity")
    op.drop_table("ledger_head")
    op.drop_index("ix_ledger_entry_subject", table_name="ledger_entry")
    op.drop_index("ix_ledger_entry_due", table_name="ledger_entry")
    op.drop_table("ledger_entry")
    op.drop_table("ledger_checkpoint")
    op.drop_table("lease")
    op.drop_index(op.f("ix_kiosk_site_id"), table_name="kiosk")
    op.drop_table("kiosk")
    op.drop_index("ix_job_state_run_at", table_name="job")
    op.drop_table("job")
    op.drop_index(op.f("ix_host_site_id"), table_name="host")
    op.drop_table("host")
    op.drop_index(op.f("ix_hold_visit_id"), table_name="hold")
    op.drop_index(op.f("ix_hold_site_id"), table_name="hold")
    op.drop_table("hold")
    op.drop_index(op.f("ix_help_request_site_id"), table_name="help_request")
    op.drop_table("help_request")
    op.drop_index("ix_device_token_site", table_name="device_token")
    op.drop_table("device_token")
    op.drop_index("ix_badge_visit", table_name="badge")
    op.drop_table("badge")
    op.drop_index(op.f("ix_acknowledgement_visit_id"), table_name="acknowledgement")
    op.drop_table("acknowledgement")
    op.drop_table("account")
    op.drop_index("ix_access_event_zone_at", table_name="access_event")
    op.drop_index("ix_access_event_visit_at", table_name="access_event")
    op.drop_index("ix_access_event_site_at", table_name="access_event")
    op.drop_index("ix_access_event_reason_at", table_name="access_event")
    op.drop_index("ix_access_event_point_at", table_name="access_event")
    op.drop_index("ix_access_event_badge_at", table_name="access_event")
    op.drop_table("access_event")
