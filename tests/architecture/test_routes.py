"""Every route says what it demands, and the list of routes is under version control."""

import os
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from visitor.core.permissions import Permission
from visitor.core.web import DEMAND

LIST = Path(__file__).parent / "routes.txt"
REWRITE = "VISITOR_TESTS_REWRITE=1 python -m pytest tests/architecture/test_routes.py"


def shown(app: Flask, rule: Rule) -> str:
    methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
    demand = getattr(app.view_functions[rule.endpoint], DEMAND, "no demand")
    return f"{rule.rule}  {methods}  {demand}"


def listed(app: Flask) -> str:
    lines = sorted(shown(app, rule) for rule in app.url_map.iter_rules())
    return "\n".join(lines) + "\n"


def test_every_route_declares_its_demand(app: Flask) -> None:
    missing = [name for name, view in app.view_functions.items() if not hasattr(view, DEMAND)]

    assert missing == []


def test_every_reason_to_be_open_is_a_reason(app: Flask) -> None:
    demands = {getattr(view, DEMAND, None) for view in app.view_functions.values()}
    reasons = [str(demand) for demand in demands if str(demand).startswith("open: ")]

    assert all(len(reason.split()) > 3 for reason in reasons)
    assert all(isinstance(demand, Permission) or demand is None or demand == "signed in" or str(demand) in reasons
               for demand in demands)  # fmt: skip


def test_list_of_routes_is_the_one_under_version_control(app: Flask) -> None:
    if os.environ.get("VISITOR_TESTS_REWRITE"):
        LIST.write_text(listed(app))

    assert listed(app) == LIST.read_text(), f"look at the difference, then run: {REWRITE}"


def test_addresses_of_the_administration_need_its_permissions(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/admin/") and rule.endpoint != "admin":
            demand = getattr(app.view_functions[rule.endpoint], DEMAND)
            assert str(demand).startswith("admin."), rule.rule


def test_nothing_is_changed_by_a_get(app: Flask) -> None:
    both = [rule.rule for rule in app.url_map.iter_rules() if {"GET", "POST"} <= (rule.methods or set())]

    assert both == []
