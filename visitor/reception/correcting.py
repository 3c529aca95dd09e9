"""Correcting who a visitor is (GDPR, Article 16)."""

from types import MappingProxyType
from typing import Final
from uuid import UUID

from pydantic import field_validator

from visitor.core.classes import DataClass
from visitor.core.errors import Conflict, Invalid, NotFound
from visitor.core.forms import Form, Line
from visitor.core.i18n import N_
from visitor.core.names import name_fault
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Work
from visitor.people import operations as people
from visitor.people import queries, remembering
from visitor.people.records import Contact
from visitor.reception.forms import EmailLine, NamePart
from visitor.reception.operations import forbidden_numbers
from visitor.sites import queries as sites
from visitor.visits import queries as visits

ERASED = N_("There is nothing left to correct: this visitor's data was erased.")

FIELD_WORDS: Final = MappingProxyType(
    {
        "name_empty": N_("Enter the visitor's name."),
        "name_too_long": N_("A name may have up to 200 characters. Shorten it."),
        "name_no_letter": N_("A name needs at least one letter."),
        "forbidden_number": N_("This looks like an official number that may not be kept here. Take it out."),
    }
)
"""Message keys of a correction in words; whatever else stands there is words already."""


class CorrectionForm(Form):
    """Who the visitor really is. A field that is left empty is kept no longer."""

    name: Line
    preferred_name: NamePart = None
    pronunciation: NamePart = None
    company: NamePart = None
    email: EmailLine = None

    @field_validator("name")
    @classmethod
    def _is_name(cls, value: str) -> str:
        fault = name_fault(value)
        if fault is not None:
            raise ValueError(f"name_{fault}")
        return value


def correct_contact(work: Work, visit_id: UUID, form: CorrectionForm, permission: Permission) -> None:
    """Replace who the visitor is, for the next visit too where that is remembered.

    `permission` is what the page demands at the visit's site.

    Raises:
        NotFound: there is no such visit at the actor's sites.
        Invalid: a field holds a number that may not be kept in this country.
        Conflict: the data is restricted, or was erased.
    """
    visit = visits.visit(work, visit_id)
    work.require(permission, visit.site_id)
    faults = forbidden_numbers(
        {"name": form.name, "company": form.company}, sites.preset_of(sites.site(work, visit.site_id))
    )
    if faults:
        raise Invalid(fields=faults)
    records = [row for row in queries.records_of(work, visit_id) if row.data_class is DataClass.CONTACT]
    if not records:
        raise Conflict(ERASED)
    before = queries.contacts(work, [visit_id], Purpose.SUBJECT_REQUEST).get(visit_id)
    corrected = Contact(**form.model_dump(), phone=before.phone if before else None)
    try:
        people.replace(work, records[-1].id, corrected)
    except NotFound:
        raise Conflict(ERASED) from None
    remembrance = remembering.of_person(work, visit.person_id)
    if remembrance is not None:
        remembering.correct(work, remembrance, before, corrected)
    work.changed_sites.add(visit.site_id)
