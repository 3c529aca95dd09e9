"""How PostgreSQL finds what a scan needs: by keys, however long the log is."""

import pytest

from visitor.access import statements
from visitor.core.work import Work

pytestmark = pytest.mark.postgres_only


def test_every_table_that_grows_is_read_by_its_whole_key(work: Work) -> None:
    connection = work.session.connection()
    wait, reading = statements._group_read(connection.dialect)
    wait.run(connection, {"turns": "[]"})

    plan = connection.exec_driver_sql("EXPLAIN " + reading.text.replace("$1", "'[]'")).scalars().all()

    conditions = {line.strip() for line in plan if "Index Cond" in line}
    assert {
        "Index Cond: (id = asked.badge_id)",
        "Index Cond: ((badge_id = asked.badge_id) AND (copy = asked.next_copy))",
        "Index Cond: (id = badge.visit_id)",
        "Index Cond: (visit_id = visit.id)",
        "Index Cond: ((access_point_id = asked.point_id) AND (scan_id = asked.scan_id))",
    } <= conditions, "\n".join(plan)
