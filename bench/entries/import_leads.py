"""A CSV of 100,000 leads through every check and the search for duplicates."""

from __future__ import annotations

import csv
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from anchang.crm.models import Lead
from anchang.platform.importing.jobs import import_file
from bench import office
from bench.figures import Figure, figure

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
HEADER = ["线索ID", "线索创建时间", "姓名", "手机号", "广告计划名称", "城市", "意向户型", "预算", "备注"]
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀兰霞平刚桂英华文辉鑫宇浩然子轩梓涵"


def measure() -> Iterator[Figure]:
    project = office.make_project()
    team = office.make_team(project)
    for i in range(20):
        office.make_person(f"consultant{i}", "consultant", project, team)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.csv"
        write(path)
        begun, cpu = time.perf_counter(), time.process_time()
        report = import_file("leads", path, "YQ")
        took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    taken = report["created"] + report["updated"] + report["unchanged"]
    if taken + len({r["row"] for r in report["refused"]}) != ROWS:
        raise RuntimeError({k: v for k, v in report.items() if k != "refused"})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bar = ">= 5,000 rows/s, >= 0.025 x COPY"
    yield figure("import_leads", ROWS / took, "rows/s", _copy(), "COPY of the leads", bar)
    yield figure("import_leads.python", cpu / ROWS * 1e6, "µs of Python per row")
    yield figure("import_leads.memory", peak, "MB", None, "", "<= 500 MB")


def write(path: Path) -> None:
    """One row in fifty repeats an earlier phone, one in two hundred has a phone that is none."""
    pick = random.Random(1)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for n in range(ROWS):
            phone = f"13{(n if n % 50 else n // 2) * 7 % 10**9:09d}" if n % 200 != 7 else "12345"
            name = pick.choice(SURNAMES) + "".join(pick.choice(GIVEN) for _ in range(pick.choice((1, 2, 2))))
            rows.writerow([
                f"7{n:016d}", f"2026-{1 + n % 10:02d}-{1 + n % 28:02d} {n % 24:02d}:{n % 60:02d}:00", name, phone,
                f"抖音-{1 + n % 9}号计划", "杭州", f"{90 + n % 5 * 10}平左右",
                f"{150 + n % 10 * 10}-{250 + n % 10 * 10}万",
                "想看样板间" if n % 3 else "",
            ])  # fmt: skip


def _copy() -> float:
    """Rows per second of COPY: the leads that were made, as the owner, into a table like theirs with nothing on it."""
    names = ", ".join(f.column for f in Lead._meta.concrete_fields if not f.generated)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY crm_lead ({names}) TO STDOUT") as out:
            blocks = [bytes(block) for block in out]
        cursor.execute("CREATE TABLE bench_leads (LIKE crm_lead)")
        begun = time.perf_counter()
        with cursor.copy(f"COPY bench_leads ({names}) FROM STDIN") as copy:
            for block in blocks:
                copy.write(block)
        took = time.perf_counter() - begun
        count = cursor.rowcount
        cursor.execute("DROP TABLE bench_leads")
    return count / took
