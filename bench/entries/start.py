"""`anchang up --demo` for the second time: until a page is answered, and what the whole takes in memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from anchang.config.postgres import free_port
from bench import office
from bench.figures import Figure, figure

FIRST_SECONDS = 600


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="anchang-bench-start-") as folder:
        Path(folder).chmod(0o711)
        begun = time.perf_counter()
        with _up(folder, FIRST_SECONDS):
            first = time.perf_counter() - begun
        begun = time.perf_counter()
        with _up(folder, 60) as process:
            second = time.perf_counter() - begun
            time.sleep(3)
            used = proportional_mb(process.pid)
    yield figure("start", second, "s", first, "the first start, with the demo office", "<= 5 s")
    yield figure("start.memory", used, "MB", None, "", "<= 500 MB (PSS of web, worker, database)")


@contextmanager
def _up(folder: str, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "BENCH_"))}
    environment |= {"ANCHANG_HOME": folder}
    port = free_port()
    words = [sys.executable, "-m", "anchang.config.cli", "up", "--demo", "--port", str(port)]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL)
    try:
        office.wait(f"http://127.0.0.1:{port}/accounts/login/", process, seconds)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def proportional_mb(pid: int) -> float:
    """PSS of a process and all below it: shared pages are counted once."""
    root = psutil.Process(pid)
    total = 0
    for process in [root, *root.children(recursive=True)]:
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024
