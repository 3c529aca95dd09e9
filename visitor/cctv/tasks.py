"""Taking the stills that scans ask for. No transaction is open while a camera is asked."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from visitor.cctv import operations
from visitor.cctv.grab import CameraFailed, grab_still
from visitor.core.actors import SYSTEM
from visitor.core.jobs import Later
from visitor.core.work import Runtime


def take_still(runtime: Runtime, payload: Mapping[str, Any]) -> None:
    """Take one still of one event. A repetition takes nothing twice.

    Raises:
        Later: the camera gave none, and there is time for another try.
    """
    with runtime.transaction(SYSTEM) as work:
        order = operations.want_still(work, UUID(payload["event_id"]), UUID(payload["camera_id"]))
    if order is None:
        return
    try:
        jpeg = grab_still(order.source, timeout_seconds=order.seconds, limits=operations.limits_of(runtime.settings))
    except CameraFailed as failed:
        with runtime.transaction(SYSTEM) as work:
            again = operations.miss_still(work, order, failed.fault)
        if again:
            raise Later(operations.RETRY_SECONDS) from None
        return
    taken_at = runtime.clock.now()
    with runtime.transaction(SYSTEM) as work:
        operations.keep_still(work, order, jpeg, taken_at)
