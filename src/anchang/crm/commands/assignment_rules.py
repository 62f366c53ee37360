"""Rules by which leads are assigned: written by the office, checked when saved."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _

from anchang.crm.commands.lead_assignment import RULE_ON, parse_rule
from anchang.crm.models import AssignmentRule
from anchang.kernel.errors import DomainError
from anchang.platform.binning import put_in_bin, restorable
from anchang.platform.commands import command, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Day, Input, Label, Name, Ref
from anchang.platform.models import Team


class RuleInput(Input):
    project: Annotated[Ref("projects") | None, Label(_("Project"))] = None
    name: Annotated[Name, Label(_("Name"))]
    position: Annotated[int, Between(0, 100000), Label(_("Order"))] = 100
    conditions: Annotated[dict[str, Any] | None, Label(_("Conditions"), condition=RULE_ON)] = None
    team: Annotated[Ref("teams") | None, Label(_("Team"))] = None
    user: Annotated[Ref("users") | None, Label(_("Consultant"))] = None
    min_level: Annotated[int | None, Between(1, 9), Label(_("Lowest level"))] = None
    fall_through: Annotated[bool, Label(_("Next rule when nobody is present"))] = False
    valid_from: Annotated[Day | None, Label(_("Valid from"))] = None
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    active: Annotated[bool, Label(_("Active"))] = True


@creates(AssignmentRule, label=_("New rule"), shape="primary", icon="plus")
def add_assignment_rules(ctx: Context, rows: list[RuleInput]) -> list[AssignmentRule]:
    """Without team and consultant a rule reaches every consultant. Raises bad_condition,
    rule_condition_wrong."""
    made = []
    for row in rows:
        values = {name: getattr(row, name) for name in type(row).model_fields if name != "project"}
        values["conditions"] = values["conditions"] or {}
        rule = AssignmentRule(project=ctx.here, created_by_id=ctx.user_id, **values)
        _check(rule)
        made.append(rule)
    AssignmentRule.objects.bulk_create(made)
    for rule in made:
        ctx.event("record.created", rule)
    return made


def _check(rule: AssignmentRule) -> None:
    parse_rule(rule.conditions)
    if rule.team_id and rule.user_id:
        raise DomainError("bad_input", status=422, fields={"user": "no_rule_target"})
    if rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from:
        raise DomainError("bad_input", status=422, fields={"valid_to": "low_above_high"})


class RuleEdit(Input):
    name: Annotated[Name | None, Label(_("Name"))] = None
    position: Annotated[int | None, Between(0, 100000), Label(_("Order"))] = None
    conditions: Annotated[dict[str, Any] | None, Label(_("Conditions"), condition=RULE_ON)] = None
    team: Annotated[Ref("teams") | None, Label(_("Team"))] = None
    user: Annotated[Ref("users") | None, Label(_("Consultant"))] = None
    min_level: Annotated[int | None, Between(1, 9), Label(_("Lowest level"))] = None
    fall_through: Annotated[bool | None, Label(_("Next rule when nobody is present"))] = None
    valid_from: Annotated[Day | None, Label(_("Valid from"))] = None
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    active: Annotated[bool | None, Label(_("Active"))] = None


_NEEDED = {"name": "", "position": 100, "conditions": {}, "fall_through": False, "active": True}


@edits(AssignmentRule, label=_("Edit"), icon="edit")
def edit_assignment_rule(ctx: Context, rule: AssignmentRule, data: RuleEdit) -> AssignmentRule:
    for name in data.model_fields_set:
        value = getattr(data, name)
        setattr(rule, name, _NEEDED[name] if value is None and name in _NEEDED else value)
    if not rule.name:
        raise DomainError("bad_input", status=422, fields={"name": "required"})
    _check(rule)
    rule.save()
    ctx.event("record.edited", rule, fields=", ".join(sorted(data.model_fields_set)))
    return rule


class ServesInput(Input):
    conditions: Annotated[dict[str, Any] | None, Label(_("Serves"), condition=RULE_ON)] = None


@command(
    Team, verb="serve", label=_("Which leads it serves"), icon="arrows-split", permission="teams.edit",
    prefill=lambda team: {"conditions": team.conditions},
)  # fmt: skip
def set_served(ctx: Context, team: Team, data: ServesInput) -> Team:
    """The leads that reach the team when no rule of the office says otherwise; nothing: all. Raises bad_condition,
    rule_condition_wrong."""
    parse_rule(data.conditions)
    team.conditions = data.conditions or {}
    team.save(update_fields=["conditions", "updated_at"])
    ctx.event("record.edited", team, fields="conditions")
    return team


@command(
    AssignmentRule,
    verb="delete",
    label=_("Delete"),
    icon="trash",
    shape="danger",
    name="delete_assignment_rule",
)
def delete_assignment_rule(ctx: Context, rule: AssignmentRule) -> dict[str, Any]:
    return put_in_bin(ctx, rule)


restorable(AssignmentRule, "restore_assignment_rule")
