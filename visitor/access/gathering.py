"""Scans that come at the same time are stored by one commit: see decision 6."""

from visitor.access import facts
from visitor.access.operations import Asked, Outcome, RecordedScan, record_asked, record_scans
from visitor.badges.token import BadgeVerifier
from visitor.core.actors import SYSTEM
from visitor.core.prepared import begin_with_first
from visitor.core.together import Take, Together
from visitor.core.work import Runtime


class Scans(Together[Asked, RecordedScan]):
    """The scans that wait in this process, of all its devices; each is judged by its own device's rights."""

    def __init__(self, runtime: Runtime) -> None:
        def in_group(take: Take[Asked]) -> list[Outcome]:
            with runtime.transaction(SYSTEM) as work:
                begin_with_first(work.session)
                return record_scans(work, take())

        def alone(asked: Asked) -> RecordedScan:
            with runtime.transaction(SYSTEM) as work:
                begin_with_first(work.session)
                return record_asked(work, asked)

        super().__init__(in_group, alone)
        self._verifier = runtime.resources.get(BadgeVerifier)

    def result(self, what: Asked) -> RecordedScan:
        """As ever. The signature is checked before the scan waits, while others are at the database, and is kept."""
        facts.read_credential(self._verifier, what.scan.credential)
        return super().result(what)
