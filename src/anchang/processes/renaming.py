"""Change of buyers and shares (更名): spouse or direct relatives with proof, one original buyer stays (DOMAIN 10)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _

from anchang.deals import rules
from anchang.deals.commands.buyers import checked_buyers, store_buyers
from anchang.deals.commands.connected import connected_chain, connection_of, mark_connected
from anchang.deals.models import Buyer, Contract, Deal, DealChange, ReceivedDocument, Subscription
from anchang.deals.typed_rows import NewBuyerRow
from anchang.kernel.errors import DomainError
from anchang.kernel.identity import mask_number
from anchang.platform import personal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Reason
from anchang.processes.changing import Chain, Paper, carries_out, lock_paper, open_change, why_not_change
from anchang.processes.city_rules import check_homes
from anchang.processes.replanning import redraft
from anchang.processes.versions import next_version

_OWNERSHIP = {"sole": _("Sole"), "joint": _("Joint"), "shares": _("By shares")}


class ChangeBuyersInput(Input):
    """`buyers`: the whole new list, as for a subscription; a newcomer also has `relation` (spouse, parent, child,
    grandparent, grandchild) and `proven` true. A present buyer whose document number is left out, or given as masked,
    keeps it."""

    reason: Annotated[Reason, Label(_("Reason"))]
    buyers: Annotated[list[dict[str, Any]], Label(_("Buyers"), kind="json", rows=NewBuyerRow)]
    ownership: Annotated[
        Literal["sole", "joint", "shares"] | None, Label(_("Ownership"), kind="choice", choices=_OWNERSHIP)
    ] = None


def request_buyers(ctx: Context, paper: Paper, data: ChangeBuyersInput) -> DealChange:
    """Ask for other buyers or shares. Filed contracts are revoked first."""
    chain = lock_paper(paper)
    if why := why_not_change(chain.paper, "buyers"):
        raise DomainError.of(why)
    present = _buyers_of(chain.deal)
    asked = [as_before(raw, present) for raw in data.buyers]
    checked = checked_buyers(ctx, asked, data.ownership)
    old = [personal.decrypt(row.id_cipher) for row in present]
    newcomers = [
        rules.Newcomer(buyer.id_number, str(raw.get("relation") or ""), bool(raw.get("proven")))
        for buyer, raw in zip(checked.buyers, asked, strict=True)
    ]
    if why := rules.why_not_change_buyers(old, [buyer.id_number for buyer in checked.buyers], newcomers):
        raise DomainError(why.code, status=422, fields={"buyers": why.code}, **why.params)
    connection = connection_of(ctx, checked.buyers, chain.deal.customer)
    return open_change(
        ctx, chain, DealChange.Kind.BUYERS, data.reason, approvers=connected_chain(ctx, connection),
        ownership=checked.ownership, new_total=chain.paper.total,
        buyers_cipher=personal.encrypt(json.dumps(asked, ensure_ascii=False)),
    )  # fmt: skip


def _buyers_of(deal: Deal) -> list[Buyer]:
    return list(Buyer.objects.filter(project_id=deal.project_id, deal=deal).order_by("seq"))


def present_buyers(paper: Paper) -> dict[str, Any]:
    """The buyers as they are, for the form: numbers masked, which `as_before` reads as unchanged."""
    deal = paper.deal
    rows = [
        {
            "kind": row.kind, "name": row.name, "id_type": row.id_type, "id_number": row.id_masked,
            "phone": row.phone_masked, "share": "" if row.share is None else str(row.share),
            "guardian": _masked(row.guardian_cipher), "agent": _masked(row.agent_cipher),
        }
        for row in _buyers_of(deal)
    ]  # fmt: skip
    return {"buyers": rows, "ownership": None if deal.ownership == rules.SOLE else deal.ownership}


def as_before(raw: Any, present: Sequence[Buyer]) -> Any:
    """What was typed about one buyer, with the numbers that stay. Only the one present buyer of this very name whose
    number is left out or masked is meant; anything else stands as typed, and the checks refuse a masked number."""
    if not isinstance(raw, Mapping):
        return raw
    name, number = _text(raw, "name"), _text(raw, "id_number")
    meant = [row for row in present if row.name == name and number in ("", row.id_masked)]
    if len(meant) != 1:
        return raw
    row = meant[0]
    found = {"id_type": row.id_type, "kind": row.kind, **raw, "id_number": personal.decrypt(row.id_cipher)}
    if row.phone_cipher is not None and _text(raw, "phone") == row.phone_masked:
        found["phone"] = personal.decrypt(row.phone_cipher)
    for key, cipher in (("guardian", row.guardian_cipher), ("agent", row.agent_cipher)):
        typed, known = raw.get(key), _read(cipher)
        same = isinstance(typed, Mapping) and typed.get("name") == known.get("name")
        if same and _text(typed, "id_number") in ("", mask_number(str(known.get("id_number") or ""))):
            found[key] = known
    return found


def _text(raw: Any, name: str) -> str:
    return str(raw.get(name) or "").strip()


def _read(cipher: Any) -> dict[str, Any]:
    return dict(json.loads(personal.decrypt(cipher))) if cipher is not None else {}


def _masked(cipher: Any) -> dict[str, str]:
    known = _read(cipher)
    return {"name": known["name"], "id_number": mask_number(known.get("id_number") or "")} if known else {}


@carries_out(DealChange.Kind.BUYERS)
def carry_out_buyers(ctx: Context, change: DealChange, chain: Chain) -> None:
    """The new parties take the place of the old; the papers that a staying buyer brought stay received."""
    assert change.buyers_cipher is not None
    asked = json.loads(personal.decrypt(change.buyers_cipher))
    checked = checked_buyers(ctx, asked, change.ownership)
    check_homes(ctx, chain.unit, checked.buyers, chain.deal.pk, chain.deal.opened_on)
    before = {row.id_digest: row.pk for row in _buyers_of(chain.deal)}
    chain.deal.ownership = checked.ownership
    chain.deal.save(update_fields=["ownership", "updated_at"])
    for row in store_buyers(ctx, chain.deal, checked):
        if row.id_digest in before:
            ticks = ReceivedDocument.objects.filter(project=ctx.here, deal=chain.deal, buyer=before[row.id_digest])
            ticks.update(buyer=row)
    mark_connected(ctx, chain.deal, connection_of(ctx, checked.buyers, chain.deal.customer))
    paper = chain.paper
    if isinstance(paper, Contract) and paper.state == Contract.State.REVOKED:
        redraft(ctx, chain.deal, paper)
    else:
        next_version(ctx, paper, paper.former_state)


for _model, _name, _states in (
    (Subscription, "subscription", ("active", "overdue")), (Contract, "contract", ("signed", "revoked")),
):  # fmt: skip
    command(
        _model, verb="change-buyers", name=f"change_buyers_{_name}", label=_("Change buyers"), icon="users",
        lock=False, prefill=present_buyers, refuses=lambda paper: why_not_change(paper, "buyers"),
        show=lambda paper, states=_states: paper.state in states,
    )(request_buyers)  # fmt: skip
