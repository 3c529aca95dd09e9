"""The audit log, page by page."""

from uuid import UUID

import pytest

from visitor.core.actors import Actor, ActorKind
from visitor.core.errors import NotAllowed
from visitor.core.permissions import Permission
from visitor.core.work import Work
from visitor.ledger import operations, queries

HERE, ELSEWHERE, SUBJECT = UUID(int=1), UUID(int=2), UUID(int=3)


def auditor(work: Work, *permissions: Permission) -> Work:
    who = Actor(ActorKind.STAFF, UUID(int=9), at_site={HERE: frozenset(permissions)})
    return Work(work.session, work.now, who, work.runtime)


def test_page_is_refused_without_the_permission(work: Work) -> None:
    with pytest.raises(NotAllowed):
        queries.audit_page(auditor(work, Permission.LEDGER_VERIFY))


def test_check_is_refused_without_the_permission(work: Work) -> None:
    with pytest.raises(NotAllowed):
        queries.verify(auditor(work, Permission.AUDIT_VIEW))


def test_entry_says_who_did_what_to_whom_and_why(work: Work) -> None:
    acting = auditor(work, Permission.AUDIT_VIEW)
    operations.audit(
        acting, "people.open", site_id=HERE, subject_ids=[SUBJECT, HERE], purpose="reception", count=2, detail="photo"
    )
    operations.sequence(work)

    [line] = queries.audit_page(acting).rows

    assert (line.fact.actor_kind, line.fact.actor_id, line.fact.at) == ("staff", UUID(int=9), work.now)
    assert (line.fact.action, line.fact.purpose, line.fact.detail) == ("people.open", "reception", "photo")
    assert (line.fact.subject_ids, line.fact.count, line.site_id) == ((SUBJECT, HERE), 2, HERE)


def test_entries_of_foreign_sites_and_of_none_are_left_out(work: Work) -> None:
    for site_id in (HERE, ELSEWHERE, None):
        operations.audit(work, "test.act", site_id=site_id)
    operations.sequence(work)
    acting = auditor(work, Permission.AUDIT_VIEW)

    assert [line.site_id for line in queries.audit_page(acting).rows] == [HERE]
    assert queries.audit_page(acting, [ELSEWHERE]).rows == []
    assert len(queries.audit_page(work).rows) == 3
    assert [line.site_id for line in queries.audit_page(work, [ELSEWHERE]).rows] == [ELSEWHERE]


def test_pages_follow_each_other_without_overlap_and_newest_first(work: Work) -> None:
    total = 2 * queries.PAGE_ROWS + 7
    for number in range(total):
        operations.audit(work, "test.act", count=number)
        operations.sequence(work)

    counts, cursor = [], None
    for _ in range(3):
        page = queries.audit_page(work, cursor=cursor)
        counts += [line.fact.count for line in page.rows]
        cursor = page.older

    assert counts == list(range(total))[::-1]
    assert cursor is None
