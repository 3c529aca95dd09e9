"""Announcing a group: whole or not at all, and every fault with its line."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from tests import factories
from tests.reception import arrivals
from visitor.core.permissions import Purpose
from visitor.core.work import Work
from visitor.people import queries as people
from visitor.reception import groups
from visitor.reception.groups import BadLines
from visitor.visits.models import Visit


def announce(work: Work, here: arrivals.Place, lines: str, **values: Any) -> int:
    fields = {
        "client_id": str(uuid4()),
        "visit_type_id": str(here.visit_type.id),
        "expected_at": "2026-03-02T14:30",
        "lines": lines,
    } | values
    return groups.announce(work, groups.group_form(fields), here.site)


def names(work: Work) -> set[str]:
    ids = list(work.session.scalars(sa.select(Visit.id)))
    return {contact.name for contact in people.contacts(work, ids, Purpose.RECEPTION).values()}


def test_every_fault_is_named_with_its_line_and_nobody_is_announced(work: Work) -> None:
    here = arrivals.place(work)
    factories.host(work, here.site)
    lines = "Ada Lovelace;ada@engines.example\n;x@y.example\n\nGrace;nobody\nAlan;;;Unknown Host\nMary;;;;;;x\n12345;;"
    with pytest.raises(BadLines) as refused:
        announce(work, here, lines)
    assert [fault.number for fault in refused.value.faults] == [2, 4, 5, 6, 7]
    assert list(work.session.scalars(sa.select(Visit))) == []


@pytest.mark.parametrize("lines", ["", " \n\n ;; ", "Ada\n" * 201, "A" * 50_001])
def test_list_that_is_empty_or_too_long_is_refused_as_a_whole(work: Work, lines: str) -> None:
    with pytest.raises(BadLines) as refused:
        announce(work, arrivals.place(work), lines)
    assert [fault.number for fault in refused.value.faults] == [0]


def test_official_numbers_are_refused_here_too(work: Work) -> None:
    with pytest.raises(BadLines) as refused:
        announce(work, arrivals.place(work), "Ada 111222333")
    assert [fault.number for fault in refused.value.faults] == [1]


@pytest.mark.parametrize(
    "lines",
    [
        "Ada Lovelace;ada@engines.example;Engines;Sanne de Boer;nl\n王小明",
        "Ada Lovelace\tada@engines.example\tEngines\tSANNE DE BOER\r\n王小明\t\t\t\t",
        '"Ada Lovelace",ada@engines.example,"Engines",host@northwind.example\n王小明',
    ],
)
def test_lists_of_every_separator_are_read(work: Work, lines: str) -> None:
    here = arrivals.place(work)
    host = factories.host(work, here.site)

    assert announce(work, here, lines) == 2

    assert names(work) == {"Ada Lovelace", "王小明"}
    assert set(work.session.scalars(sa.select(Visit.host_id))) == {host.id, None}


def test_list_sent_twice_announces_once(work: Work) -> None:
    here = arrivals.place(work)
    client_id = str(uuid4())
    for _ in range(2):
        announce(work, here, "Ada\nGrace", client_id=client_id)
    assert work.session.scalar(sa.select(sa.func.count(Visit.id))) == 2
