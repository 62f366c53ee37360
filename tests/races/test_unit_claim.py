"""A unit can't be sold twice: threads by command, processes by command and by SQL. The negative control shows
that without the claim's primary key the same attack does sell twice, so the test can fail."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connections

from anchang.config.postgres import with_database
from anchang.deals.models import Deal, Hold, UnitClaim
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from tests.conftest import APP_PASSWORD, make_database
from tests.deals.desk import Desk, make_desk
from tests.factories import run
from tests.races.sql_attack import attack_by_sql, sql_process

THREADS, PROCESSES, UNITS = 32, 4, 20


def attack_by_command(desk: Desk, attempt: int, unit_id: int) -> str:
    """One try in a connection of its own; the answer's code."""
    who = ("consultant1", "consultant2", "consultant5", "consultant6")[attempt % 4]
    try:
        with desk.office.as_(who) as access:
            run("hold_unit", access, unit_id, customer=desk.customers[f"{who}:0"].pk)
        return "won"
    except DomainError as error:
        return error.code
    finally:
        connections["default"].close()


def app_url(owner_url: str, name: str) -> str:
    from anchang.config.postgres import APP_ROLE, with_credentials

    return with_credentials(with_database(owner_url, name), APP_ROLE, APP_PASSWORD)


@pytest.fixture
def desk(transactional_db) -> Desk:
    """Twenty released units and a customer of each consultant, committed."""
    made = make_desk(floors=UNITS // 2)
    with made.office.as_("system"):
        for who in ("consultant1", "consultant2", "consultant5", "consultant6"):
            made.customer(who)
    return made


def relax_limits(desk: Desk) -> None:
    from anchang.platform.access import bump_stamp
    from anchang.platform.models import Parameter

    for key in ("deals.holds_per_customer", "deals.holds_per_consultant"):
        Parameter.objects.create(key=key, value=1000, valid_from="2020-01-01")
    bump_stamp()


def test_threads_by_command_one_winner_each(desk):
    relax_limits(desk)
    gate = threading.Barrier(THREADS, timeout=60)
    units = [unit.pk for unit in desk.stock.units]

    def worker(number: int) -> Counter[str]:
        gate.wait()
        mine = units[number % UNITS :] + units[: number % UNITS]
        return Counter(f"{unit}:{attack_by_command(desk, number, unit)}" for unit in mine)

    with ThreadPoolExecutor(THREADS) as pool:
        seen = sum(pool.map(worker, range(THREADS)), Counter())
    codes = Counter()
    for key, count in seen.items():
        codes[key.split(":")[1]] += count
    assert codes == {"won": UNITS, "unit_taken": UNITS * (THREADS - 1)}
    assert [seen[f"{unit}:won"] for unit in units] == [1] * UNITS
    with desk.office.as_("system"):
        assert UnitClaim.objects.count() == Deal.objects.count() == Hold.objects.count() == UNITS
        assert set(Unit.objects.values_list("state", flat=True)) == {"held"}


def test_processes_by_sql_and_command_one_winner_each(desk, database_server, database_name):
    """Four processes insert claims by SQL while threads hold by command, on the same twenty units."""
    relax_limits(desk)
    units = [unit.pk for unit in desk.stock.units]
    spawn = multiprocessing.get_context("spawn")
    gate, out = spawn.Barrier(PROCESSES + 1, timeout=60), spawn.Queue()
    url = app_url(database_server, database_name)
    customer = desk.customers["consultant1:0"].pk
    processes = [
        spawn.Process(
            target=sql_process, args=(url, desk.office.project.pk, units[::step], customer, gate, out)
        )
        for step in (1, -1, 1, -1)
    ]
    for process in processes:
        process.start()
    gate.wait()
    with ThreadPoolExecutor(4) as pool:
        tries = [(n, unit) for n in range(4) for unit in (units[10:] + units[:10])]
        commands = list(pool.map(lambda t: (t[1], attack_by_command(desk, *t)), tries))
    seen: Counter[str] = Counter(f"{unit}:{code}" for unit, code in commands)
    for _process in processes:
        seen += out.get(timeout=60)
    for process in processes:
        process.join(60)
    assert [seen[f"{unit}:won"] for unit in units] == [1] * UNITS
    assert {key.split(":")[1] for key in seen} <= {"won", "unit_taken"}
    with desk.office.as_("system"):
        assert UnitClaim.objects.count() == UNITS


def test_without_the_key_the_attack_sells_twice(desk, database_server, database_name):
    """Negative control, in a throwaway database."""
    connections.close_all()
    name = f"{database_name}_nokey_{os.getpid()}"
    make_database(database_server, name, template=database_name)
    owner = with_database(database_server, name)
    try:
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("ALTER TABLE deals_unitclaim DROP CONSTRAINT deals_unitclaim_pkey")
        unit, customer = desk.stock.units[0].pk, desk.customers["consultant1:0"].pk
        url = app_url(database_server, name)
        with ThreadPoolExecutor(4) as pool:
            codes = list(
                pool.map(lambda _n: attack_by_sql(url, desk.office.project.pk, unit, customer), range(4))
            )
        assert codes.count("won") > 1
    finally:
        with psycopg.connect(with_database(database_server, "postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
