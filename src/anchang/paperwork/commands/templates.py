"""Templates: put in, checked, in use, retired; and counting the papers made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field

from anchang.deals.models import Contract
from anchang.kernel.errors import DomainError, Refusal
from anchang.paperwork import fields, queries
from anchang.paperwork.models import DocumentTemplate
from anchang.platform import files
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.documents import word
from anchang.platform.inputs import Day, Input, Label, Ref
from anchang.platform.models import Event, StoredFile

_KINDS = dict(DocumentTemplate.Kind.choices)


class TemplateInput(Input):
    """`file`: one that the caller has just stored. Without a product type it is for all."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    kind: Annotated[
        Literal["subscription", "contract", "receipt", "notice"],
        Label(pgettext_lazy("paper", "Paper"), kind="choice", choices=_KINDS),
    ]
    name: Annotated[str, Field(min_length=1, max_length=100), Label(_("Name"))]
    product_type: Annotated[
        str, Field(max_length=30), Label(_("Product type"), kind="choice", choices=queries.product_types)
    ] = ""
    active_from: Annotated[Day | None, Label(_("Valid from"))] = None
    file: Annotated[Ref("files"), Label(_("File"))]


@creates(DocumentTemplate, label=_("New template"))
def add_document_templates(ctx: Context, rows: list[TemplateInput]) -> list[DocumentTemplate]:
    """Take templates in as drafts, each checked. A file that is dangerous is refused (422); one that only has
    mistakes is kept with the list of them. The edition is counted per paper and product type."""
    return [_add(ctx, row) for row in rows]


def _add(ctx: Context, row: TemplateInput) -> DocumentTemplate:
    stored = _free_file(ctx, row.file)
    known = set(queries.product_types(ctx.here.pk))
    if row.product_type and row.product_type not in known:
        raise DomainError("bad_input", status=422, fields={"product_type": "choice_invalid"})
    same = DocumentTemplate.everything.filter(project=ctx.here, kind=row.kind, product_type=row.product_type)
    last = same.aggregate(last=Max("edition"))["last"] or 0
    made = DocumentTemplate(
        project=ctx.here, kind=row.kind, name=row.name, product_type=row.product_type, edition=last + 1,
        active_from=row.active_from or ctx.business_date, file=stored, created_by_id=ctx.user_id,
    )  # fmt: skip
    _check(ctx, made)
    made.save(force_insert=True)
    StoredFile.objects.filter(pk=stored.pk).update(resource="document-templates", record_id=made.pk)
    ctx.event("template.added", made, title=made.name, edition=made.edition, problems=len(made.problems))
    ctx.index([made], fresh=True)
    return made


def _free_file(ctx: Context, stored: StoredFile) -> StoredFile:
    """A file of the caller that belongs to no record yet, small enough to be looked at."""
    if stored.resource or stored.created_by_id != ctx.user_id or stored.project_id != ctx.here.pk:
        raise DomainError("bad_input", status=422, fields={"file": "not_found"})
    if stored.size > word.MAX_BYTES:
        raise DomainError("word_too_large", status=422, fields={"file": "word_too_large"})
    return stored


def _check(ctx: Context, template: DocumentTemplate) -> None:
    with files.open_file(template.file) as content:
        data = content.read()
    tree, sample = fields.TREES[template.kind], fields.sample(template.kind)
    template.problems = word.problems_of(data, tree, sample)
    template.checked_at = ctx.now


@command(
    DocumentTemplate, verb="activate", label=_("Put in use"), icon="player-play", shape="primary",
    name="activate_document_template",
    show=lambda t: t.state == "draft",
    refuses=lambda t: None if t.state == "draft" else Refusal("state_refused", {"state": t.state}),
)  # fmt: skip
def activate_template(ctx: Context, template: DocumentTemplate) -> DocumentTemplate:
    """From its day on, papers of its kind are made from it. It is checked once more: fields may have changed."""
    _check(ctx, template)
    if template.problems:
        raise DomainError("template_has_problems", count=len(template.problems))
    template.state = DocumentTemplate.State.ACTIVE
    template.save(update_fields=["state", "problems", "checked_at", "updated_at"])
    ctx.event("template.activated", template, title=template.name, since=template.active_from.isoformat())
    template.refresh_from_db()
    return template


@command(
    DocumentTemplate, verb="retire", name="retire_document_template", label=_("Retire"), icon="archive", shape="danger",
    show=lambda t: t.state != "retired",
    refuses=lambda t: None if t.state != "retired" else Refusal("state_refused", {"state": t.state}),
)  # fmt: skip
def retire_template(ctx: Context, template: DocumentTemplate) -> DocumentTemplate:
    """No more papers from it; the one before it, or the built-in form, holds again."""
    template.state = DocumentTemplate.State.RETIRED
    template.save(update_fields=["state", "updated_at"])
    ctx.event("template.retired", template, title=template.name)
    template.refresh_from_db()
    return template


@command(Contract, verb="notice", label=_("Notice to the buyer"), icon="mail", shape="", private_answer=True)
def number_notice(ctx: Context, contract: Contract) -> dict[str, Any]:
    """Number a notice about the contract and count it. The paper itself: `filling.word_paper`."""
    told = Event.objects.filter(
        project_id=ctx.here.pk, resource="contracts", record_id=contract.pk, name="notice.made"
    ).count()
    year = f"{ctx.business_date:%Y}"
    number = f"TZ{year}{ctx.number('notice', year):05d}"
    ctx.event(
        "notice.made", contract, customer_id=contract.customer_id, number=number, contract=contract.number,
        prints=told + 1,
    )  # fmt: skip
    return {"number": number, "prints": told + 1}
