"""A measured figure, as a JSON line and as a row of a table."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """`baseline` is what the same run measured for `against`; `ratio` is value / baseline. `bar`: what is asked."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    against: str = ""
    bar: str = ""

    def line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def figure(
    name: str, value: float, unit: str, baseline: float | None = None, against: str = "", bar: str = ""
) -> Figure:
    ratio = round(value / baseline, 4) if baseline else None
    return Figure(name, round(value, 3), unit, _rounded(baseline), ratio, against, bar)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def table(lines: Iterable[str]) -> str:
    """A Markdown table of JSON lines."""
    rows = ["| figure | value | unit | baseline | ratio | bar |", "| --- | --- | --- | --- | --- | --- |"]
    for line in lines:
        f: dict[str, Any] = json.loads(line)
        base = "" if f["baseline"] is None else f"{f['baseline']:g} ({f['against']})"
        ratio = "" if f["ratio"] is None else f"{f['ratio']:g}"
        rows.append(f"| `{f['name']}` | {f['value']:g} | {f['unit']} | {base} | {ratio} | {f['bar']} |")
    return "\n".join(rows)


def median_ms(work: Callable[[], Any], times: int, warm: int = 3) -> float:
    """Median milliseconds of a call, after some that don't count."""
    for _ in range(warm):
        work()
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spent.append((time.perf_counter() - begun) * 1000)
    return statistics.median(spent)
