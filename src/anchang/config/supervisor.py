"""`anchang up`: database, web and worker as one thing that starts together and stops together."""

import contextlib
import gc
import importlib.util
import multiprocessing
import multiprocessing.connection
import multiprocessing.context
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from typing import Any

from anchang.config import connecting, postgres, server
from anchang.config.processes import die_with_parent

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
STOP_SECONDS = 15.0
READY_SECONDS = 60.0
DEMO_USERS = "admin group director manager finance clerk service consultant1 … consultant8"
DEMO_PASSWORD = "anchang-demo"

# Children made by fork share the pages of what this process has imported: half the memory, and a quicker
# start.
FORK: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


class UpError(Exception):
    """Why nothing was started, for the person at the terminal."""


def up(*, host: str, port: int, demo: bool, with_worker: bool) -> int:
    """Run until told to stop. Returns the exit code: 0 after SIGTERM or Ctrl-C, 1 when a part died."""
    if demo and host not in LOOPBACK:
        raise UpError("The demo office has a known password: it is served on 127.0.0.1 only.")
    if host in LOOPBACK and postgres.free_port(port) != port:
        raise UpError(
            f"Port {port} is in use. Choose another: PORT=8001 make run, or anchang up --port 8001."
        )
    os.environ["ANCHANG_DEMO"] = "1" if demo else ""
    with stop_requests() as stop_pipe:
        try:
            with connecting.database(exclusive=True) as embedded:
                return _run(embedded, stop_pipe, host=host, port=port, with_worker=with_worker)
        except StopRequested:
            return 0


def _run(
    embedded: postgres.EmbeddedServer | None, stop_pipe: int, *, host: str, port: int, with_worker: bool
) -> int:
    import django

    gc.disable()  # nothing of what is loaded now will ever be garbage
    django.setup()
    parts: dict[str, BaseProcess] = {}
    try:
        preparing = start("prepare", prepare)
        # Meanwhile; the children then share it. The application reads the names of the static files while it
        # loads, so that they must be there before.
        gather()
        load_application()
        _first(preparing, stop_pipe)
        gc.freeze()
        gc.enable()
        parts["web"] = start("web", web, host, port)
        if with_worker:
            parts["worker"] = start("worker", worker)
        started = time.monotonic()
        while not answers(port):
            if time.monotonic() - started > READY_SECONDS:
                raise UpError("The web server does not answer.")
            if died := _wait(embedded, parts, stop_pipe, 0.05):
                raise UpError(f"{died} ended while starting.")
        announce(host, port)
        while True:
            if died := _wait(embedded, parts, stop_pipe, 1.0):
                print(f"anchang: {died} ended; stopping the rest.", file=sys.stderr, flush=True)
                return 1
    finally:
        stop(parts)


# -- the parts; each runs in a process of its own


def prepare() -> None:
    from django.conf import settings

    from anchang.config.preparing import prepare_if_changed

    if prepare_if_changed():
        print("anchang: the database is up to date.", flush=True)
    if settings.ANCHANG_DEMO and importlib.util.find_spec("anchang.config.demo"):
        from anchang.config import demo

        demo.load()


def web(host: str, port: int) -> None:
    server.serve(host, port, server.web_processes())


def worker() -> None:
    from anchang.config import jobs

    jobs.main()


def gather() -> None:
    from anchang.config.assets import gather_if_changed

    gather_if_changed()


def load_application() -> None:
    import anchang.config.rsgi  # noqa: F401


def start(name: str, target: Callable[..., None], *arguments: Any) -> BaseProcess:
    process: BaseProcess = FORK.Process(target=_child, args=(target, *arguments), name=f"anchang-{name}")
    process.start()
    return process


def _child(target: Callable[..., None], *arguments: Any) -> None:
    """A session of its own, so that Ctrl-C reaches the supervisor only; the children are stopped in order.

    If the supervisor is killed, the embedded database goes at once: nothing could be finished, so the
    children go too.
    """
    with contextlib.suppress(PermissionError):
        os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    gc.enable()
    die_with_parent(signal.SIGKILL)
    target(*arguments)


# -- waiting and stopping


class StopRequested(Exception):
    """SIGTERM or Ctrl-C."""


@contextlib.contextmanager
def stop_requests() -> Iterator[int]:
    """A pipe that becomes readable at SIGTERM, SIGINT or SIGHUP."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    old_fd = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    old = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        yield reading
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(old_fd)
        os.close(reading)
        os.close(writing)


def _wait(
    embedded: postgres.EmbeddedServer | None, parts: dict[str, BaseProcess], stop_pipe: int, seconds: float
) -> str:
    """Wait a while; the name of a part that ended, or "". Raises StopRequested."""
    sentinels = [process.sentinel for process in parts.values()]
    ready = multiprocessing.connection.wait([stop_pipe, *sentinels], timeout=seconds)
    if stop_pipe in ready:
        raise StopRequested
    for name, process in parts.items():
        if not process.is_alive():
            return name
    if embedded is not None and embedded.process is not None and embedded.process.poll() is not None:
        return "database"
    return ""


def _first(process: BaseProcess, stop_pipe: int) -> None:
    """Wait for a process that has to end well before the rest may start."""
    try:
        while process.is_alive():
            ready = multiprocessing.connection.wait([stop_pipe, process.sentinel], timeout=1.0)
            if stop_pipe in ready:
                raise StopRequested
    finally:
        if process.is_alive():
            process.terminate()
        process.join()
    if process.exitcode != 0:
        raise UpError("The database could not be prepared; see above.")


def stop(parts: dict[str, BaseProcess]) -> None:
    for process in parts.values():
        if process.is_alive():
            process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for name, process in parts.items():
        # granian does not hear SIGTERM in its first second: ask again
        while process.is_alive() and time.monotonic() < deadline:
            process.join(1.0)
            if process.is_alive() and name == "web":
                process.terminate()
        if process.is_alive():
            process.kill()
            process.join()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def announce(host: str, port: int) -> None:
    print(f"\n  案场 Anchang   http://{host}:{port}", flush=True)
    if os.environ.get("ANCHANG_DEMO"):
        print(f"  演示账号 demo users   {DEMO_USERS}\n  密码 password         {DEMO_PASSWORD}", flush=True)
    print("  Ctrl-C 停止 stops\n", flush=True)
