"""A purge in a process of its own, so that a test can kill it anywhere: settings file, instant, batch size."""

import sys
from datetime import datetime
from pathlib import Path

from visitor.app.runtime import open_runtime
from visitor.core.clock import FixedClock
from visitor.core.settings import load_settings
from visitor.privacy import purge


def main() -> None:
    settings = load_settings(Path(sys.argv[1]))
    small = settings.purge.model_copy(update={"batch_size": int(sys.argv[3])})
    runtime = open_runtime(
        settings.model_copy(update={"purge": small}), clock=FixedClock(datetime.fromisoformat(sys.argv[2]))
    )
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    outcome = purge.run_purge(runtime)
    sys.stdout.write(f"{outcome.refusal or 'done'}\n")
    runtime.close()


if __name__ == "__main__":
    main()
