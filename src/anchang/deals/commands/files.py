"""Attaching files to the papers of a deal, and putting a new version in the place of an old one."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.deals.models import Contract, Deal, DealFile, Hold, Subscription
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Ref
from anchang.platform.models import StoredFile


class AttachInput(Input):
    """`file`: one that the caller has just stored. Without a paper: the newest of the deal."""

    file: Annotated[Ref("files"), Label(_("File"))]
    title: Annotated[str, Field(max_length=100), Label(_("File title"))] = ""
    hold: Annotated[Ref("holds") | None, Label(_("Hold"))] = None
    subscription: Annotated[Ref("subscriptions") | None, Label(_("Subscription"))] = None
    contract: Annotated[Ref("contracts") | None, Label(_("Contract"))] = None
    note: Annotated[Line, Label(_("Note"))] = ""


class ReplaceInput(Input):
    file: Annotated[Ref("files"), Label(_("File"))]
    note: Annotated[Line, Label(_("Note"))] = ""


@command(Deal, verb="attach", label=_("Attach a file"), icon="paperclip", shape="")
def attach_file(ctx: Context, deal: Deal, data: AttachInput) -> DealFile:
    """The first version of a document, at a paper of this deal."""
    stored = _free_file(ctx, data.file)
    made = DealFile(
        project=ctx.here, deal=deal, title=data.title.strip() or stored.name[:100], file=stored, note=data.note,
        created_by_id=ctx.user_id, **_paper(deal, data),
    )  # fmt: skip
    return _keep(ctx, made, stored)


@command(
    DealFile, verb="replace", label=_("New version"), icon="file-arrow-right", shape="",
    refuses=lambda f: None if f.current else Refusal("file_replaced_before"),
)  # fmt: skip
def replace_file(ctx: Context, old: DealFile, data: ReplaceInput) -> DealFile:
    """The next version. The old one is kept and says that it was replaced."""
    stored = _free_file(ctx, data.file)
    old.current = False
    old.save(update_fields=["current", "updated_at"])
    made = DealFile(
        project=ctx.here, deal_id=old.deal_id, hold_id=old.hold_id, subscription_id=old.subscription_id,
        contract_id=old.contract_id, title=old.title, edition=old.edition + 1, file=stored, note=data.note,
        replaces=old, created_by_id=ctx.user_id,
    )  # fmt: skip
    return _keep(ctx, made, stored)


def _paper(deal: Deal, data: AttachInput) -> dict[str, Any]:
    """The named paper, which must be the deal's, or its newest one."""
    named = {n: getattr(data, n) for n in ("hold", "subscription", "contract") if getattr(data, n) is not None}
    for name, paper in named.items():
        if paper.deal_id != deal.pk or len(named) > 1:
            raise DomainError("paper_not_of_deal", status=422, fields={name: "paper_not_of_deal"})
    if named:
        return named
    for name, model in (("contract", Contract), ("subscription", Subscription), ("hold", Hold)):
        found = model._default_manager.filter(project_id=deal.project_id, deal=deal).order_by("-id").first()
        if found is not None:
            return {name: found}
    raise DomainError("deal_has_no_paper")


def _free_file(ctx: Context, stored: StoredFile) -> StoredFile:
    """A file of the caller that belongs to no record yet: nobody takes another record's file along."""
    if stored.resource or stored.created_by_id != ctx.user_id:
        raise DomainError("bad_input", status=422, fields={"file": "not_found"})
    return stored


def _keep(ctx: Context, made: DealFile, stored: StoredFile) -> DealFile:
    made.save(force_insert=True)
    StoredFile.objects.filter(pk=stored.pk).update(resource="deal-files", record_id=made.pk)
    deal = made.deal
    ctx.event("deal.file_attached", deal, customer_id=deal.customer_id, title=made.title, edition=made.edition)
    return made
