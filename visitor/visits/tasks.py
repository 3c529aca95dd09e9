"""What the night does with visits."""

from collections.abc import Mapping
from typing import Any

from visitor.core.actors import SYSTEM
from visitor.core.work import Runtime
from visitor.sites import queries as sites
from visitor.visits import operations


def close_forgotten(runtime: Runtime, _payload: Mapping[str, Any]) -> None:
    """End forgotten visits at every site whose local day is over; runs every few minutes and finds little."""
    with runtime.reading(SYSTEM) as work:
        site_ids = [site.id for site in sites.all_sites(work)]
    with runtime.transaction(SYSTEM) as work:
        operations.drop_old_calls(work)
    for site_id in site_ids:
        closed = 1
        while closed:
            with runtime.transaction(SYSTEM) as work:
                closed = operations.close_forgotten(work, site_id)
