"""A deal form as it was sent: what was chosen, its lines of buyers and loans, as the commands take them."""

from __future__ import annotations

from typing import Any

from anchang.processes.offers import Asked
from anchang.processes.views import doing

BUYER_FIELDS = ("name", "kind", "id_type", "id_number", "phone", "share", "guardian", "agent")
LOAN_FIELDS = ("kind", "bank", "amount")
PART_FIELDS = ("unit", "price", "deposit")
#: Columns that are never empty by themselves: a line with nothing else is no line.
_ALWAYS = ("kind", "id_type")
MOST_LINES = 50


def lines_of(given: Any, prefix: str, names: tuple[str, ...]) -> list[dict[str, str]]:
    """Filled lines `<prefix>-<index>-<name>` in their order on the page."""
    marks = {key[len(prefix) + 1 :].split("-", 1)[0] for key in given if key.startswith(f"{prefix}-")}
    found = []
    for index in sorted(int(m) for m in marks if m.isascii() and m.isdigit() and len(m) < 6)[:MOST_LINES]:
        line = {name: given.get(f"{prefix}-{index}-{name}", "").strip() for name in names}
        if any(text for name, text in line.items() if name not in _ALWAYS):
            found.append(line)
    return found


def amount(text: str) -> str:
    return text.replace(",", "").replace("，", "").strip()


def asked_of(given: Any) -> Asked:
    """Plan, discounts, loans, deposit and signing day chosen so far."""
    discounts = tuple(i for text in given.getlist("discounts") if (i := doing.number(text)))
    return Asked(
        plan=given.get("payment_plan", "").strip(), discounts=discounts,
        special=doing.number(given.get("special", "")), coupons=codes_of(given),
        loans=tuple(_loans(given)), deposit=amount(given.get("deposit", "")), sign_by=given.get("sign_by", "").strip(),
        decoration=amount(given.get("decoration", "")),
    )  # fmt: skip


def codes_of(given: Any) -> tuple[str, ...]:
    """Codes of vouchers and gifts as typed, with spaces or commas between."""
    text = given.get("coupons", "").replace("，", " ").replace(",", " ")
    return tuple(dict.fromkeys(text.split()))[:MOST_LINES]


def _loans(given: Any) -> list[dict[str, str]]:
    found = lines_of(given, "loans", LOAN_FIELDS)
    return [line | {"amount": amount(line["amount"])} for line in found if line["amount"]]


def parts_of(given: Any) -> list[dict[str, str]]:
    """Units sold along, as typed."""
    found = lines_of(given, "parts", PART_FIELDS)
    return [line | {name: amount(line[name]) for name in ("price", "deposit")} for line in found]


def bundle_data(given: Any) -> dict[str, Any]:
    """What `subscribe_bundle` takes beside a subscription; empty when nothing is sold along."""
    parts = [{k: v for k, v in line.items() if v} for line in parts_of(given)]
    if not parts:
        return {}
    data = {"rule": given.get("bundle_rule", "").strip(), "total": amount(given.get("bundle_total", ""))}
    return {k: v for k, v in data.items() if v} | {"parts": parts}


def subscription_data(given: Any) -> dict[str, Any]:
    """The body of `subscribe_unit`; empty things are left out, so that defaults and `required` hold."""
    asked = asked_of(given)
    buyers = [{k: v for k, v in line.items() if v} for line in lines_of(given, "buyers", BUYER_FIELDS)]
    data: dict[str, Any] = {
        "customer": given.get("customer", "").strip(), "payment_plan": asked.plan, "discounts": list(asked.discounts),
        "deposit": asked.deposit, "sign_by": asked.sign_by, "decoration": asked.decoration,
        "ownership": given.get("ownership", "").strip(),
        "loans": list(asked.loans), "special": asked.special or "", "coupons": list(asked.coupons),
        "quotation": doing.number(given.get("quotation", "")) or "",
    }  # fmt: skip
    return {k: v for k, v in data.items() if v not in ("", [])} | {"buyers": buyers}
