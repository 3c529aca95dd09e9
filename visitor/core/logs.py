"""The server's own log: a static event name and ids, never names, tokens or bodies."""

import logging
import sys

import structlog

from visitor.core.settings import LogSettings


def start_logs(settings: LogSettings) -> None:
    """Send structured lines to standard error, as text or JSON; for a process once."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    logging.basicConfig(level=level, stream=sys.stderr, format="%(message)s", force=True)
    for noisy in ("_granian", "granian.access", "alembic", "PIL", "fontTools", "fpdf"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
