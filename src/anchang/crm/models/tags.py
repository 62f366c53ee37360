"""Tags (标签) of customers: given by hand, or by a rule that a job applies."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from anchang.crm.models.base import ALIVE
from anchang.crm.models.customers import Customer
from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel
from anchang.platform.models.fields import user_key


class Tag(ProjectModel):
    """A word of the project for customers. With a condition it is on exactly those who fulfil it; without one it is
    given and taken by hand."""

    name = models.CharField(_("Name"), max_length=20)
    category = models.CharField(_("Category"), max_length=20, blank=True)
    condition = models.JSONField(
        _("Rule"), default=dict, blank=True,
        help_text=_("A condition on customers; the tag is then given by this rule alone. Empty: by hand."),
    )  # fmt: skip
    active = models.BooleanField(_("Active"), default=True)
    applied_at = models.DateTimeField(_("Rule last applied"), null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("project", "name", condition=ALIVE, name="tag_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def by_rule(self) -> bool:
        return bool(self.condition)


class CustomerTag(ProjectFact):
    """One tag on one customer. `by`: who gave it; nobody: the tag's rule."""

    personal, personal_of = {"*": "delete"}, "customer"

    customer = ProjectKey(Customer, verbose_name=_("Customer"))
    tag = ProjectKey(Tag, verbose_name=_("Tag"))
    by = user_key(_("By"), null=True)
    at = models.DateTimeField(_("Time"), default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint("project", "customer", "tag", name="customer_tag_once")]
        indexes = [models.Index(fields=["project", "tag", "customer"], name="customer_tag_customers")]


class TagPass(ProjectFact):
    """How far the events of customers have been read for the rules: the last transaction."""

    xid = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("project", name="tag_pass_once")]
