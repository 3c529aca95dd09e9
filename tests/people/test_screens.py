"""What open screens are remembered to have shown, and for how long."""

from datetime import timedelta
from uuid import uuid4

from tests.conftest import MONDAY
from visitor.core.classes import DataClass
from visitor.core.permissions import Purpose
from visitor.people.screens import PERIOD, Screen, Screens

SCREEN: Screen = (uuid4(), DataClass.CONTACT, Purpose.RECEPTION)
MOMENT = timedelta(microseconds=1)


def test_only_those_that_were_asked_for_and_recorded_within_a_period_count() -> None:
    ada, grace, alan = uuid4(), uuid4(), uuid4()
    memory = Screens()
    memory.record(SCREEN, [ada, grace], MONDAY)

    assert memory.recorded(SCREEN, [ada, alan], MONDAY + PERIOD - MOMENT) == {ada}
    assert memory.recorded(SCREEN, [ada, alan], MONDAY + PERIOD) == frozenset()
    assert memory.recorded((None, *SCREEN[1:]), [ada], MONDAY) == frozenset()


def test_names_are_forgotten_whether_or_not_the_screen_refreshes_itself() -> None:
    memory = Screens()
    for quarter in range(10):
        memory.record(SCREEN, [uuid4() for _ in range(50)], MONDAY + quarter * PERIOD)

    [known] = memory._recorded.values()
    assert len(known) == 50
