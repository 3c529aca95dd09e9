"""A purge that kills itself at one step of dropping a month: settings file, instant, step."""

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.privacy.months_house import house
from visitor.privacy import erasing, months, purge
from visitor.privacy.journal import Journal


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(step: Callable[..., Any]) -> Callable[..., Any]:
    def stepped(*given: Any, **named: Any) -> object:
        done = step(*given, **named)
        # A line of the journal, too, counts only where it is about a month.
        if not isinstance(given[0], Journal) or any(kind in given[1].rows for kind in months.MONTHS):
            die()
        return done

    return stepped


def die_before_done(done_line: Callable[..., Any]) -> Callable[..., Any]:
    """Die where the batch of a month is committed and its `done` line is not written."""

    def stepped(batch: erasing.Batch, at: datetime) -> object:
        if batch.erased[0].kind in months.MONTHS:
            die()
        return done_line(batch, at)

    return stepped


STEPS: dict[str, Callable[[], None]] = {
    "looked": lambda: setattr(months, "look_alone", after(months.look_alone)),
    "said": lambda: setattr(months, "say_erased", after(months.say_erased)),
    "journaled": lambda: setattr(Journal, "append", after(Journal.append)),
    "dropped": lambda: setattr(months, "drop", after(months.drop)),
    "committed": lambda: setattr(erasing, "done_line", die_before_done(erasing.done_line)),
    "swept": lambda: setattr(months, "sweep", after(months.sweep)),
}


def main() -> None:
    STEPS[sys.argv[3]]()
    with house(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])) as runtime:
        purge.run_purge(runtime)


if __name__ == "__main__":
    main()
