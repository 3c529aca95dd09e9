"""On CI a test that did not run has not passed: a skipped test fails the run.

Loaded by `make test` with `-p tests.strict`; it acts where `CI` or `VISITOR_TESTS_STRICT=1` is set.
"""

import os

import pytest
from _pytest.terminal import TerminalReporter


def strict() -> bool:
    """Tell whether everything must run."""
    return bool(os.environ.get("CI")) or os.environ.get("VISITOR_TESTS_STRICT") == "1"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when a test was skipped; workers leave that to the process that started them."""
    if strict() and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say why the run failed."""
    count = _skipped(terminalreporter.config)
    if strict() and count:
        terminalreporter.write_line(f"{count} skipped: on CI every test must run. See `make needs`.", red=True)


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not isinstance(reporter, TerminalReporter) or hasattr(config, "workerinput"):
        return 0
    return len(reporter.stats.get("skipped", []))
