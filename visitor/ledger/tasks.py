"""The sequencer's turn, every second."""

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from visitor.core import leases
from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime
from visitor.ledger import operations, queries, sequencer

LEASE_NAME: Final = "ledger.sequence"
LEASE_SPAN: Final = timedelta(seconds=10)
ROUNDS: Final = 50
"""Batches in one turn; the rest waits for the next turn, so that other periodic work gets its own."""

_PROCESS = secrets.token_hex(8)


def sequence_entries(runtime: Runtime, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  every task takes one
    """Number new entries and sign when a checkpoint is due; each batch is a transaction of its own."""
    for _ in range(ROUNDS):
        with runtime.reading(SYSTEM) as work:
            # An idle sequencer must not stand in the writers' queue.
            if not queries.work_waiting(work):
                return
        if not take_turn(runtime):
            return


def take_turn(runtime: Runtime, owner: str | None = None) -> bool:
    """Number one batch under the lease; return whether a full batch was numbered and more may wait.

    The fencing token is checked at the end of the same transaction: a process that slept through its lease writes
    nothing.
    """
    with runtime.transaction(SYSTEM) as work:
        token = leases.take(work, LEASE_NAME, owner or f"{_PROCESS}.{os.getpid()}", LEASE_SPAN)
        if token is None:
            return False
        numbered = operations.sequence(work)
        operations.checkpoint_when_due(work)
        leases.check(work, LEASE_NAME, token)
    return numbered >= sequencer.BATCH
