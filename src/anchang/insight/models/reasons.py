"""Why a deal is late, and what is done about it (逾期原因)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Deal
from anchang.platform.models.base import ProjectFact, ProjectKey
from anchang.platform.models.fields import user_key


class DelayReason(ProjectFact):
    """One word about a late deal. The newest stands on the boards; none is ever changed."""

    append_only = True

    deal = ProjectKey(Deal, verbose_name=_("Deal"))
    reason = models.CharField(_("Reason"), max_length=30)
    next_action = models.CharField(_("Next action"), max_length=200)
    next_on = models.DateField(_("Next date"))
    at = models.DateTimeField(_("Said at"))
    by = user_key(_("Said by"), null=True)

    class Meta:
        indexes = [models.Index(fields=["project", "deal", "-id"], name="delay_reason_newest")]

    def __str__(self) -> str:
        return self.reason
