"""What is kept in memory of the texts that readers send."""

import gc
import weakref

from visitor.access import facts
from visitor.access.policy import TokenOutcome
from visitor.badges.token import BadgeVerifier
from visitor.core.work import Runtime


class Scanned(str):
    """A text of which can be told whether it is still in memory."""

    __slots__ = ("__weakref__",)


def test_of_a_code_that_is_no_badge_nothing_stays_in_memory(runtime: Runtime) -> None:
    text = Scanned("BEGIN:VCARD\nFN:Quirina Testvrouw\nEND:VCARD")
    kept = weakref.ref(text)

    assert facts.read_credential(runtime.resources.get(BadgeVerifier), text) is TokenOutcome.UNKNOWN

    del text
    gc.collect()
    assert kept() is None, "it may name somebody"
