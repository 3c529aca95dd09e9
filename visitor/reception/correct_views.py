"""The page on which it is put right who a visitor is; each desk opens it at an address of its own."""

from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from visitor.core import web
from visitor.core.errors import Conflict, Invalid
from visitor.core.forms import parse
from visitor.core.permissions import Permission, Purpose
from visitor.people import queries as people
from visitor.reception.correcting import ERASED, FIELD_WORDS, CorrectionForm, correct_contact
from visitor.sites.views import look_at
from visitor.visits import queries as visits


@dataclass(frozen=True, slots=True)
class CorrectionPage:
    """The page as one desk has it."""

    permission: Permission
    """What the desk demands at the visit's site."""
    purpose: Purpose
    """Why the name is opened there."""
    visits_at: str
    """The address below which the desk has its visits."""
    done: str
    """What is said afterwards; a msgid."""

    def show(self, visit_id: UUID) -> ResponseReturnValue:
        """Show what is kept of who the visitor is, to be changed."""
        with web.transaction() as work:
            look_at(work, visits.visit(work, visit_id).site_id, self.permission)
            contact = people.contacts(work, [visit_id], self.purpose).get(visit_id)
        if contact is None:
            raise Conflict(ERASED)
        return self._page(visit_id, contact.model_dump(exclude_none=True), {}), 200

    def keep(self, visit_id: UUID) -> ResponseReturnValue:
        """Keep what was sent, or show it again with what is wrong."""
        entered = {name: value for name, value in request.form.items() if name != "csrf_token"}
        # Whose visit it is comes first: at another site nobody is told what is wrong with a form.
        with web.reading() as work:
            look_at(work, visits.visit(work, visit_id).site_id, self.permission)
        try:
            form = parse(CorrectionForm, entered)
            with web.transaction() as work:
                correct_contact(work, visit_id, form, self.permission)
        except Invalid as fault:
            return self._page(visit_id, entered, fault.fields), fault.status
        flash(web.text(self.done), "success")
        return redirect(f"{self.visits_at}/{visit_id}")

    def _page(self, visit_id: UUID, values: dict[str, str], faults: dict[str, str]) -> str:
        return render_template(
            "people/correct.html",
            values=values,
            errors={name: web.text(FIELD_WORDS.get(text, text)) for name, text in faults.items()},
            action=f"{self.visits_at}/{visit_id}/correct",
            back=f"{self.visits_at}/{visit_id}",
        )
