"""Files of the deal's papers (合同附件): each in versions that follow one another."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.deals.models.chain import Deal, Hold
from anchang.deals.models.contracts import Contract
from anchang.deals.models.subscriptions import Subscription
from anchang.platform.models.base import ProjectKey, ProjectModel


class DealFile(ProjectModel):
    """One version of a document that goes with a hold, a subscription or a contract. A version never changes;
    the next one names it in `replaces`, and only the newest is `current`."""

    frozen = ("deal_id", "hold_id", "subscription_id", "contract_id", "title", "edition", "file_id", "replaces_id")
    frozen_when = "true"

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    hold = ProjectKey(Hold, null=True, verbose_name=_("Hold"))
    subscription = ProjectKey(Subscription, null=True, verbose_name=_("Subscription"))
    contract = ProjectKey(Contract, null=True, verbose_name=_("Contract"))
    title = models.CharField(_("File title"), max_length=100)
    edition = models.PositiveSmallIntegerField(_("Version"), default=1)
    file = ProjectKey("platform.StoredFile", verbose_name=_("File"))
    note = models.CharField(_("Note"), max_length=200, blank=True)
    replaces = ProjectKey("self", null=True, verbose_name=_("Replaces"))
    current = models.BooleanField(_("In force"), default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(hold__isnull=False, subscription__isnull=True, contract__isnull=True)
                | models.Q(hold__isnull=True, subscription__isnull=False, contract__isnull=True)
                | models.Q(hold__isnull=True, subscription__isnull=True, contract__isnull=False),
                name="deal_file_of_one_paper",
            ),
            models.UniqueConstraint(
                "project", "replaces", condition=models.Q(replaces__isnull=False), name="deal_file_replaced_once"
            ),
            models.UniqueConstraint("project", "file", name="deal_file_once"),
        ]
        indexes = [
            models.Index(fields=["project", "deal"], name="deal_file_deal"),
            models.Index(fields=["project", "hold"], name="deal_file_hold"),
            models.Index(fields=["project", "subscription"], name="deal_file_subscription"),
            models.Index(fields=["project", "contract"], name="deal_file_contract"),
        ]

    def __str__(self) -> str:
        return self.title
