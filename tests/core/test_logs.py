"""The log: one line for each thing, whoever says it, and each line of a request with its number."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

from visitor.core import logs
from visitor.core.settings import LogSettings

PROGRAM = """
import logging, warnings
import structlog
from visitor.core.logs import start_logs, within
from visitor.core.settings import LogSettings

start_logs(LogSettings(format="{format}"))
within(request_id="4711")
structlog.get_logger().warning("scan.refused", badge="b1")
try:
    raise LookupError("first\\nsecond")
except LookupError:
    logging.getLogger("sqlalchemy.pool").exception("Exception during reset\\nor similar")
warnings.warn("old", DeprecationWarning)
logging.getLogger("PIL").info("not said")
"""


def said(form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", PROGRAM.format(format=form)], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_as_json_every_line_is_one_object_also_what_libraries_and_python_say() -> None:
    lines = [json.loads(line) for line in said("json")]

    assert [line["event"].split("\n")[0] for line in lines[:2]] == ["scan.refused", "Exception during reset"]
    assert len(lines) == 3
    assert "DeprecationWarning: old" in lines[2]["event"]
    assert "LookupError" in lines[1]["exception"]
    assert {line["request_id"] for line in lines} == {"4711"}
    assert all(line["timestamp"].endswith("Z") and line["level"] for line in lines)


def test_as_text_the_same_is_said() -> None:
    text = "\n".join(said("text"))

    assert "scan.refused" in text
    assert "Exception during reset" in text
    assert "request_id" in text


@pytest.fixture
def quiet() -> Iterator[None]:
    """Put the log back as it was; begin without what an earlier request left in this thread."""
    structlog.contextvars.clear_contextvars()
    root = logging.getLogger()
    handlers, level, configuration = list(root.handlers), root.level, structlog.get_config()
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configuration)
    structlog.contextvars.clear_contextvars()


@pytest.mark.usefixtures("quiet")
def test_number_of_a_request_is_on_no_line_of_the_next_one(capfd: pytest.CaptureFixture[str]) -> None:
    logs.start_logs(LogSettings(format="json"))

    def answer() -> None:
        for number in ("1", "2"):
            logs.within(request_id=number)
            structlog.get_logger().warning("request.failed")

    thread = threading.Thread(target=answer)
    thread.start()
    thread.join()
    structlog.get_logger().warning("worker.fault")

    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line.get("request_id") for line in lines] == ["1", "2", None]
