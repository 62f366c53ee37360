"""Signing documents: which are needed, which were received (签约资料清单)."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Buyer, Deal, PlanLine, ReceivedDocument, RequiredDocument, Subscription
from anchang.kernel.errors import DomainError
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label


def documents_named(project_id: int | None) -> dict[str, str]:
    rows = RequiredDocument.objects.filter(project_id=project_id or 0).order_by("order", "id")
    return {str(pk): name for pk, name in rows.values_list("pk", "name")}


class DocumentRow(Input):
    """A document of the list; of whom, where every buyer brings his own."""

    document: Annotated[str, Label(pgettext_lazy("checklist", "Document"), "choice", choices=documents_named)]
    buyer: Annotated[Any, Label(_("Buyer"), "ref:buyers")] = None


class DocumentsInput(Input):
    """`documents`: [{document, buyer?}] by id; `received` false takes the tick back."""

    documents: Annotated[list[dict[str, Any]], Label(_("Documents"), rows=DocumentRow)]
    received: Annotated[bool, Label(_("Received"))] = True


def checklist(deal: Deal) -> list[dict[str, Any]]:
    """Every document that the deal needs, per buyer where it is a buyer's, with its tick."""
    required = list(RequiredDocument.objects.filter(project_id=deal.project_id).order_by("order", "id"))
    buyers = list(Buyer.objects.filter(project_id=deal.project_id, deal=deal).order_by("seq"))
    has_loan = PlanLine.objects.filter(
        project_id=deal.project_id, money__in=("bank", "fund"),
        subscription__in=Subscription.objects.filter(project_id=deal.project_id, deal=deal),
    ).exists() if required else False  # fmt: skip
    ticks = {
        (t.document_id, t.buyer_id): t
        for t in ReceivedDocument.objects.filter(project_id=deal.project_id, deal=deal)
    }
    lines = []
    for document in required:
        for buyer in _who_brings(document, buyers, has_loan):
            tick = ticks.get((document.pk, buyer.pk if buyer else None))
            lines.append({
                "document": {"id": document.pk, "label": document.name},
                "buyer": {"id": buyer.pk, "label": buyer.name} if buyer else None,
                "blocks_signing": document.blocks_signing,
                "received_at": tick.received_at.isoformat() if tick else None,
            })  # fmt: skip
    return lines


def _who_brings(document: RequiredDocument, buyers: list[Buyer], has_loan: bool) -> list[Buyer | None]:
    if document.needed_for == RequiredDocument.For.ANY:
        return [None]
    if document.needed_for == RequiredDocument.For.MORTGAGE:
        return [None] if has_loan else []
    if document.needed_for == RequiredDocument.For.MINOR:
        return [b for b in buyers if b.minor]
    return [b for b in buyers if b.kind == document.needed_for]


def missing_documents(ctx: Context, deal: Deal) -> tuple[str, ...]:
    """Names of documents that block signing, as the parameter says whether they do."""
    if not ctx.param("deals.documents_block_signing"):
        return ()
    return tuple(
        f"{line['document']['label']}" + (f" ({line['buyer']['label']})" if line["buyer"] else "")
        for line in checklist(deal)
        if line["blocks_signing"] and line["received_at"] is None
    )


@command(Deal, verb="receive-documents", label=_("Documents received"), icon="file-check")
def receive_documents(ctx: Context, deal: Deal, data: DocumentsInput) -> dict[str, Any]:
    """Tick documents off the list, or take ticks back. Answers the whole list."""
    known = {(line["document"]["id"], (line["buyer"] or {}).get("id")): line for line in checklist(deal)}
    names = []
    for i, each in enumerate(data.documents):
        key = (_id(each.get("document")), _id(each.get("buyer")))
        if key not in known:
            raise DomainError("document_unknown", status=422, fields={f"documents.{i}": "document_unknown"})
        names.append(known[key]["document"]["label"])
        if data.received:
            ReceivedDocument.objects.get_or_create(
                project=ctx.here, deal=deal, document_id=key[0],
                buyer_id=key[1],  # type: ignore[misc]  # None is the deal's own document
                defaults={"received_at": ctx.now, "received_by_id": ctx.user_id},
            )  # fmt: skip
        else:
            ReceivedDocument.objects.filter(
                project=ctx.here, deal=deal, document_id=key[0],
                buyer_id=key[1],  # type: ignore[misc]  # None is the deal's own document
            ).delete()
    if names and data.received:
        ctx.event("documents.received", deal, customer_id=deal.customer_id, documents=", ".join(names))
    return {"id": deal.pk, "documents": checklist(deal)}


def _id(value: Any) -> int | None:
    """An id as given: number, digits, or a reference's `{"id": …}`."""
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, bool) or value in (None, ""):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
