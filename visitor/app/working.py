"""The worker: threads that do jobs and periodic work until they are told to stop."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from visitor.app import memory
from visitor.app.moved import refuse_moved
from visitor.app.runtime import open_runtime
from visitor.app.tasks import all_tasks
from visitor.core import leases
from visitor.core.actors import SYSTEM
from visitor.core.errors import SetupFault
from visitor.core.jobs import LEASE, Tasks, run_one, run_periodic
from visitor.core.logs import as_json, start_logs
from visitor.core.settings import load_settings
from visitor.core.work import Runtime

JOB_THREADS: Final = 3
"""A printer that hangs must not keep stills and mails waiting."""
IDLE_SECONDS: Final = 0.3
FAULT_SECONDS: Final = 5.0
QUICK: Final = timedelta(seconds=5)
"""Periodic work at least this frequent has a thread of its own: a long purge must not delay the ledger."""
BEAT_EVERY_SECONDS: Final = 20.0
HEARTBEAT: Final = "worker"
"""Lease that any living worker keeps fresh."""
ALIVE_FOR: Final = timedelta(seconds=60)

log = structlog.get_logger()


class Worker:
    """Runs the tasks of one process in threads."""

    def __init__(
        self, runtime: Runtime, tasks: Tasks, *, job_threads: int = JOB_THREADS, job_lease: timedelta = LEASE
    ) -> None:
        self._runtime = runtime
        self._tasks = tasks
        self._job_lease = job_lease
        self._owner = f"{socket.gethostname()}/{os.getpid()}"
        self._stop = threading.Event()
        self._threads = [
            self._thread(f"jobs-{number}", self._job(f"{self._owner}/{number}"), IDLE_SECONDS)
            for number in range(job_threads)
        ]
        for name, part in self._periodic().items():
            self._threads.append(self._thread(name, part, IDLE_SECONDS))
        self._threads.append(self._thread("heartbeat", self._beat, BEAT_EVERY_SECONDS))

    def start(self) -> None:
        """Begin to work; call it once."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 8.0) -> bool:
        """Finish what is being done and end; return False when something was still busy after that time.

        Work that was cut off is not lost: its lease runs out and another worker takes it over.
        """
        self._stop.set()
        for thread in self._threads:
            thread.join(seconds)
        return not any(thread.is_alive() for thread in self._threads)

    def _periodic(self) -> dict[str, Callable[[], bool]]:
        quick, slow = Tasks(), Tasks()
        for periodic in self._tasks.periodic:
            (quick if periodic.every <= QUICK else slow).periodic.append(periodic)
        return {"periodic-quick": self._slots(quick), "periodic-slow": self._slots(slow)}

    def _slots(self, tasks: Tasks) -> Callable[[], bool]:
        def step() -> bool:
            run_periodic(self._runtime, tasks)
            return False

        return step

    def _job(self, owner: str) -> Callable[[], bool]:
        return lambda: run_one(self._runtime, self._tasks, owner, lease=self._job_lease)

    def _beat(self) -> bool:
        with self._runtime.transaction(SYSTEM) as work:
            leases.take(work, HEARTBEAT, self._owner, ALIVE_FOR)
        return False

    def _thread(self, name: str, step: Callable[[], bool], idle_seconds: float) -> threading.Thread:
        # Daemons, so that a hanging device cannot keep the process from ending.
        return threading.Thread(target=self._loop, args=(name, step, idle_seconds), name=f"worker-{name}", daemon=True)

    def _loop(self, name: str, step: Callable[[], bool], idle_seconds: float) -> None:
        while not self._stop.is_set():
            wait = idle_seconds
            try:
                if step():
                    continue
            except Exception as fault:  # noqa: BLE001  one fault must not end the worker; what failed is tried again
                log.warning("worker.fault", part=name, fault=type(fault).__name__)
                wait = FAULT_SECONDS
            self._stop.wait(wait)


def run_worker(config: Path, *, ready: Callable[[], None] = lambda: None) -> bool:
    """Work until SIGTERM or SIGINT; return False when something had to be cut off.

    Raises:
        SetupFault: the installation is not right.
    """
    memory.keep_small()
    settings = load_settings(config)
    start_logs(settings.logs)
    runtime = open_runtime(settings)
    if runtime.embedded:
        runtime.close()
        raise SetupFault("On SQLite the worker runs inside `visitor serve`; there is nothing to start beside it.")
    refuse_moved(runtime.engine)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    worker = Worker(runtime, all_tasks())
    memory.settle()
    worker.start()
    if as_json():
        log.info("worker.ready")
    else:
        ready()
    ended.wait()
    clean = worker.stop()
    runtime.close()
    return clean
