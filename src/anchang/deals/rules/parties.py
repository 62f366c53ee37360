"""Buyers of a deal, their ownership and shares (DOMAIN 10, Buyers). Every problem names its field."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.identity import (
    ID_TYPES,
    SOFT_PROBLEMS,
    age_on,
    clean_number,
    number_problem,
    read_id_card,
)
from anchang.kernel.money import HUNDRED, split_by_weights
from anchang.kernel.phone import normalise

SOLE, JOINT, SHARES = "sole", "joint", "shares"
OWNERSHIPS = (SOLE, JOINT, SHARES)
#: Relations that may join or replace a buyer of a running deal.
NEAR_RELATIONS = frozenset({"spouse", "parent", "child", "grandparent", "grandchild"})


@dataclass(frozen=True)
class Representative:
    """A guardian or a company's agent; signs for the buyer."""

    name: str
    id_type: str = "id_card"
    id_number: str = ""
    phone: str | None = None


@dataclass(frozen=True)
class Buyer:
    """`phone` is in normal form, `share` in percent; `born` only where the document does not tell it."""

    name: str
    kind: str = "person"
    id_type: str = "id_card"
    id_number: str = ""
    phone: str | None = None
    share: Decimal | None = None
    born: date | None = None
    guardian: Representative | None = None
    agent: Representative | None = None


@dataclass(frozen=True)
class BuyerPolicy:
    """`strict_check_digits`: a wrong check digit refuses the buyer; otherwise it is only a warning."""

    adult_age: int
    max_buyers: int
    strict_check_digits: bool


@dataclass(frozen=True)
class CheckedBuyers:
    """`warnings` maps fields such as `buyers.0.id_number` to codes."""

    ownership: str
    buyers: tuple[Buyer, ...]
    warnings: Mapping[str, str]


def check_buyers(
    raw: Sequence[Mapping[str, Any] | Buyer], ownership: str | None, *, on: date, policy: BuyerPolicy
) -> CheckedBuyers:
    """Read and check the buyers of a deal.

    Default ownership: sole for one buyer, else shares. DomainError 422 `buyers_invalid` with all problems by
    field.
    """
    problems: dict[str, str] = {}
    warnings: dict[str, str] = {}
    if not raw:
        raise _invalid({"buyers": "required"})
    if len(raw) > policy.max_buyers:
        raise _invalid({"buyers": "too_many_buyers"})
    buyers = []
    for i, each in enumerate(raw):
        buyer = each if isinstance(each, Buyer) else _read(each, f"buyers.{i}", problems)
        _check_buyer(buyer, f"buyers.{i}", on, policy, problems, warnings)
        buyers.append(buyer)
    numbers = [buyer.id_number for buyer in buyers if buyer.id_number]
    if len(set(numbers)) < len(numbers):
        problems["buyers"] = "buyer_twice"
    chosen = ownership or (SOLE if len(buyers) == 1 else SHARES)
    problems = {**_ownership_problems(chosen, buyers), **problems}
    if problems:
        raise _invalid(problems)
    return CheckedBuyers(chosen, tuple(buyers), warnings)


def _invalid(problems: Mapping[str, str]) -> DomainError:
    codes = set(problems.values())
    return DomainError(codes.pop() if len(codes) == 1 else "buyers_invalid", status=422, fields=problems)


def _read(raw: Mapping[str, Any], at: str, problems: dict[str, str]) -> Buyer:
    if not isinstance(raw, Mapping):
        raise _invalid({at: "invalid"})
    kind = str(raw.get("kind") or "person")
    phone = raw.get("phone")
    normal = normalise(phone) if phone else None
    if phone and normal is None:
        problems[f"{at}.phone"] = "phone_invalid"
    share = raw.get("share")
    return Buyer(
        name=str(raw.get("name") or "").strip(),
        kind=kind,
        id_type=str(raw.get("id_type") or ("credit_code" if kind == "company" else "id_card")),
        id_number=clean_number(str(raw.get("id_number") or "")),
        phone=normal,
        share=None if share in (None, "") else _read_share(share, f"{at}.share", problems),
        born=_read_date(raw.get("born"), f"{at}.born", problems),
        guardian=_read_representative(raw.get("guardian")),
        agent=_read_representative(raw.get("agent")),
    )


def _read_share(value: object, at: str, problems: dict[str, str]) -> Decimal | None:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,3}(\.\d{1,2})?", text, re.ASCII):
        problems[at] = "share_invalid"
        return None
    return Decimal(text)


def _read_date(value: object, at: str, problems: dict[str, str]) -> date | None:
    if isinstance(value, date):
        return value
    if not value:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        problems[at] = "date_invalid"
        return None


def _read_representative(raw: object) -> Representative | None:
    if isinstance(raw, Representative):
        return raw
    if isinstance(raw, str):
        return Representative(raw.strip()) if raw.strip() else None
    if not isinstance(raw, Mapping) or not raw.get("name"):
        return None
    return Representative(
        name=str(raw["name"]).strip(),
        id_type=str(raw.get("id_type") or "id_card"),
        id_number=clean_number(str(raw.get("id_number") or "")),
        phone=normalise(raw.get("phone")),
    )


def _check_buyer(
    buyer: Buyer, at: str, on: date, policy: BuyerPolicy, problems: dict[str, str], warnings: dict[str, str]
) -> None:
    if not buyer.name:
        problems[f"{at}.name"] = "required"
    if buyer.kind not in ("person", "company"):
        problems[f"{at}.kind"] = "choice_invalid"
    if buyer.id_type not in ID_TYPES or (buyer.kind == "company") != (buyer.id_type == "credit_code"):
        problems[f"{at}.id_type"] = "id_type_invalid"
    elif not buyer.id_number:
        problems[f"{at}.id_number"] = "required"
    else:
        problem = number_problem(buyer.id_type, buyer.id_number, on)
        if problem:
            soft = problem in SOFT_PROBLEMS and not policy.strict_check_digits
            (warnings if soft else problems)[f"{at}.id_number"] = problem
    if buyer.kind == "company" and buyer.agent is None:
        problems[f"{at}.agent"] = "agent_required"
    if buyer.kind == "person" and is_minor(buyer, on, policy.adult_age) and buyer.guardian is None:
        problems[f"{at}.guardian"] = "guardian_required"


def birth_date(buyer: Buyer) -> date | None:
    card = read_id_card(buyer.id_number) if buyer.id_type == "id_card" else None
    return card.born if card else buyer.born


def is_minor(buyer: Buyer, on: date, adult_age: int) -> bool:
    """A birth certificate without a known birth date counts as a minor's; other documents do not tell."""
    born = birth_date(buyer)
    if born is None:
        return buyer.id_type == "birth_cert"
    return age_on(born, on) < adult_age


def _ownership_problems(ownership: str, buyers: Sequence[Buyer]) -> dict[str, str]:
    if ownership not in OWNERSHIPS:
        return {"ownership": "choice_invalid"}
    if ownership == SOLE:
        if len(buyers) > 1:
            return {"ownership": "sole_needs_one_buyer"}
        return {"buyers.0.share": "shares_not_100"} if buyers[0].share not in (None, HUNDRED) else {}
    if len(buyers) == 1 and ownership == JOINT:
        return {"ownership": "joint_needs_two_buyers"}
    if ownership == JOINT:
        return {
            f"buyers.{i}.share": "joint_has_no_shares"
            for i, each in enumerate(buyers)
            if each.share is not None
        }
    problems = {
        f"buyers.{i}.share": "required" if each.share is None else "share_invalid"
        for i, each in enumerate(buyers)
        if each.share is None or each.share <= 0 or each.share != round(each.share, 2)
    }
    if not problems and sum(each.share or 0 for each in buyers) != HUNDRED:
        problems["buyers"] = "shares_not_100"
    return problems


def amounts_by_share(total: Decimal, buyers: Sequence[Buyer]) -> list[Decimal]:
    """What each owns in yuan: half-up, the last takes the remainder. Only for ownership by shares or sole."""
    return split_by_weights(total, [HUNDRED if buyer.share is None else buyer.share for buyer in buyers])


@dataclass(frozen=True)
class Newcomer:
    """A buyer who joins a running deal, and how he is related to one who stays or leaves."""

    id_number: str
    relation: str = ""
    proven: bool = False


def why_not_change_buyers(
    old_numbers: Iterable[str], new_numbers: Iterable[str], newcomers: Sequence[Newcomer]
) -> Refusal | None:
    """Only spouse or direct relatives with proof may join; one original buyer stays. Else cancel and sell
    anew.
    """
    old, new = set(old_numbers), set(new_numbers)
    if not old & new:
        return Refusal("original_buyer_must_stay")
    known = {each.id_number: each for each in newcomers}
    for number in sorted(new - old):
        joining = known.get(number)
        if joining is None or joining.relation not in NEAR_RELATIONS:
            return Refusal("buyer_not_related")
        if not joining.proven:
            return Refusal("relation_not_proven")
    return None
