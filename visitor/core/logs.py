"""The server's own log: a static event name and ids, never names, tokens or bodies."""

import logging
import sys
from typing import Final

import structlog

from visitor.core.settings import LogSettings

_FIELDS: Final[tuple[structlog.typing.Processor, ...]] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def start_logs(settings: LogSettings) -> None:
    """Send lines to standard error, as text or JSON, also what libraries and Python have to say; for a process once."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    ending = (structlog.processors.format_exc_info, renderer)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_FIELDS, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for noisy in ("_granian", "granian.access", "alembic", "PIL", "fontTools"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[*_FIELDS, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def as_json() -> bool:
    """Tell whether this process's log is JSON, so that nothing else may stand between its lines."""
    return isinstance(structlog.get_config()["processors"][-1], structlog.processors.JSONRenderer)


def refuse(sentence: str) -> None:
    """Say on standard error why a command ends: a line of the log where programs read it, else the sentence alone."""
    if as_json() and not sys.stderr.isatty():
        structlog.get_logger().error("refused", reason=sentence)
    else:
        sys.stderr.write(f"{sentence}\n")


def within(**ids: str) -> None:
    """Put ids on every line that this thread writes from now on, in the place of those before."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**ids)
