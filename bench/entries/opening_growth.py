"""The rate of attempts with a hundred times the units, and with four openings at once."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from typing import Any

from bench import launches, office
from bench.entries.opening import CONNECTIONS, round_of
from bench.figures import Figure, figure

ROUNDS = 3
#: name -> units of an opening, openings at once
SHAPES = {"few": (30, 1), "many": (3000, 1), "one": (300, 1), "four": (300, 4)}


def measure() -> Iterator[Figure]:
    project = office.make_project()
    ground = launches.make_ground(project, office.make_person("manager", "manager", project).pk)
    seconds = float(os.environ.get("BENCH_SECONDS", "15")) / ROUNDS
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in SHAPES}
    with office.running("anchang.config.server", "--processes", os.environ.get("BENCH_PROCESSES", "1")) as port:
        for n in range(ROUNDS):
            for name, (units, count) in SHAPES.items():
                openings = [launches.make_launch(ground, f"{name}{n}{m}", units) for m in range(count)]
                found[name].append(round_of(port, openings, CONNECTIONS, seconds, sold_out=units < 3000))
    rate = {name: statistics.median(r["rate"] for r in rounds) for name, rounds in found.items()}
    yield figure("opening_growth.units", rate["many"], "attempts/s", rate["few"], "30 units; here 3,000", ">= 0.85")
    yield figure(
        "opening_growth.openings", rate["four"], "attempts/s", rate["one"], "one opening; here four", ">= 0.85"
    )
    worst = max(statistics.median(r["p99_ms"] for r in rounds) for rounds in found.values())
    yield figure("opening_growth.p99", worst, "ms")
