"""The sweep of orphans and of what is remembered of nobody."""

from collections.abc import Mapping
from typing import Any

import structlog

from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime
from visitor.people import operations, queries, remembering

log = structlog.get_logger()


def sweep_orphans(runtime: Runtime, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  every task takes one
    """Look for orphans beside the running sign-ins, then decide alone in the room."""
    with runtime.transaction(SYSTEM) as work:
        remembering.sweep(work)
    with runtime.reading(SYSTEM) as work:
        seen = queries.orphans(work)
    if not seen.key_ids and not seen.record_ids:
        return
    with runtime.transaction(SYSTEM) as work:
        swept = operations.sweep_orphans(work, seen)
    if swept.refused:
        log.error("people.sweep_refused", keys=swept.keys, records=swept.records)
