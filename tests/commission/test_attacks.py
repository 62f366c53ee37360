"""Settled pay attacked by SQL as the application's role: the database refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from anchang.commission.models import Line, Statement
from tests.commission.pay import catch_up, make_scheme
from tests.commission.test_following import close_all, confirm_all
from tests.factories import run

pytestmark = pytest.mark.django_db


def attack(sql, *params):
    """The statement fails, at once or at commit."""
    with pytest.raises(IntegrityError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
        connection.check_constraints()


def test_a_closed_statement_and_its_lines_never_change(desk):
    make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    confirm_all(desk)
    (statement,) = close_all(desk)
    line = Line.objects.get(statement=statement)
    for change in (
        "amount = amount + 1", "state = 'payable'", "state = 'void'", "state = 'held'", "statement_id = NULL",
        "deal_id = 0", "payee_id = 0", "kind = 'clawback', amount = -1", "reached_on = '2020-01-01'",
        "deleted_at = now()",
    ):  # fmt: skip
        attack(f"UPDATE commission_line SET {change} WHERE id = %s", line.pk)
    attack("DELETE FROM commission_line WHERE id = %s", line.pk)
    for change in (
        "lines_total = lines_total + 1, earned = earned + 1, to_pay = to_pay + 1", "period = '2020-01-01'",
        "state = 'open', closed_on = NULL", "carried = -1", "number = 'x'", "deleted_at = now()", "payee_id = 0",
        "closed_on = '2020-01-01'",
    ):  # fmt: skip
        attack(f"UPDATE commission_statement SET {change} WHERE id = %s", statement.pk)
    attack("DELETE FROM commission_statement WHERE id = %s", statement.pk)
    waiting = Line.objects.filter(state="confirmed").first()
    attack(
        "UPDATE commission_line SET state = 'payable', reached_on = current_date, statement_id = %s WHERE id = %s",
        statement.pk, waiting.pk,
    )  # fmt: skip
    paid = run("pay_statement", desk.office.access("finance"), statement)
    assert (paid.state, Line.objects.get(pk=line.pk).state) == ("paid", "paid")
    attack("UPDATE commission_statement SET state = 'closed', paid_on = NULL WHERE id = %s", statement.pk)
    attack("UPDATE commission_line SET state = 'settled' WHERE id = %s", line.pk)


def test_a_statement_closes_on_the_sum_of_its_lines_only(desk):
    make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    confirm_all(desk)
    run("prepare_statements", desk.office.access("finance"), month=desk.office.project.today().isoformat())
    statement = Statement.objects.get()
    attack(
        "UPDATE commission_statement SET state = 'closed', closed_on = current_date, lines_total = 1, earned = 1, "
        "to_pay = 1 WHERE id = %s", statement.pk,
    )  # fmt: skip


def test_a_scheme_in_force_and_the_sign_of_lines_are_guarded(desk):
    scheme = make_scheme(desk)
    contract = desk.sign()
    catch_up(desk, contract)
    for change in (
        "tiers = '[]'",
        "mode = 'segmented'",
        "valid_from = '2019-01-01'",
        "retention = 0",
        "deleted_at = now()",
    ):
        attack(f"UPDATE commission_scheme SET {change} WHERE id = %s", scheme.pk)
    attack("UPDATE commission_line SET amount = -1")
    attack("UPDATE commission_line SET state = 'payable', reached_on = NULL")
    attack(
        "INSERT INTO commission_line (project_id, version, created_at, updated_at, payee_id, earning_id, deal_id, part,"
        " milestone, kind, amount, state, former_state, reason) SELECT project_id, 1, now(), now(), payee_id, earning_id,"
        " deal_id, part, milestone, 'earned', 1, 'accrued', '', '' FROM commission_line LIMIT 1"
    )
