"""Work that an answer does not wait for, so that its time tells nothing of whom it was about."""

from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue
from threading import Lock, Thread

from newsletter.services.error_log import log_error

_MOST_WAITING = 1_000
_ENDS_IN = 10.0

Job = Callable[[], object]


class Later:
    """One job after another, in a thread that the first of them starts. Up to a thousand wait in
    memory: who is told to look into their mailbox while this process is killed asks again."""

    def __init__(self) -> None:
        self._waiting: Queue[Job | None] = Queue(_MOST_WAITING)
        self._lock = Lock()
        self._thread: Thread | None = None

    def __call__(self, job: Job) -> bool:
        """False where too many wait already: it will not be done."""
        try:
            self._waiting.put_nowait(job)
        except Full:
            return False
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="later", daemon=True)
                self._thread.start()
        return True

    def stop(self) -> None:
        """After what waits."""
        if self._thread is None:
            return
        with suppress(Full):
            self._waiting.put(None, timeout=_ENDS_IN)
        self._thread.join(_ENDS_IN)

    def settle(self) -> None:
        """Returns when all that was asked for is done."""
        self._waiting.join()

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            try:
                job()
            except Exception as error:
                log_error(error)
            finally:
                self._waiting.task_done()
        self._waiting.task_done()
