"""Places: added by whoever may, numbered as badges can name them, never looser than the country."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from tests import factories
from visitor.core.actors import Actor, ActorKind
from visitor.core.errors import Conflict, Invalid, NotAllowed, NotFound
from visitor.core.forms import parse
from visitor.core.permissions import ROLE_PERMISSIONS, Role
from visitor.core.work import Work
from visitor.sites import operations, queries
from visitor.sites.forms import CameraForm, EntityForm, PointForm, SiteForm, ZoneForm
from visitor.sites.models import PointKind, Site, SiteMode
from visitor.sites.presets import PresetFault


def site_fields(**values: Any) -> dict[str, Any]:
    return {
        "legal_entity_id": str(uuid4()),
        "name": "Havenstad",
        "preset": "NL",
        "time_zone": "Europe/Amsterdam",
        "languages": ["nl", "en"],
    } | values


def staff(role: Role, *sites: Site) -> Actor:
    return Actor(ActorKind.STAFF, uuid4(), at_site={site.id: ROLE_PERMISSIONS[role] for site in sites})


def test_site_gets_the_next_number(work: Work) -> None:
    entity = operations.add_entity(
        work,
        parse(EntityForm, {"name": "N", "country": "NL", "address": "Kade 1", "privacy_contact": "p@n.example"}),
    )
    before = factories.site(work).number
    made = operations.add_site(work, parse(SiteForm, site_fields(legal_entity_id=str(entity.id))))
    assert made.number == before + 1
    assert queries.site_numbered(work, made.number) is made
    assert queries.entity_of(work, made) is entity


def test_list_of_sites_has_every_column_of_each_in_the_order_of_names(work: Work) -> None:
    late, early = factories.site(work, name="Zutphen"), factories.site(work, name="Almelo")
    late.accent = "#1f5fa8"
    late.guidance = {"nl": {"reception": "links", "way": ["trap op"]}}

    found = queries.all_sites(work)

    assert [one.name for one in found if one.id in {late.id, early.id}] == ["Almelo", "Zutphen"]
    for kept in (late, early):
        listed = next(one for one in found if one.id == kept.id)
        names = Site.__mapper__.columns.keys()
        assert {name: getattr(listed, name) for name in names} == {name: getattr(kept, name) for name in names}
        assert queries.preset_of(listed) == queries.preset_of(kept)
        assert queries.territory_of(listed) == queries.preset_of(kept).territory


def test_site_of_nobody_is_refused(work: Work) -> None:
    with pytest.raises(NotFound):
        operations.add_site(work, parse(SiteForm, site_fields()))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"time_zone": "Middle/Earth"}, "time zone"),
        ({"time_zone": "../../etc/passwd"}, "time zone"),
        ({"preset": "XX"}, "no preset"),
        ({"languages": ["nl", "qq"]}, "language is not known"),
        ({"tightened": {"minor_age": 3}}, "stricter"),
        ({"tightened": {"visitor_log_days": 100_000}}, "stricter"),
        ({"tightened": {"colour": "red"}}, "not known"),
    ],
)
def test_site_that_cannot_be_is_refused_in_words(values: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(SiteForm, site_fields(**values))
    (said,) = refused.value.fields.values()
    assert words in said
    assert "\n" not in said


def test_language_is_offered_once(work: Work) -> None:
    assert parse(SiteForm, site_fields(languages=["nl", "en", "nl"])).languages == ("nl", "en")


@pytest.mark.parametrize("number", [0, -1, 65_536, 10**30])
def test_number_that_no_site_can_have_is_not_found(work: Work, number: int) -> None:
    with pytest.raises(NotFound):
        queries.site_numbered(work, number)


def test_site_whose_preset_is_gone_says_so(work: Work) -> None:
    with pytest.raises(PresetFault, match="no country preset 'XX'"):
        queries.preset_of(factories.site(work, preset="XX"))


def test_zone_takes_the_first_free_bit_and_the_thirty_third_is_refused(work: Work) -> None:
    site = factories.site(work)
    factories.zone(work, site, position=1)
    made = [operations.add_zone(work, site.id, ZoneForm(name=f"Zone {number}")) for number in range(31)]
    assert [zone.position for zone in made] == [0, *range(2, 32)]
    with pytest.raises(Conflict):
        operations.add_zone(work, site.id, ZoneForm(name="One too many"))


def test_access_point_is_between_zones_of_its_own_site(work: Work) -> None:
    here, elsewhere = factories.site(work), factories.site(work)
    zone, foreign = factories.zone(work, here), factories.zone(work, elsewhere)
    camera = operations.add_camera(
        work, here.id, parse(CameraForm, {"name": "Door", "kind": "rtsp", "address": "rtsp://10.0.0.5/1"})
    )
    point = PointForm(name="Door", kind=PointKind.ENTRY, to_zone_id=zone.id, camera_ids=(camera.id,))
    made = operations.add_point(work, here.id, point)
    assert queries.cameras_covering(work, [made.id]) == {made.id: [camera]}
    assert queries.access_points(work, here.id) == [made]
    for wrong in (point.model_copy(update={"from_zone_id": foreign.id}),):
        with pytest.raises(NotFound):
            operations.add_point(work, here.id, wrong)
    with pytest.raises(NotFound):
        operations.add_point(work, elsewhere.id, PointForm(name="Door", kind=PointKind.ENTRY, camera_ids=(camera.id,)))


@pytest.mark.parametrize(
    "address", ["rtsp://user:secret@10.0.0.5/1", "file:///etc/passwd", "http://10.0.0.5/a b", "10.0.0.5", ""]
)
def test_address_of_a_camera_holds_no_password_and_is_one(address: str) -> None:
    with pytest.raises(ValidationError):
        CameraForm.model_validate({"name": "Door", "kind": "rtsp", "address": address})


def test_mode_is_set_by_security_alone_and_once(work: Work) -> None:
    here, elsewhere = factories.site(work), factories.site(work)
    work.actor = staff(Role.SECURITY, here)
    operations.set_mode(work, here.id, SiteMode.LOCKDOWN)
    assert (here.mode, here.mode_since_at, work.changed_sites) == (SiteMode.LOCKDOWN, work.now, {here.id})
    work.changed_sites.clear()
    operations.set_mode(work, here.id, SiteMode.LOCKDOWN)
    assert work.changed_sites == set()
    with pytest.raises(NotFound):
        operations.set_mode(work, elsewhere.id, SiteMode.LOCKDOWN)
    work.actor = staff(Role.ADMINISTRATOR, here)
    with pytest.raises(NotAllowed):
        operations.set_mode(work, here.id, SiteMode.NORMAL)


def test_places_are_added_where_one_is_administrator(work: Work) -> None:
    here, elsewhere = factories.site(work), factories.site(work)
    work.actor = staff(Role.ADMINISTRATOR, here)
    operations.add_zone(work, here.id, ZoneForm(name="Lobby"))
    with pytest.raises(NotFound):
        operations.add_zone(work, elsewhere.id, ZoneForm(name="Lobby"))
    work.actor = staff(Role.RECEPTIONIST, here)
    with pytest.raises(NotAllowed):
        operations.add_zone(work, here.id, ZoneForm(name="Lobby"))


@pytest.mark.parametrize("query", [queries.site, queries.zone, queries.access_point, queries.camera])
def test_what_is_not_there_is_not_found(work: Work, query: Callable[[Work, UUID], object]) -> None:
    with pytest.raises(NotFound):
        query(work, UUID(int=1))
