"""One box for everything: visitors, badges, hosts, sites and pages, each for whoever may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue

from visitor.app.sections import ADMIN_SECTIONS, NAVIGATION, PRIVACY_PAGES
from visitor.badges import queries as badges
from visitor.core import web
from visitor.core.errors import NotFound
from visitor.core.names import search_words
from visitor.core.permissions import Permission, Purpose
from visitor.core.work import Work
from visitor.ledger.operations import audit
from visitor.people import queries as people
from visitor.sites.models import Site
from visitor.sites.views import current_site, sites_for
from visitor.visits import queries as visits

FOUND: Final = 25
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Person:
    """A visit that was found."""

    visit_id: UUID
    name: str
    company: str | None
    state: str
    at_site: str
    badge_number: str | None


@dataclass(frozen=True, slots=True)
class Hit:
    """Something else that was found, and where it is; `place` is a text, not a msgid."""

    label: str
    href: str
    place: str = ""


def install(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule("/search", "search", search)


@web.signed_in
def search() -> ResponseReturnValue:
    """Show what fits the words in the address."""
    text = request.args.get("q", "").strip()[:LONGEST]
    persons: list[Person] = []
    with web.transaction() as work:
        _show_site(work)
        names = {site.id: site.name for site in sites_for(work, Permission.DESK_VIEW)}
        if text and names:
            persons = _persons(work, text, names)
        hosts = _hosts(work, text) if text else []
        places = _sites(work, text) if text else []
    return render_template(
        "app/search.html", q=text, persons=persons, hosts=hosts, places=places, settings=_pages(text) if text else []
    )


def _show_site(work: Work) -> None:
    try:
        current_site(work, Permission.DESK_VIEW)
    except NotFound:
        return


def _persons(work: Work, text: str, sites: dict[UUID, str]) -> list[Person]:
    """Return visits by badge number, then by words; the search is audited, the words are not kept."""
    found = [badge.visit_id for site_id in sites if (badge := badges.by_number(work, site_id, text.upper()))]
    if work.actor.may(Permission.OPEN_CONTACT):
        found += people.search(work, list(sites), text, FOUND)
    lines = visits.lines(work, list(dict.fromkeys(found)))
    lines = {visit_id: lines[visit_id] for visit_id in dict.fromkeys(found) if visit_id in lines}
    audit(work, "desk.search", count=len(lines))
    may_open = bool(lines) and work.actor.may(Permission.OPEN_CONTACT)
    contacts = people.contacts(work, list(lines), Purpose.RECEPTION) if may_open else {}
    numbers = badges.of_visits(work, list(lines))
    return [
        Person(
            visit_id=visit_id,
            name=contacts[visit_id].name if visit_id in contacts else "—",
            company=contacts[visit_id].company if visit_id in contacts else None,
            state=line.visit.state.value,
            at_site=sites.get(line.visit.site_id, ""),
            badge_number=numbers[visit_id].number if visit_id in numbers else None,
        )
        for visit_id, line in lines.items()
        if line.visit.site_id in sites
    ]


def _hosts(work: Work, text: str) -> list[Hit]:
    """Return hosts; the desk is led to their visitors of today, an administrator to the list of hosts."""
    at = {site.id: site for site in sites_for(work, Permission.DESK_ACT)}
    for site in sites_for(work, Permission.ADMIN_SITES):
        at.setdefault(site.id, site)
    return [
        Hit(host.name, _host_href(work, site, host.name), site.name)
        for site in at.values()
        for host in visits.hosts_like(work, site.id, text, limit=5, listed_only=False)
    ][:FOUND]


def _host_href(work: Work, site: Site, name: str) -> str:
    desk = work.actor.may(Permission.DESK_ACT, site.id)
    query = {"site": site.number, "q": name} if desk else {"site": site.number}
    return f"{'/desk/' if desk else '/admin/hosts/'}?{urlencode(query)}"


def _sites(work: Work, text: str) -> list[Hit]:
    found = [
        Hit(site.name, f"/admin/sites/{site.id}", site.address)
        for site in sites_for(work, Permission.ADMIN_SITES)
        if _fits(text, site.name, site.address)
    ]
    known = {hit.label for hit in found}
    return found + [
        Hit(site.name, f"/desk/?site={site.number}", site.address)
        for site in sites_for(work, Permission.DESK_VIEW)
        if _fits(text, site.name, site.address) and site.name not in known
    ]


def _pages(text: str) -> list[Hit]:
    adapter = current_app.url_map.bind("")
    hits = [
        Hit(web.text(page.label), page.path, web.text(page.text) if page.text else "")
        for page in (*NAVIGATION, *PRIVACY_PAGES, *ADMIN_SECTIONS)
        if web.actor().may(page.permission) and adapter.test(page.path, "GET")
    ]
    return [hit for hit in hits if _fits(text, hit.label, hit.place)]


def _fits(text: str, *within: str) -> bool:
    """Each typed word begins a word; case and accents do not matter."""
    wanted: Sequence[str] = search_words(text)
    words = search_words(" ".join(within))
    return bool(wanted) and all(any(word.startswith(one) for word in words) for one in wanted)
