"""Launch day: 256 buyers tap for 300 units over HTTP; everything that decides an attempt is inside."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from typing import Any

from bench import filling, launches, office
from bench.figures import Figure, figure
from bench.launches import Launch

UNITS, CONNECTIONS, ROUNDS = 300, 256, 3


def measure() -> Iterator[Figure]:
    project = office.make_project()
    ground = launches.make_ground(project, office.make_person("manager", "manager", project).pk)
    openings = [launches.make_launch(ground, f"R{n}", UNITS) for n in range(ROUNDS)]
    seconds = float(os.environ.get("BENCH_SECONDS", "15")) / ROUNDS
    found: list[dict[str, Any]] = []
    four: list[float] = []
    one: list[float] = []
    processes = os.environ.get("BENCH_PROCESSES", "1")
    with office.running("anchang.config.server", "--processes", processes) as port:
        # By turns: what else happens on the machine meanwhile meets all.
        for opening in openings:
            found.append(round_of(port, [opening], CONNECTIONS, seconds))
            four.append(launches.pgbench(launches.FOUR, seconds))
            one.append(launches.pgbench(launches.ONE, seconds))
    rate = statistics.median(r["rate"] for r in found)
    yield figure("opening", rate, "attempts/s", statistics.median(four), "pgbench, a transaction per attempt", ">= 1.8")
    yield figure("opening.one_statement", rate, "attempts/s", statistics.median(one), "pgbench, in one statement")
    yield figure("opening.p99", statistics.median(r["p99_ms"] for r in found), "ms", None, "", "<= 50 ms")
    yield figure("opening.worst", max(r["worst_ms"] for r in found), "ms")
    for part in ("web", "database"):
        yield figure(f"opening.cpu_{part}", statistics.median(r[part] for r in found), "µs per attempt")
    won, logged = (sum(r["on_record"][name] for r in found) for name in ("won", "attempts"))
    yield figure("opening.winners", won, "units", float(UNITS * ROUNDS), "units", "= units")
    answered = sum(r["attempts"] for r in found)
    yield figure("opening.logged", logged, "entries of the log", float(answered), "answers", "every answer logged")


def round_of(
    port: int, openings: list[Launch], connections: int, seconds: float, *, sold_out: bool = True
) -> dict[str, Any]:
    """A rehearsal, as before every launch, then the real thing, measured from its first tap and checked."""
    filling.settle()  # a launch's data have been there for days
    for opening in openings:
        opening.do("start_rehearsal")
    launches.tap(port, openings, connections, 1.0)
    for opening in openings:
        opening.do("end_rehearsal")
        opening.do("open_opening")
    found = launches.tap(port, openings, connections, seconds)
    return found | {"on_record": launches.check(openings, found, connections, sold_out=sold_out)}
