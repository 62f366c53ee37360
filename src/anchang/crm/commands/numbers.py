"""Phones of customers: read, look up, store. Only here are they encrypted and digested."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from django.db import connection
from pydantic import AfterValidator, Field

from anchang.crm.models import Customer, CustomerPhone
from anchang.kernel.errors import DomainError
from anchang.kernel.phone import mask, parse_phones, tail4
from anchang.platform import personal, statements
from anchang.platform.context import Context

#: Above this many, look-ups aren't serialised number by number: an import holds its own lock.
LOCKED_NUMBERS = 20


def _phones(text: str) -> str:
    found = parse_phones(text)
    if not found:
        raise ValueError("not_a_phone")
    return "/".join(found)


#: One number, or several with the main one first, in normal form and parted by `/`.
PhoneText = Annotated[str, Field(max_length=100), AfterValidator(_phones)]


def split(text: str) -> list[str]:
    return text.split("/") if text else []


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a number: ids and the owner's name only, the one look-up that ignores the actor's scope."""

    customer_id: int
    owner_id: int | None
    owner_name: str


_HOLDERS = """
SELECT p.digest, p.customer_id, c.owner_id, u.name
  FROM crm_customerphone p
  JOIN crm_customer c ON c.project_id = p.project_id AND c.id = p.customer_id
  LEFT JOIN platform_user u ON u.id = c.owner_id
 WHERE p.project_id = %s AND p.digest = ANY(%s::text[]) AND p.active
"""


_NEW_IDS = """
UNION ALL
SELECT NULL, nextval(pg_get_serial_sequence('crm_customer', 'id')), NULL, NULL FROM generate_series(1, %s::int)
"""


def holders(ctx: Context, digests: Iterable[str]) -> dict[str, Holder]:
    """digest -> the active customer that has the number."""
    rows = statements.fetch(_HOLDERS, [str(ctx.here.pk), list(digests)])
    return {d: Holder(customer, owner, name or "") for d, customer, owner, name in rows}


def holders_and_ids(ctx: Context, digests: Iterable[str], count: int) -> tuple[dict[str, Holder], list[int]]:
    """As `holders`, and ids for so many new customers, in one statement."""
    rows = statements.fetch(_HOLDERS + _NEW_IDS, [str(ctx.here.pk), list(digests), str(count)])
    found = {d: Holder(customer, owner, name or "") for d, customer, owner, name in rows if d is not None}
    return found, [new for digest, new, _owner, _name in rows if digest is None]


def taken(holder: Holder) -> DomainError:
    return DomainError("phone_taken", status=409, fields={"phone": "phone_taken"}, owner=holder.owner_name)


def lock_numbers(ctx: Context, digests: Iterable[str]) -> None:
    """Let two people who enter one new number go one after the other; until the transaction ends."""
    keys = sorted(set(digests))
    if not keys or len(keys) > LOCKED_NUMBERS:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(d, %s)) FROM unnest(%s::text[]) AS d",
            [ctx.here.pk, keys],
        )


def phone_rows(customer: Customer, numbers: Sequence[str], *, has_main: bool = False) -> list[CustomerPhone]:
    """Unsaved rows; the first number is the main one unless the customer has one."""
    return [
        CustomerPhone(
            project_id=customer.project_id,
            customer=customer,
            cipher=personal.encrypt(number),
            digest=personal.digest(number),
            masked=mask(number),
            tail=tail4(number),
            main=not has_main and i == 0,
        )
        for i, number in enumerate(numbers)
    ]


def tokens(rows: Iterable[Any]) -> list[str]:
    """Search tokens of stored numbers: tail and digest."""
    return [token for row in rows for token in ("#" + row.tail, "=" + row.digest)]
