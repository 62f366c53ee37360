"""Putting voucher templates in use, out of use, and making a first set for a project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.finance import standard_books
from anchang.finance.commands.vouchers import read_template
from anchang.finance.models import Account, VoucherTemplate, VoucherTemplateLine
from anchang.finance.rules import vouchers as rules
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Ref


class SetUpInput(Input):
    """`bank_account`: where money goes when its document names no account."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    bank_account: Annotated[str, Field(min_length=1, max_length=60), Label(_("Bank account"))]


def _only_in(state: str) -> Any:
    return lambda t: None if t.state == state else Refusal("state_refused", {"state": t.state})


@command(
    VoucherTemplate, verb="activate", label=_("Check and use"), icon="check", shape="primary",
    refuses=_only_in("draft"), show=lambda t: t.state == "draft",
)  # fmt: skip
def activate_template(ctx: Context, template: VoucherTemplate) -> VoucherTemplate:
    """Use the template for its event from now on, if it balances for every sample document of that event.
    The one in use before is put aside."""
    why = rules.check_template(template.event, read_template(template).lines)
    if why is not None:
        raise DomainError.of(why, status=422)
    VoucherTemplate.objects.filter(project=ctx.here, event=template.event, state=VoucherTemplate.State.IN_USE).update(
        state=VoucherTemplate.State.DRAFT
    )
    return _set(ctx, template, VoucherTemplate.State.IN_USE)


@command(
    VoucherTemplate, verb="suspend", label=_("Stop using"), icon="player-pause", refuses=_only_in("in_use"),
    show=lambda t: t.state == "in_use",
)  # fmt: skip
def suspend_template(ctx: Context, template: VoucherTemplate) -> VoucherTemplate:
    """Documents of the event make no vouchers until a template is in use again; they are made up for then."""
    return _set(ctx, template, VoucherTemplate.State.DRAFT)


def _set(ctx: Context, template: VoucherTemplate, state: str) -> VoucherTemplate:
    template.state = state
    template.save(update_fields=["state", "updated_at"])
    ctx.event("template.state", template, state=state)
    return template


@project_command(
    VoucherTemplate, verb="set-up", label=_("Make the standard books"), permission="voucher-templates.set-up",
    icon="books",
)  # fmt: skip
def set_up_books(ctx: Context, data: SetUpInput) -> dict[str, Any]:
    """The usual accounts and templates of a developer, as a start; what is there already stays as it is. Templates
    come checked and in use where their event has none."""
    accounts = _missing_accounts(ctx)
    templates = _missing_templates(ctx, data.bank_account)
    put_in_use(templates)
    return {"accounts": accounts, "templates": len(templates)}


def put_in_use(templates: Iterable[VoucherTemplate]) -> None:
    """New templates of events that had none. Raises what the check of one says."""
    checked = list(templates)
    for template in checked:
        if why := rules.check_template(template.event, read_template(template).lines):
            raise DomainError.of(why)
    VoucherTemplate.objects.filter(pk__in=[t.pk for t in checked]).update(state=VoucherTemplate.State.IN_USE)


def _missing_accounts(ctx: Context) -> int:
    held = set(Account.objects.filter(project=ctx.here).values_list("code", flat=True))
    made = Account.objects.bulk_create(
        Account(
            project=ctx.here, created_by_id=ctx.user_id, code=code, name=name, kind=kind,
            **{f"by_{item}": item in items for item in rules.AUXILIARIES},
        )
        for code, name, kind, items in standard_books.ACCOUNTS
        if code not in held
    )  # fmt: skip
    ctx.index(made, fresh=True)
    return len(made)


def _missing_templates(ctx: Context, bank_account: str) -> list[VoucherTemplate]:
    held = set(VoucherTemplate.objects.filter(project=ctx.here).values_list("event", flat=True))
    wanted = [t for t in standard_books.TEMPLATES if t[0] not in held]
    made = VoucherTemplate.objects.bulk_create(
        VoucherTemplate(project=ctx.here, created_by_id=ctx.user_id, event=event, name=name, word=word)
        for event, name, word, _lines in wanted
    )
    accounts = {a.code: a for a in Account.objects.filter(project=ctx.here)}
    VoucherTemplateLine.objects.bulk_create(
        VoucherTemplateLine(
            project=ctx.here, created_by_id=ctx.user_id, template=template, seq=seq, side=side,
            account=accounts[code], amount=amount, summary=summary,
            bank_account=bank_account if accounts[code].by_bank_account else "",
        )
        for template, (_event, _name, _word, lines) in zip(made, wanted, strict=True)
        for seq, (side, code, amount, summary) in enumerate(lines, 1)
    )  # fmt: skip
    for template in made:
        ctx.event("record.created", template)
    return made
