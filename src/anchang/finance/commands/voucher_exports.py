"""Handing vouchers to the general ledger as a file, once each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _

from anchang.finance import voucher_files
from anchang.finance.models import AccountingPeriod, Voucher, VoucherBatch, VoucherLine
from anchang.kernel.errors import DomainError
from anchang.platform import files
from anchang.platform.commands import creates
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Ref
from anchang.platform.models import User

_FORMATS = dict(VoucherBatch.Format.choices)


class ExportInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    period: Annotated[Ref("accounting-periods"), Label(_("Accounting period"))]
    format: Annotated[Literal["kingdee", "yonyou"], Label(_("File format"), kind="choice", choices=_FORMATS)] = (
        "kingdee"
    )


@creates(VoucherBatch, label=_("Export vouchers"), icon="file-export")
def export_vouchers(ctx: Context, rows: list[ExportInput]) -> list[VoucherBatch]:
    """All vouchers of the period that were not exported yet, in one file at the batch. They never change again."""
    return [_export(ctx, row) for row in rows]


def _export(ctx: Context, data: ExportInput) -> VoucherBatch:
    period = AccountingPeriod.objects.select_for_update(no_key=True).get(pk=data.period.pk)
    held = Voucher.objects.select_for_update(no_key=True, of=("self",)).filter(
        project=ctx.here, period=period, state=Voucher.State.POSTED
    )
    ids = list(held.order_by("word", "seq").values_list("id", flat=True))
    if not ids:
        raise DomainError("nothing_to_export")
    lines = _rows(ctx, ids)
    content = voucher_files.kingdee(lines) if data.format == "kingdee" else voucher_files.yonyou(lines)
    debit, credit = voucher_files.totals(lines)
    batch = VoucherBatch(
        project=ctx.here, format=data.format, period=period, vouchers=len(ids), lines=len(lines), debit=debit,
        credit=credit, sha256=hashlib.sha256(content).hexdigest(), made_by_id=ctx.user_id, made_at=ctx.now,
    )  # fmt: skip
    batch.save(force_insert=True)
    Voucher.objects.filter(project=ctx.here, pk__in=ids).update(
        state=Voucher.State.EXPORTED, batch=batch, updated_at=ctx.now
    )
    end = "xlsx" if data.format == "kingdee" else "txt"
    files.save(
        ctx.here, f"vouchers-{ctx.here.code}-{period.month:%Y%m}-{batch.pk}.{end}", content,
        resource="voucher-batches", record_id=batch.pk, user_id=ctx.user_id,
    )  # fmt: skip
    ctx.event("vouchers.exported", batch, count=len(ids), period=str(period), total=str(debit))
    return batch


def _rows(ctx: Context, ids: Sequence[int]) -> list[voucher_files.Row]:
    lines = VoucherLine.objects.filter(project=ctx.here, voucher__in=ids).select_related("voucher", "customer", "unit")
    maker = User.objects.filter(pk=ctx.user_id or 0).values_list("name", flat=True).first() or ctx.actor.name
    return [
        voucher_files.Row(
            date=line.voucher.voucher_date, word=line.voucher.word, number=line.voucher.seq, seq=line.seq,
            account_code=line.account_code, account_name=line.account_name, summary=line.summary,
            debit=line.debit, credit=line.credit, document=line.voucher.source_number, maker=maker or "",
            customer_code=f"C{line.customer_id:08d}" if line.customer_id else "",
            customer_name=line.customer.name if line.customer else "",
            unit_code=line.unit.label if line.unit else "", unit_name=line.unit.label if line.unit else "",
            project_code=ctx.here.code if line.by_project else "",
            project_name=ctx.here.name if line.by_project else "", bank_account=line.bank_account,
        )
        for line in lines.order_by("voucher__word", "voucher__seq", "seq")
    ]  # fmt: skip
