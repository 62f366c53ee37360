"""Buyers of a deal: checked by rules, stored encrypted, read back for whoever may see them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from anchang.deals import rules
from anchang.deals.models import Buyer, Deal
from anchang.kernel.identity import mask_number
from anchang.kernel.phone import mask
from anchang.platform import personal
from anchang.platform.context import Context


def checked_buyers(
    ctx: Context, raw: Sequence[Mapping[str, Any]], ownership: str | None
) -> rules.CheckedBuyers:
    """Read and check buyers under the project's policy. Raises 422 naming each field."""
    policy = rules.BuyerPolicy(
        adult_age=int(ctx.param("deals.adult_age")),
        max_buyers=int(ctx.param("deals.max_buyers")),
        strict_check_digits=bool(ctx.param("deals.strict_check_digits")),
    )
    return rules.check_buyers(raw, ownership, on=ctx.business_date, policy=policy)


def store_buyers(ctx: Context, deal: Deal, checked: rules.CheckedBuyers) -> list[Buyer]:
    """Write the buyers of a deal anew (those of an earlier draft go to the bin)."""
    adult = int(ctx.param("deals.adult_age"))
    Buyer.objects.filter(project=ctx.here, deal=deal).update(deleted_at=ctx.now)
    return Buyer.objects.bulk_create(
        buyer_row(ctx, deal, seq, buyer, checked, adult) for seq, buyer in enumerate(checked.buyers, 1)
    )


def buyer_row(
    ctx: Context, deal: Deal, seq: int, buyer: rules.Buyer, checked: rules.CheckedBuyers, adult: int
) -> Buyer:
    """One unsaved row, with its numbers encrypted."""
    return Buyer(
        project=ctx.here, deal=deal, seq=seq, kind=buyer.kind, name=buyer.name[:100], id_type=buyer.id_type,
        id_cipher=personal.encrypt(buyer.id_number), id_digest=personal.digest(buyer.id_number),
        id_masked=mask_number(buyer.id_number),
        phone_cipher=personal.encrypt(buyer.phone) if buyer.phone else None,
        phone_digest=personal.digest(buyer.phone) if buyer.phone else "",
        phone_masked=mask(buyer.phone) if buyer.phone else "",
        share=buyer.share if checked.ownership == rules.SHARES else None,
        minor=buyer.kind == "person" and rules.is_minor(buyer, ctx.business_date, adult),
        guardian_name=buyer.guardian.name[:100] if buyer.guardian else "",
        guardian_cipher=_representative(buyer.guardian),
        agent_name=buyer.agent.name[:100] if buyer.agent else "",
        agent_cipher=_representative(buyer.agent),
        warning=checked.warnings.get(f"buyers.{seq - 1}.id_number", ""),
        created_by_id=ctx.user_id,
    )  # fmt: skip


def _representative(who: rules.Representative | None) -> bytes | None:
    return personal.encrypt(json.dumps(asdict(who), ensure_ascii=False)) if who else None
