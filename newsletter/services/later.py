"""Work that an answer does not wait for, so that its time tells nothing of whom it was about."""

from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue
from threading import Lock, Thread

from newsletter.services.error_log import log_error

_MOST_WAITING = 1_000

Job = Callable[[], object]


class Later:
    """One job after another, in a thread that the first of them starts. What is too much, or waits
    while this process ends, is not done: who was told to look into their mailbox asks again."""

    def __init__(self) -> None:
        self._waiting: Queue[Job] = Queue(_MOST_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def __call__(self, job: Job) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="later", daemon=True)
                self._thread.start()
        with suppress(Full):
            self._waiting.put_nowait(job)

    def _work(self) -> None:
        while True:
            job = self._waiting.get()
            try:
                job()
            except Exception as error:
                log_error(error)
