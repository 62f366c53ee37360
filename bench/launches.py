"""Openings with units and buyers, ready to be opened; what an opening left, checked."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from anchang.deals.models import LaunchScheme
from anchang.inventory.models import Building, Licence, PriceList, Unit
from anchang.inventory.models.tree import Phase
from anchang.opening import passes
from anchang.opening.models import OfferedUnit, Opening, OpeningBuyer
from anchang.platform import commands
from anchang.platform.access import system_access
from anchang.platform.models import Project
from anchang.platform.scope import open_scope
from bench import filling, office

HOUR = dt.timedelta(hours=1)
BUYERS, LIMIT = 2000, 3
ROOT = Path(__file__).resolve().parent.parent
TAPS = ROOT / "bench" / "taps.lua"


@dataclass
class Launch:
    project: Project
    opening: int
    units: list[int]
    links: list[str]

    def do(self, command: str) -> None:
        access = system_access([self.project.pk])
        with open_scope(access):
            commands.execute(commands.get(command), access, subject_id=self.opening)


@dataclass
class Ground:
    """What all openings of a run stand on."""

    project: Project
    owner: int
    licence: int
    price_list: int
    building: int
    scheme: int
    customers: int  # id of the first


def make_ground(project: Project, owner: int) -> Ground:
    today = timezone.localdate()
    with open_scope(system_access([project.pk])):
        phase = Phase.objects.create(project=project, code="1", name="一期")
        building = Building.objects.create(project=project, phase=phase, code="1", name="1幢")
        licence = Licence.objects.create(project=project, number="预售证1", issued_on=today)
        price_list = PriceList.objects.create(project=project, licence=licence, edition=1, name="1")
        scheme = LaunchScheme.objects.create(project=project, code="L1", name="开盘", licence=licence, checks=[])
    customers = filling.fill_customers(project.pk, BUYERS, [owner], None)
    return Ground(project, owner, licence.pk, price_list.pk, building.pk, scheme.pk, customers)


def make_launch(ground: Ground, code: str, units: int) -> Launch:
    """An opening that is ready: its clock has started, it only waits to be opened."""
    project, now = ground.project.pk, timezone.now()
    room = f"'{code}-' || lpad(g::text, 5, '0')"
    filling.fill(Unit, units, {
        "project_id": str(project), "building_id": str(ground.building), "code": room, "room": room, "label": room,
        "sort_key": room, "floor": "1 + g / 10", "product_type": "'housing'", "price_basis": "'gross'",
        "predicted_gross_area": "120.36", "predicted_inner_area": "96.28", "list_unit_price": "23500.00",
        "list_total": "2828460.00", "filed_total": "2828460.00", "price_list_id": str(ground.price_list),
        "licence_id": str(ground.licence), "state": "'available'", "locks": "'[\"selection\"]'::jsonb",
        "available_since": "current_date", "ever_available_on": "current_date",
    })  # fmt: skip
    with open_scope(system_access([project])):
        opening = Opening.objects.create(
            project=ground.project, scheme_id=ground.scheme, code=code, name=code, state="ready",
            starts_at=now - HOUR, ends_at=now + 10 * HOUR, confirm_minutes=600,
        )  # fmt: skip
        ids = list(Unit.objects.filter(label__startswith=f"{code}-").values_list("pk", flat=True))
        OfferedUnit.objects.bulk_create(OfferedUnit(project_id=project, opening=opening, unit_id=pk) for pk in ids)
        made = OpeningBuyer.objects.bulk_create(
            OpeningBuyer(project_id=project, opening=opening, customer_id=ground.customers + n, unit_limit=LIMIT)
            for n in range(BUYERS)
        )
        links = [passes.issue(project, opening.pk, b.pk, 1, now + 20 * HOUR) for b in made]
    return Launch(ground.project, opening.pk, ids, links)


def tap(port: int, launches: list[Launch], connections: int, seconds: float) -> dict[str, Any]:
    """The buyers' side: wrk with taps.lua, a compiled client: it leaves the machine to the server."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        for o in launches:
            file.write(f"{o.opening} {' '.join(map(str, o.units))}\n{' '.join(o.links)}\n")
        file.flush()
        before = office.cpu_seconds()
        words = ["-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--timeout", "30s", "-s", str(TAPS)]
        done = subprocess.run(
            [wrk(), *words, f"http://127.0.0.1:{port}", "--", file.name], capture_output=True, text=True, check=False
        )
    line = re.search(r"^RESULTS (.*)$", done.stdout, re.MULTILINE)
    found: dict[str, Any] = json.loads(line[1]) if line else {"other": 1}
    if done.returncode or found["other"]:
        raise RuntimeError(done.stderr or done.stdout)
    attempts = sum(found["results"].values())
    used = {part: (now - before[part]) * 1e6 / attempts for part, now in office.cpu_seconds().items()}
    return found | used | {"attempts": attempts, "rate": attempts / found["seconds"]}


def wrk() -> str:
    """Where wrk is; from the system's packages when it isn't there."""
    found = shutil.which("wrk")
    if found is None:
        subprocess.run(["sh", str(ROOT / "tools" / "wrk.sh")], check=True, stdout=sys.stderr)
        found = shutil.which("wrk")
    assert found is not None
    return found


_LOGGED = """
SELECT result, count(*) FROM opening_attempt WHERE opening_id = ANY (%(ids)s) AND round_no = %(round)s GROUP BY 1"""
_HELD = """
SELECT (SELECT count(*) FROM opening_openingclaim WHERE opening_id = ANY (%(ids)s) AND NOT rehearsal),
       (SELECT count(*) FROM deals_unitclaim k
          JOIN deals_deal d ON d.id = k.deal_id JOIN deals_hold h ON h.deal_id = d.id
          JOIN inventory_unit u ON u.id = k.unit_id AND u.state = 'held'
         WHERE k.unit_id IN (SELECT unit_id FROM opening_offeredunit WHERE opening_id = ANY (%(ids)s)))"""


def check(
    launches: list[Launch], found: dict[str, Any], connections: int, *, sold_out: bool, round_no: int = 2
) -> dict[str, int]:
    """Every answer in the log, every win with its claim and hold, the log's chain whole; when enough was tapped for
    it (`sold_out`), winners = units. Returns what is on record: {"attempts", "won"}.

    Who taps doesn't wait for the answers to his last taps, one a connection: so many entries more there may be.
    """
    units = sum(len(o.units) for o in launches)
    ids = [o.opening for o in launches]
    with filling.owner() as connection:
        logged = dict(connection.execute(_LOGGED, {"ids": ids, "round": round_no}).fetchall())
        attempts, won = sum(logged.values()), logged.get("won", 0)
        held = connection.execute(_HELD, {"ids": ids}).fetchone()
        lost = {result: n for result, n in found["results"].items() if logged.get(result, 0) < n}
        if lost or attempts > found["attempts"] + connections or held != (won, won) or (sold_out and won != units):
            raise RuntimeError(f"{units} units, {found}; on record: {logged}; claims and holds: {held}")
        for opening in ids:
            last = hashlib.sha256(f"opening {opening} round {round_no}".encode()).digest()
            for line, digest in connection.execute(
                "SELECT concat_ws('|', seq, at, buyer_id, unit_id, key, result), hash FROM opening_attempt"
                " WHERE opening_id = %s AND round_no = %s ORDER BY seq", [opening, round_no],
            ):  # fmt: skip
                last = hashlib.sha256(last + line.encode()).digest()
                if last != digest:
                    raise RuntimeError(f"the chain of opening {opening} breaks at {line}")
    return {"attempts": attempts, "won": won}


# -- the yardstick: pgbench, one transaction per attempt

TABLES = """
CREATE TABLE IF NOT EXISTS bench_claim (unit bigint PRIMARY KEY, buyer bigint NOT NULL);
CREATE TABLE IF NOT EXISTS bench_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, unit bigint, buyer bigint, at timestamptz);
TRUNCATE bench_claim, bench_log"""
DRAW = f"\\set unit random(1, 300)\n\\set buyer random(1, {BUYERS})\n"
FOUR = (
    DRAW
    + """BEGIN;
INSERT INTO bench_claim VALUES (:unit, :buyer) ON CONFLICT DO NOTHING;
INSERT INTO bench_log (unit, buyer, at) VALUES (:unit, :buyer, clock_timestamp());
END;
"""
)
ONE = (
    DRAW
    + """WITH c AS (INSERT INTO bench_claim VALUES (:unit, :buyer) ON CONFLICT DO NOTHING)
INSERT INTO bench_log (unit, buyer, at) VALUES (:unit, :buyer, clock_timestamp());
"""
)


def pgbench(script: str, seconds: float) -> float:
    """Transactions per second: 16 clients, prepared statements, on the same server."""
    from anchang.config.postgres import binaries

    with filling.owner() as connection:
        connection.execute(TABLES)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        Path(file.name).chmod(0o644)
        done = subprocess.run(
            [str(binaries() / "pgbench"), "-n", "-M", "prepared", "-c", "16", "-j", "2",
             "-T", str(max(int(seconds), 1)), "-f", file.name, os.environ["DATABASE_URL"]],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if rate is None:
        raise RuntimeError(done.stderr)
    return float(rate[1])
