"""The books of another project as a start for this one: its chart of accounts and its templates."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.finance.commands.voucher_templates import put_in_use
from anchang.finance.models import Account, VoucherTemplate, VoucherTemplateLine
from anchang.finance.rules import vouchers as rules
from anchang.kernel.errors import DomainError, forbidden
from anchang.platform.commands import project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Ref


class CopyBooksInput(Input):
    """`bank_account`: this project's, wherever a line of a template names one of the other's."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    source: Annotated[Ref("projects"), Label(_("From the project"))]
    bank_account: Annotated[str, Field(min_length=1, max_length=60), Label(_("Bank account"))]


@project_command(
    VoucherTemplate, verb="copy-books", label=_("Copy another project's books"),
    permission="voucher-templates.set-up", icon="copy",
)  # fmt: skip
def copy_books(ctx: Context, data: CopyBooksInput) -> dict[str, Any]:
    """Accounts in use whose code this project hasn't, and the templates of events that have none here; what is there
    already stays as it is. Those in use there come checked and in use. The asker must be allowed to read them there."""
    for right in ("accounts.view", "voucher-templates.view"):
        if not ctx.access.may(right, data.source.pk):
            raise forbidden(right)
    if data.source.pk == ctx.here.pk:
        raise DomainError("bad_input", status=422, fields={"source": "bad_choice"})
    accounts = _copy_accounts(ctx, data.source.pk)
    templates = _copy_templates(ctx, data.source.pk, data.bank_account)
    return {"accounts": accounts, "templates": templates}


def _copy_accounts(ctx: Context, source: int) -> int:
    held = set(Account.objects.filter(project=ctx.here).values_list("code", flat=True))
    items = [f"by_{name}" for name in rules.AUXILIARIES]
    made = Account.objects.bulk_create(
        Account(project=ctx.here, created_by_id=ctx.user_id, **row)
        for row in Account.objects.filter(project=source, active=True).order_by("code").values(
            "code", "name", "kind", *items
        )
        if row["code"] not in held
    )  # fmt: skip
    ctx.index(made, fresh=True)
    return len(made)


def _copy_templates(ctx: Context, source: int, bank_account: str) -> int:
    held = set(VoucherTemplate.objects.filter(project=ctx.here).values_list("event", flat=True))
    wanted: dict[str, VoucherTemplate] = {}
    # The one in use stands for its event, else the newest.
    for found in VoucherTemplate.objects.filter(project=source).exclude(event__in=held).order_by("pk"):
        if found.event not in wanted or wanted[found.event].state != VoucherTemplate.State.IN_USE:
            wanted[found.event] = found
    made = VoucherTemplate.objects.bulk_create(
        VoucherTemplate(project=ctx.here, created_by_id=ctx.user_id, event=t.event, name=t.name, word=t.word)
        for t in wanted.values()
    )
    _copy_lines(ctx, dict(zip((t.pk for t in wanted.values()), made, strict=True)), bank_account)
    for template in made:
        ctx.event("record.created", template)
    put_in_use(t for t in made if wanted[t.event].state == VoucherTemplate.State.IN_USE)
    return len(made)


def _copy_lines(ctx: Context, templates: dict[int, VoucherTemplate], bank_account: str) -> None:
    accounts = {a.code: a for a in Account.objects.filter(project=ctx.here)}
    rows = VoucherTemplateLine.objects.filter(template__in=templates).select_related("account").order_by("pk")
    VoucherTemplateLine.objects.bulk_create(
        VoucherTemplateLine(
            project=ctx.here, created_by_id=ctx.user_id, template=templates[row.template_id], seq=row.seq,
            side=row.side, account=accounts[row.account.code], amount=row.amount, summary=row.summary,
            bank_account=bank_account if row.bank_account else "",
        )
        for row in rows
        if row.account.code in accounts
    )  # fmt: skip
