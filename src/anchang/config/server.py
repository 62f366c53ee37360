"""The web server: granian with the RSGI application; also `python -m anchang.config.server --port N`."""

import argparse
import gc
import os
import signal
from typing import Any

from anchang.config.processes import die_with_parent

SHUTDOWN_SECONDS = 3


def load_application(*_: Any) -> Any:
    """In a worker process: the application. The worker ends when granian's main process does."""
    die_with_parent(signal.SIGKILL)
    from anchang.config.rsgi import application

    gc.freeze()  # what is loaded now is never garbage, so it needs no looking through
    gc.set_threshold(5000, 20, 20)
    return application


def web_processes() -> int:
    """ANCHANG_WEB_PROCESSES; else one per core, two at most: each takes memory and connections."""
    return int(os.environ.get("ANCHANG_WEB_PROCESSES") or min(2, os.cpu_count() or 1))


def serve(host: str, port: int, processes: int) -> None:
    """Serve until SIGTERM or SIGINT; then finish what is running, at most SHUTDOWN_SECONDS."""
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    Server(
        "anchang.config.rsgi:application",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=processes,
        websockets=False,
        log_level=LogLevels.warning,
        log_access=False,
        backlog=1024,
        workers_kill_timeout=SHUTDOWN_SECONDS,
        respawn_failed_workers=True,
    ).serve(target_loader=load_application, wrap_loader=False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="anchang.config.server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args()
    serve(options.host, options.port, options.processes)


if __name__ == "__main__":
    main()
