"""The application for another WSGI server: `visitor.wsgi:application()`, with VISITOR_CONFIG naming the settings.

On SQLite use `visitor serve` instead: it keeps to one process and has the worker inside.
"""

from flask import Flask

from visitor.app.factory import create_app
from visitor.app.runtime import open_runtime
from visitor.core.errors import SetupFault
from visitor.core.logs import start_logs
from visitor.core.settings import load_settings, settings_path


def application() -> Flask:
    """Return the application.

    Raises:
        SetupFault: the installation is not right, or its database allows one process only.
    """
    settings = load_settings(settings_path(None))
    start_logs(settings.logs)
    runtime = open_runtime(settings)
    if runtime.embedded:
        runtime.close()
        raise SetupFault("On SQLite the server must be the only process: run `visitor serve`.")
    return create_app(runtime)
