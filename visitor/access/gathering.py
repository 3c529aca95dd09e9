"""Scans that come at the same time are stored by one commit: see decision 6."""

from visitor.access.operations import Asked, Outcome, RecordedScan, record_asked, record_scans
from visitor.core.actors import SYSTEM
from visitor.core.together import Take, Together
from visitor.core.work import Runtime


class Scans(Together[Asked, RecordedScan]):
    """The scans that wait in this process, of all its devices; each is judged by its own device's rights."""

    def __init__(self, runtime: Runtime) -> None:
        def in_group(take: Take[Asked]) -> list[Outcome]:
            with runtime.transaction(SYSTEM) as work:
                return record_scans(work, take())

        def alone(asked: Asked) -> RecordedScan:
            with runtime.transaction(SYSTEM) as work:
                return record_asked(work, asked)

        super().__init__(in_group, alone)
