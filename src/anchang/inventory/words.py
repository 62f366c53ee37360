"""Prices, checklists and roundings as text, for the pages that show them as facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from anchang.inventory.dictionaries import ROUNDINGS
from anchang.platform.ui import formats
from anchang.platform.wording import key_word, say_keys, say_values

#: Why the system itself moved a unit, kept as a code: people's own words stand beside these as they typed them.
REASONS: dict[str, Any] = {
    "deal_ended": gettext_lazy("Deal ended"), "reserved": gettext_lazy("Reserved in the price list"),
    "sold_before": gettext_lazy("Sold before the system"), "opening": gettext_lazy("Chosen online"),
    "opening_over": gettext_lazy("Opening over"),
}  # fmt: skip
#: What the head of a statutory price list says (价目表表头), by the name under which a list keeps it.
HEAD: dict[str, Any] = {
    "developer": gettext_lazy("Developer"), "project": gettext_lazy("Project's name"),
    "location": pgettext_lazy("price list", "Location"), "permit": gettext_lazy("Licence"),
    "land": gettext_lazy("Land use and years"),
    "land_years": gettext_lazy("Years of land use"), "plot_ratio": gettext_lazy("Plot ratio"),
    "greening": gettext_lazy("Greening ratio"), "parking_ratio": gettext_lazy("Parking ratio"),
    "building_type": gettext_lazy("Building type"), "structure": gettext_lazy("Structure"),
    "finish": gettext_lazy("Finish"), "utilities": gettext_lazy("Utilities"),
    "property_fee": gettext_lazy("Early-stage property fee"), "complaint_line": gettext_lazy("Price complaint line"),
}  # fmt: skip
#: Items of the checklists of release batches and launch schemes; an office adds its own in its own words.
CHECKS: dict[str, Any] = {
    "permit": gettext_lazy("Licence"), "price_list": gettext_lazy("Price list"),
    "contract_form": gettext_lazy("Contract form"), "rehearsal": gettext_lazy("Rehearsal"),
    "materials": gettext_lazy("Sales materials"), "training": gettext_lazy("Training"),
}  # fmt: skip
say_keys(
    check=CHECKS, reason=REASONS, rounded={
        "half_up": gettext_lazy("rounded half up"), "down": gettext_lazy("rounded down"),
        "up": gettext_lazy("rounded up"),
    },
    step={"list": gettext_lazy("List price"), "rounding": gettext_lazy("Rounding")},
)
say_values("event.launch.ticked", item=CHECKS)
say_values("event.batch.ticked", item=CHECKS)


def reason_text(reason: str) -> str:
    """A kept reason: the system's codes in words, a person's words as typed."""
    return key_word("reason", reason)


def steps_text(steps: Sequence[Mapping[str, Any]]) -> str:
    """List price, then what each step took off or added, in yuan."""
    told = []
    for step in steps:
        label = key_word("step", step["kind"]) if step["kind"] in ("list", "rounding") else step["label"]
        told.append(f"{label} {formats.money(step['after' if step['kind'] == 'list' else 'amount'])}")
    return "；".join(told)


def snapshot_text(snapshot: Mapping[str, Any]) -> str:
    """How the price of a paper came about, and what it came to."""
    steps = snapshot.get("steps") or []
    if not steps:
        return ""
    return f"{steps_text(steps)}；{_('Deal price')} {formats.money(steps[-1]['after'])}"


def rounding_text(name: str) -> str:
    """`half_up:0.01` in words."""
    mode, _colon, step = str(name).partition(":")
    return f"{key_word('rounded', mode)} · {step} {_('yuan')}"


#: The same in the lists that forms offer.
ROUNDING_WORDS: dict[str, Any] = {name: lazy(rounding_text, str)(name) for name in ROUNDINGS}
say_keys(parameter=ROUNDING_WORDS)


def checks_text(checks: Sequence[Mapping[str, Any]]) -> str:
    """Each item with who ticked it and when."""
    told = []
    for check in checks:
        done = " ".join(str(check[k]) for k in ("done_by", "done_on") if check.get(k))
        told.append(f"{key_word('check', check['item'])}（{done or formats.NOTHING}）")
    return "；".join(told)


def parts_text(parts: Sequence[Mapping[str, Any]]) -> str:
    """Each cash line of a payment plan with its weight and its days after signing."""
    return "；".join(
        f"{key_word('item', part['item'])}（{_('Weight')} {part['weight']} · {_('Days after signing')} {part['days']}）"
        for part in parts
    )


def head_text(facts: Mapping[str, Any]) -> str:
    """The head of a price list, fact by fact in the order of the form."""
    return "；".join(f"{label} {facts[name]}" for name, label in HEAD.items() if facts.get(name))


def targets_text(targets: Sequence[Mapping[str, Any]]) -> str:
    """What each building, or the whole scheme, shall bring."""
    told = []
    for target in targets:
        parts = [f"{_('Average price')} {formats.money(target['average'])}"] if target.get("average") else []
        parts += [f"{_('Total')} {formats.money(target['total'])}"] if target.get("total") else []
        told.append(f"{target.get('building') or _('All')}：{' · '.join(parts)}")
    return "；".join(told)


def footer_text(footer: Mapping[str, Any]) -> str:
    """The sums of a price list: units, gross area and total."""
    area, total = formats.number(Decimal(footer["gross_area"]), 2), formats.money(footer["list_total"])
    return f"{footer['units']} {_('units')} · {area} ㎡ · {total}"


def factors_text(factors: Sequence[Mapping[str, Any]]) -> str:
    """Each factor table by its name, with the number of its lines."""
    return "；".join(f"{factor['name']}（{len(factor['lines'])}）" for factor in factors)


__all__ = [
    "HEAD", "REASONS", "ROUNDING_WORDS", "checks_text", "factors_text", "footer_text", "head_text", "parts_text",
    "reason_text", "rounding_text", "snapshot_text", "steps_text", "targets_text",
]  # fmt: skip
