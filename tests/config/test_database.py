"""The database that tests, and the application, work on."""

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.db import connection


@pytest.mark.django_db
def test_the_application_connects_as_its_own_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("anchang_app", False, False)


@pytest.mark.django_db
def test_the_application_owns_no_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_the_application_may_not_truncate_or_create() -> None:
    for statement in (
        "TRUNCATE platform_user CASCADE",
        "CREATE TABLE public.mine (id int)",
        "CREATE ROLE mine",
    ):
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT before")
            with pytest.raises(Exception, match="permission denied"):
                cursor.execute(statement)
            cursor.execute("ROLLBACK TO before")


@pytest.mark.parametrize("turn", [1, 2])
def test_committed_rows_do_not_outlive_their_test(owner_db: psycopg.Connection, turn: int) -> None:
    users = get_user_model().objects
    assert not users.filter(username="left-behind").exists()
    users.create(username="left-behind")
    row = owner_db.execute("SELECT count(*) FROM platform_user WHERE username = 'left-behind'").fetchone()
    assert row == (1,)
