"""Issuing, copying, withdrawing and ending badges, and what readers and desks then find."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from tests import factories
from tests.badges import guests
from visitor.badges import operations, queries
from visitor.badges.faults import SENTENCES, JobFault, sentence
from visitor.badges.forms import PrinterForm
from visitor.badges.ipp_faults import PrinterFault
from visitor.badges.models import Badge, BadgeCopy, BadgeSize, PrintJob, PrintState
from visitor.badges.status import read_status_list
from visitor.badges.token import BadgeFlags, BadgeKind, BadgeSigner, BadgeVerifier, TokenFault, encode
from visitor.core.actors import SYSTEM, Actor, ActorKind
from visitor.core.errors import Conflict, Invalid, NotAllowed, NotFound
from visitor.core.ids import CODE_ALPHABET
from visitor.core.models import Job
from visitor.core.permissions import ROLE_PERMISSIONS, Role
from visitor.core.work import Runtime, Work
from visitor.ledger.entries import Log
from visitor.ledger.models import LedgerEntry

KIOSK = Actor(ActorKind.KIOSK, uuid4())


def staff(role: Role, site_id: UUID) -> Actor:
    return Actor(ActorKind.STAFF, uuid4(), at_site={site_id: ROLE_PERMISSIONS[role]})


def acting(work: Work, actor: Actor) -> Work:
    return replace(work, actor=actor)


def revoked(work: Work, badge: Badge) -> list[int]:
    verifier = work.resource(BadgeVerifier)
    listed = read_status_list(queries.status_list(work, badge.site_id), verifier)
    return [place for place in range(listed.size) if listed.is_revoked(place)]


def audited(work: Work, action: bytes) -> int:
    entries = work.session.scalars(sa.select(LedgerEntry.body).where(LedgerEntry.log == Log.AUDIT))
    return sum(action in body for body in entries)


ACTS: dict[str, Callable[[Work, int], object]] = {
    "copy": lambda work, badge_id: operations.make_copy(work, badge_id, "lost"),
    "revoke": lambda work, badge_id: operations.revoke(work, badge_id, "lost"),
    "print": operations.queue_print,
}


@pytest.mark.parametrize("act", ACTS)
def test_staff_of_another_site_find_no_badge(work: Work, act: str) -> None:
    badge = guests.badge(work)
    stranger = acting(work, staff(Role.RECEPTIONIST, uuid4()))
    with pytest.raises(NotFound):
        ACTS[act](stranger, badge.id)


@pytest.mark.parametrize("act", ACTS)
def test_roles_without_the_permission_are_refused_at_their_own_site(work: Work, act: str) -> None:
    badge = guests.badge(work)
    with pytest.raises(NotAllowed):
        ACTS[act](acting(work, staff(Role.ADMINISTRATOR, badge.site_id)), badge.id)


def test_security_revokes_and_does_not_print(work: Work) -> None:
    badge = guests.badge(work)
    guard = acting(work, staff(Role.SECURITY, badge.site_id))
    with pytest.raises(NotAllowed):
        operations.make_copy(guard, badge.id, "lost")
    assert operations.revoke(guard, badge.id, "stolen").revoked_reason == "stolen"


def test_an_administrator_does_not_issue_badges(work: Work) -> None:
    visit = guests.guest(work, factories.site(work))
    with pytest.raises(NotAllowed):
        operations.issue(acting(work, staff(Role.ADMINISTRATOR, visit.site_id)), guests.order(work, visit))


@pytest.mark.parametrize("act", ["copy", "revoke"])
@pytest.mark.parametrize("reason", ["first", "because", ""])
def test_a_reason_that_is_not_in_the_list_is_refused(work: Work, act: str, reason: str) -> None:
    badge = guests.badge(work)
    change = operations.make_copy if act == "copy" else operations.revoke
    with pytest.raises(Invalid):
        change(work, badge.id, reason)
    assert (badge.copy, badge.revoked_at) == (1, None)


def test_a_revoked_badge_is_neither_copied_nor_printed(work: Work) -> None:
    badge = guests.badge(work)
    operations.revoke(work, badge.id, "lost")
    with pytest.raises(Conflict):
        operations.make_copy(work, badge.id, "lost")
    with pytest.raises(Conflict):
        operations.queue_print(work, badge.id)


def test_an_expired_badge_gets_no_copy(work: Work) -> None:
    badge = guests.badge(work, not_before_at=work.now - timedelta(hours=9), expires_at=work.now)
    with pytest.raises(Conflict):
        operations.make_copy(work, badge.id, "lost")


def test_there_is_no_copy_256(work: Work) -> None:
    badge = guests.badge(work)
    badge.copy = 255
    with pytest.raises(Conflict):
        operations.make_copy(work, badge.id, "lost")


@pytest.mark.parametrize("positions", [(32,), (-1,)])
def test_a_zone_that_no_token_can_name_is_refused(work: Work, positions: tuple[int, ...]) -> None:
    visit = guests.guest(work, factories.site(work))
    with pytest.raises(ValueError, match="zones 0 to 31"):
        operations.issue(work, guests.order(work, visit, zone_positions=positions))


def test_a_kiosk_issues_and_prints_without_a_permission_of_staff(work: Work) -> None:
    site = factories.site(work)
    visit = guests.guest(work, site)
    kiosk = acting(work, KIOSK)
    badge = operations.issue(kiosk, guests.order(work, visit, zone_positions=(0, 3, 3)))
    assert badge.zones == 0b1001
    assert len(badge.number) == 6
    assert set(badge.number) <= set(CODE_ALPHABET)
    assert operations.queue_print(kiosk, badge.id) is None  # the site has no printer
    assert audited(work, b"badge.issue") == 1


def test_the_token_says_what_the_row_says_and_is_the_same_each_time(work: Work) -> None:
    badge = guests.badge(work, zone_positions=(1,), flags=BadgeFlags.ESCORT)
    text = queries.token(work, badge)
    assert queries.token(work, badge) == text
    claims = work.resource(BadgeVerifier).verify(text)
    assert (claims.kind, claims.badge, claims.copy) == (BadgeKind.VISIT, badge.id, 1)
    assert (claims.zones, claims.flags, claims.status_index) == (2, BadgeFlags.ESCORT, badge.status_index)
    assert claims.expires_at == badge.expires_at
    assert queries.by_token(work, text.lower()) is badge


def test_a_text_that_we_did_not_sign_finds_no_badge(work: Work) -> None:
    badge = guests.badge(work)
    text = queries.token(work, badge)
    claims = work.resource(BadgeVerifier).verify(text)
    forged = encode(claims, BadgeSigner(claims.key_id, Ed25519PrivateKey.generate()))
    assert queries.by_token(work, forged) is None
    assert queries.scanned(work, forged).fault is TokenFault.BAD_SIGNATURE
    assert queries.by_token(work, "https://example.org") is None
    assert queries.by_token(work, text[:-1]) is None


@pytest.mark.parametrize("badge_id", [0, 2**63, 2**64 - 1])
def test_a_signed_token_of_a_badge_that_does_not_exist_finds_none(work: Work, badge_id: int) -> None:
    badge = guests.badge(work)
    signer = work.resource(BadgeSigner)
    claims = work.resource(BadgeVerifier).verify(queries.token(work, badge))
    found = queries.scanned(work, encode(replace(claims, badge=badge_id), signer))
    assert (found.badge, found.fault) == (None, None)
    assert found.claims is not None


def test_a_test_badge_is_nobodys_even_with_a_real_number(work: Work) -> None:
    badge = guests.badge(work)
    claims = work.resource(BadgeVerifier).verify(queries.token(work, badge))
    text = encode(replace(claims, kind=BadgeKind.TEST), work.resource(BadgeSigner))
    assert queries.by_token(work, text) is None


def test_a_badge_is_found_by_its_number_however_it_is_typed_at_its_site_only(work: Work) -> None:
    badge = guests.badge(work)
    typed = f" {badge.number[:3].lower()}-{badge.number[3:]} "
    assert queries.by_number(work, badge.site_id, typed) is badge
    assert queries.by_number(work, uuid4(), typed) is None
    assert queries.by_number(work, badge.site_id, "") is None


def test_a_copy_kills_the_one_before_also_for_readers_without_a_network(work: Work) -> None:
    badge = guests.badge(work)
    first, place = queries.token(work, badge), badge.status_index
    assert revoked(work, badge) == []

    desk = acting(work, staff(Role.RECEPTIONIST, badge.site_id))
    operations.make_copy(desk, badge.id, "damaged")

    verifier = work.resource(BadgeVerifier)
    old, new = verifier.verify(first), verifier.verify(queries.token(work, badge))
    assert (old.copy, new.copy, badge.copy) == (1, 2, 2)
    assert revoked(work, badge) == [place]
    assert new.status_index != old.status_index
    made = work.session.scalars(sa.select(BadgeCopy).order_by(BadgeCopy.copy).where(BadgeCopy.badge_id == badge.id))
    assert [(copy.copy, copy.reason, copy.made_by) for copy in made] == [
        (1, "first", None),
        (2, "damaged", desk.actor.id),
    ]


def test_a_revoked_badge_stands_in_the_status_list_until_its_token_has_expired(work: Work) -> None:
    badge = guests.badge(work)
    operations.make_copy(work, badge.id, "lost")
    operations.revoke(work, badge.id, "stolen")
    operations.revoke(work, badge.id, "misuse")
    assert badge.revoked_reason == "stolen"
    assert len(revoked(work, badge)) == 2
    assert audited(work, b"badge.revoke") == 1
    later = replace(work, now=badge.expires_at + timedelta(hours=1))
    assert revoked(later, badge) == []


def test_departure_ends_the_badge_and_marks_its_printed_token(work: Work) -> None:
    badge = guests.badge(work)
    left_at = work.now + timedelta(hours=1)
    operations.end(acting(work, KIOSK), badge.visit_id, left_at)
    assert badge.expires_at == left_at
    assert revoked(work, badge) == [badge.status_index]
    operations.end(work, badge.visit_id, left_at + timedelta(hours=1))
    assert badge.expires_at == left_at


def test_a_badge_does_not_end_before_it_began(work: Work) -> None:
    badge = guests.badge(work)
    operations.end(work, badge.visit_id, badge.not_before_at - timedelta(minutes=5))
    assert badge.expires_at == badge.not_before_at
    assert work.resource(BadgeVerifier).verify(queries.token(work, badge)).badge == badge.id


def test_places_and_numbers_that_are_taken_are_drawn_again(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    site = factories.site(work)
    first = guests.badge(work, site)
    chances = iter(first.number + "ABCDEF")
    monkeypatch.setattr(secrets, "choice", lambda _alphabet: next(chances))
    second = guests.badge(work, site)
    assert second.number == "ABCDEF"
    assert second.status_index > first.status_index


def test_a_full_status_list_is_used_anew_from_its_gaps(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    site = factories.site(work)
    badges = [guests.badge(work, site) for _ in range(3)]
    work.session.delete(badges[1])
    work.session.flush()
    work.session.execute(sa.delete(BadgeCopy).where(BadgeCopy.badge_id == badges[1].id))
    monkeypatch.setattr(operations, "LARGEST_LIST", 3)
    assert guests.badge(work, site).status_index == 1
    with pytest.raises(Conflict):
        guests.badge(work, site)


def test_sign_ins_at_the_same_moment_get_numbers_and_places_of_their_own(runtime: Runtime) -> None:
    with runtime.transaction(SYSTEM) as work:
        site = factories.site(work)
        visits = [guests.guest(work, site) for _ in range(8)]

    def issue(place: int) -> tuple[str, int]:
        with runtime.transaction(SYSTEM) as work:
            badge = operations.issue(work, guests.order(work, visits[place]))
            return badge.number, badge.status_index

    with ThreadPoolExecutor(4) as pool:
        issued = list(pool.map(issue, range(8)))
    assert len({number for number, _ in issued}) == len({place for _, place in issued}) == 8


def test_the_newest_badge_of_each_visit_is_found(work: Work) -> None:
    site = factories.site(work)
    first, other = guests.badge(work, site), guests.badge(work, site)
    visit_id = first.visit_id
    second = operations.issue(
        replace(work, now=work.now + timedelta(minutes=1)),
        replace(guests.order(work, guests.guest(work, site)), visit_id=visit_id),
    )
    assert queries.of_visit(work, visit_id) is second
    assert queries.of_visits(work, [visit_id, other.visit_id]) == {visit_id: second, other.visit_id: other}
    assert queries.of_visit(work, uuid4()) is None


def test_a_badge_that_waits_for_a_printer_is_queued_once(work: Work) -> None:
    site = factories.site(work)
    printer = guests.printer(work, site)
    badge = guests.badge(work, site)
    job = operations.queue_print(work, badge.id)
    assert job is not None
    assert operations.queue_print(work, badge.id) is job
    assert (job.printer_id, job.copy, job.state) == (printer.id, 1, PrintState.QUEUED)
    tasks = work.session.scalars(sa.select(Job).where(Job.name == operations.PRINT_JOB)).all()
    assert [task.payload for task in tasks] == [{"print_job_id": str(job.id)}]
    assert queries.print_states(work, [badge.id]) == {badge.id: job}


def test_a_printed_copy_is_not_printed_again_but_copied(work: Work) -> None:
    site = factories.site(work)
    guests.printer(work, site)
    badge = guests.badge(work, site)
    first = operations.queue_print(work, badge.id)
    assert first is not None
    first.state = PrintState.PRINTED
    work.session.flush()
    with pytest.raises(Conflict):
        operations.queue_print(work, badge.id)
    operations.make_copy(work, badge.id, "lost")
    second = operations.queue_print(work, badge.id)
    assert second is not None
    assert second.copy == 2


@pytest.mark.parametrize("change", ["copy", "revoke", "end"])
def test_what_waits_is_superseded_when_the_badge_changes(work: Work, change: str) -> None:
    site = factories.site(work)
    guests.printer(work, site)
    badge = guests.badge(work, site)
    job = operations.queue_print(work, badge.id)
    assert job is not None
    if change == "copy":
        operations.make_copy(work, badge.id, "jam")
    elif change == "revoke":
        operations.revoke(work, badge.id, "mistake")
    else:
        operations.end(work, badge.visit_id, work.now)
    work.session.refresh(job)
    assert (job.state, job.fault, job.done_at) == (PrintState.FAILED, JobFault.SUPERSEDED, work.now)


def test_a_sign_in_that_arrives_after_the_visit_is_not_printed(work: Work) -> None:
    site = factories.site(work)
    guests.printer(work, site)
    badge = guests.badge(work, site, not_before_at=work.now - timedelta(hours=9), expires_at=work.now)
    assert operations.queue_print(work, badge.id) is None


def test_the_printer_is_the_chosen_one_else_the_sites_for_that_size(work: Work) -> None:
    site = factories.site(work)
    cards = guests.printer(work, site, size=BadgeSize.CARD)
    labels = guests.printer(work, site)
    other = guests.printer(replace(work, now=work.now + timedelta(days=1)), site)
    foreign = guests.printer(work, factories.site(work))

    def chosen(printer_id: UUID | None, size: BadgeSize = BadgeSize.LABEL) -> UUID:
        job = operations.queue_print(work, guests.badge(work, site, size=size).id, printer_id)
        assert job is not None
        return job.printer_id

    assert chosen(None) == labels.id
    assert chosen(None, BadgeSize.CARD) == cards.id
    assert chosen(other.id) == other.id
    operations.retire_printer(work, other.id)
    assert chosen(other.id) == labels.id
    with pytest.raises(NotFound):
        chosen(foreign.id)


def test_printers_are_the_administrators(work: Work) -> None:
    site = factories.site(work)
    form = PrinterForm(name="Gate", uri="ipp://127.0.0.1/ipp/print")
    with pytest.raises(NotAllowed):
        operations.add_printer(acting(work, staff(Role.RECEPTIONIST, site.id)), site.id, form)
    administrator = acting(work, staff(Role.ADMINISTRATOR, site.id))
    printer = operations.add_printer(administrator, site.id, form)
    assert queries.printers(work, site.id) == [printer]
    badge = guests.badge(work, site)
    job = operations.queue_print(work, badge.id)
    assert job is not None
    operations.retire_printer(administrator, printer.id)
    work.session.refresh(job)
    assert (job.state, job.fault) == (PrintState.FAILED, JobFault.RETIRED)
    assert queries.printers(work, site.id) == []


@pytest.mark.parametrize("uri", ["http://printer/ipp", "ipp://", "ipp://user:word@printer/ipp", "ipp://a b/"])
def test_an_address_that_is_not_ipp_or_holds_a_user_is_no_printers(uri: str) -> None:
    with pytest.raises(ValidationError):
        PrinterForm(name="Gate", uri=uri)


def test_every_fault_is_put_into_words() -> None:
    assert set(SENTENCES) == {*PrinterFault, *JobFault}
    assert sentence("something new") == SENTENCES[PrinterFault.OTHER]


def test_rows_that_wait_are_counted_to_their_site(work: Work) -> None:
    site = factories.site(work)
    guests.printer(work, site)
    work.changed_sites.clear()
    badge = guests.badge(work, site)
    operations.queue_print(work, badge.id)
    assert work.changed_sites == {site.id}
    assert work.session.scalar(sa.select(sa.func.count()).select_from(PrintJob)) == 1
