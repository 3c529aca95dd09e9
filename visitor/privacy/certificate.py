"""The certificate of a purge: counts, reasons, proofs. No names, and no ids of visitors."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from visitor.core.work import Work
from visitor.ledger.operations import checkpoint
from visitor.privacy import planning
from visitor.privacy.due import DueRow
from visitor.privacy.models import PurgeRun
from visitor.privacy.planning import Survey
from visitor.privacy.scan import ScanReport
from visitor.privacy.scrubbing import Scrubbed

FORMAT: Final = "visitor-erasure-certificate/1"
OVERDUE_AFTER: Final = timedelta(hours=24)
"""What is hidden when its time is over must be gone a day later."""


def add(facts: Mapping[str, Any], erased: Sequence[DueRow], kept: Mapping[str, int]) -> dict[str, Any]:
    """Return the certificate in the making with one more batch."""
    counts: Counter[tuple[UUID | None, str, str]] = Counter(
        {
            (UUID(line["site"]) if line["site"] else None, line["subject"], line["rule"]): line["count"]
            for line in facts.get("erased", [])
        }
    )
    for row in erased:
        counts[(row.site_id, row.subject, row.rule_id)] += row.count
    reasons = Counter(facts.get("skipped", {}))
    reasons.update({reason: count for reason, count in kept.items() if count})
    return dict(facts) | {"erased": planning.count_lines(counts), "skipped": dict(sorted(reasons.items()))}


def complete(work: Work, run: PurgeRun, left: Survey, scrubbed: Scrubbed, report: ScanReport | None) -> dict[str, Any]:
    """Return the finished certificate; the ledger is signed with it, so that it cannot be dated back.

    Args:
        work: the last transaction of the run.
        run: whose certificate it is.
        left: what was due after the last batch. It is looked at before this transaction: a look takes long, and on
            SQLite doors would wait for it.
        scrubbed: what was done to the files.
        report: what the scan of the files found.
    """
    facts = add(run.certificate or {}, [], {})
    notes = checkpoint(work)
    return facts | {
        "format": FORMAT,
        "run": str(run.id),
        "began_at": run.began_at.isoformat(),
        "ended_at": work.now.isoformat(),
        "cut_off_at": run.cut_off_at.isoformat(),
        "plan_hash": (run.plan_hash or b"").hex(),
        "planned": run.planned,
        "erased_rows": run.erased,
        "skipped_rows": run.skipped,
        "started_by": str(run.started_by) if run.started_by else None,
        "approved_by": str(run.approved_by) if run.approved_by else None,
        "remaining": {
            "due": left.planned,
            "kept": dict(sorted(left.kept.items())),
            "oldest_due_at": left.oldest_due_at.isoformat() if left.oldest_due_at else None,
            "overdue": left.oldest_due_at is not None and left.at - left.oldest_due_at > OVERDUE_AFTER,
        },
        "files": {
            "log_emptied": scrubbed.log_emptied,
            "gaps_erased": scrubbed.gaps_erased,
            "size_bytes": scrubbed.size_bytes,
        },
        "scan": None if report is None else _scan(report),
        "faults": _faults(scrubbed, report),
        "ledger_checkpoints": notes,
    }


def _scan(report: ScanReport) -> dict[str, Any]:
    return {
        "files": report.files,
        "size_bytes": report.size_bytes,
        "records": report.records,
        "probes": report.probes,
        "hits": report.hits,
        "places": list(report.places),
    }


def _faults(scrubbed: Scrubbed, report: ScanReport | None) -> list[str]:
    faults = []
    if not scrubbed.log_emptied:
        faults.append("log_not_emptied")
    if report is not None and report.hits:
        faults.append("traces_found")
    return faults
