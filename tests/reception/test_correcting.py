"""Correcting who somebody is."""

import pytest

from tests.reception import arrivals
from tests.reception.test_passes import remembered, sign_in
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Work
from visitor.people import queries as people
from visitor.people.records import Contact
from visitor.reception import operations as reception
from visitor.reception.correcting import CorrectionForm, correct_contact
from visitor.reception.forms import SignedIn


def correct(work: Work, signed_in: SignedIn, **values: str) -> None:
    correct_contact(work, signed_in.visit_id, CorrectionForm(**values), Permission.REQUEST_ANSWER)


def next_visit(work: Work, here: arrivals.Place, signed_in: SignedIn, code: str) -> SignedIn:
    reception.sign_out_visit(work, signed_in.visit_id)
    return sign_in(work, here, code)


def contact_of(work: Work, signed_in: SignedIn) -> Contact:
    return people.contacts(work, [signed_in.visit_id], Purpose.SUBJECT_REQUEST)[signed_in.visit_id]


def test_what_was_corrected_is_right_at_the_next_visit_of_somebody_who_is_remembered(work: Work) -> None:
    here = arrivals.place(work)
    _person_id, code = remembered(work, here)
    first = sign_in(work, here, code)

    correct(work, first, name="Siobhan Brien", company="Brackwater", email="shiv@brackwater.example")

    assert contact_of(work, next_visit(work, here, first, code)) == contact_of(work, first)
    assert contact_of(work, first).name == "Siobhan Brien"


@pytest.mark.parametrize(
    ("email", "remembered_at"),
    [("brien@brackwater.example", "brien@brackwater.example"), ("", "shiv@brackwater.example")],
)
def test_the_address_of_a_personal_code_is_corrected_and_never_taken_away(
    work: Work, email: str, remembered_at: str
) -> None:
    here = arrivals.place(work)
    _person_id, code = remembered(work, here)

    first = sign_in(work, here, code)

    correct(work, first, name="Siobhan Brien", email=email)

    assert contact_of(work, next_visit(work, here, first, code)).email == remembered_at


def test_another_address_that_was_given_for_one_visit_is_corrected_there_alone(work: Work) -> None:
    here = arrivals.place(work)
    _person_id, code = remembered(work, here)
    first = sign_in(work, here, code)
    correct(work, first, name="Siobhan Brien")

    correct(work, first, name="Siobhan Brien", email="office@brackwater.example")

    assert contact_of(work, next_visit(work, here, first, code)).email == "shiv@brackwater.example"
