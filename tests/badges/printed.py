"""Bringing badges through printers in tests, and a printer that says what a test wants."""

from collections.abc import Callable

import pytest

from tests import factories
from tests.badges import guests
from visitor.badges import operations, queries, tasks
from visitor.badges.ipp_encoding import decode, encode
from visitor.badges.ipp_values import Attribute, AttributeGroup, Group, Message, Tag, attribute
from visitor.badges.models import Badge, Printer, PrintJob
from visitor.core.actors import SYSTEM
from visitor.core.jobs import Later
from visitor.core.work import Runtime, Work


def waiting(runtime: Runtime, uri: str, **values: object) -> tuple[Badge, PrintJob]:
    """A badge with a photo that waits for the printer at that address."""
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        guests.printer(work, site, uri, **values)
        badge = guests.badge(work, site, photo=True)
        job = operations.queue_print(work, badge.id)
        assert job is not None
    return badge, job


def bring(runtime: Runtime, job: PrintJob, *, turns: int = 40) -> PrintJob:
    """Run the task as the worker would, until it no longer asks for another turn; return the job."""
    for _ in range(turns):
        try:
            tasks.print_badge(runtime, {"print_job_id": str(job.id)})
        except Later:
            continue
        break
    return stored(runtime, job)


def turn(runtime: Runtime, job: PrintJob) -> PrintJob:
    """Run the task once; it must ask for another turn."""
    with pytest.raises(Later):
        tasks.print_badge(runtime, {"print_job_id": str(job.id)})
    return stored(runtime, job)


def stored(runtime: Runtime, job: PrintJob) -> PrintJob:
    with runtime.reading(SYSTEM) as work:
        return work.session.get_one(PrintJob, job.id)


def printer_of(runtime: Runtime, job: PrintJob) -> Printer:
    with runtime.reading(SYSTEM) as work:
        return queries.printer(work, job.printer_id)


def change(runtime: Runtime, act: Callable[[Work], object]) -> None:
    with runtime.transaction(SYSTEM) as work:
        act(work)


class Script:
    """A printer of which a test says what it answers; counts what it is sent."""

    def __init__(self) -> None:
        self.state = 3
        self.reasons: tuple[str, ...] = ("none",)
        self.formats = ("application/pdf",)
        self.job_states: list[int] = [9]
        """Answered in turn; the last one stays."""
        self.status: dict[int, int] = {}
        """IPP status of an operation, where it is not 0."""
        self.names: list[str] = []
        """Of the jobs that were taken, whose number is their place and one."""
        self.asked: list[int] = []
        self.deaf_to: set[int] = set()
        """Operations that happen but whose answer is lost."""

    def __call__(self, request: bytes) -> tuple[int, bytes]:
        asked = decode(request)
        self.asked.append(asked.code)
        status = self.status.get(asked.code, 0)
        groups = () if status else tuple(self._groups(asked))
        if asked.code in self.deaf_to:
            return 500, b""
        return 200, encode(Message(status, asked.request_id, groups))

    def _groups(self, asked: Message) -> list[AttributeGroup]:
        if asked.code == 0x0002:
            self.names.extend(str(item.first) for item in asked.attributes(Group.OPERATION) if item.name == "job-name")
            return [AttributeGroup(Group.JOB, (attribute("job-id", Tag.INTEGER, len(self.names)),))]
        if asked.code == 0x0008:
            self.job_states = [7]
        if asked.code == 0x0009:
            state = self.job_states.pop(0) if len(self.job_states) > 1 else self.job_states[0]
            return [AttributeGroup(Group.JOB, (attribute("job-state", Tag.ENUM, state),))]
        if asked.code == 0x000A:
            which = [item.first for item in asked.attributes(Group.OPERATION) if item.name == "which-jobs"]
            return self._jobs() if which == ["completed"] else []
        if asked.code == 0x000B:
            return [AttributeGroup(Group.PRINTER, self._about())]
        return []

    def _jobs(self) -> list[AttributeGroup]:
        return [
            AttributeGroup(
                Group.JOB,
                (attribute("job-id", Tag.INTEGER, place), attribute("job-name", Tag.NAME, name)),
            )
            for place, name in enumerate(self.names, 1)
        ]

    def _about(self) -> tuple[Attribute, ...]:
        return (
            attribute("printer-state", Tag.ENUM, self.state),
            attribute("printer-state-reasons", Tag.KEYWORD, *self.reasons),
            attribute("document-format-supported", Tag.MIME_TYPE, *self.formats),
            attribute("media-supported", Tag.KEYWORD, "om_label_62x100mm"),
        )
