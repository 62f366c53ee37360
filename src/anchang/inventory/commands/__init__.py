"""Every write of the inventory. `change_unit_state` is the only writer of a unit's state."""

from anchang.inventory.commands.adjusting import (
    add_price_adjustments,
    approve_adjustment,
    refuse_adjustment,
    slow_movers,
)
from anchang.inventory.commands.generating import generate_units
from anchang.inventory.commands.heads import set_head
from anchang.inventory.commands.importing import after_import, after_undo, import_price_list, undo_price_list
from anchang.inventory.commands.licences import (
    add_licences,
    add_release_batches,
    edit_licence,
    tick_check,
)
from anchang.inventory.commands.matching import match_units
from anchang.inventory.commands.prices import (
    add_price_lists,
    adjust_draft,
    adjust_prices,
    approve_price_list,
    edit_price_list,
    publish,
    publish_due_lists,
    publish_price_list,
    reopen_price_list,
    set_prices,
)
from anchang.inventory.commands.publishing import remind_of_publication
from anchang.inventory.commands.quoting import (
    PriceResult,
    preview_plans_with,
    price_unit,
    quote_unit,
    recalculated,
    usable_discounts,
    worded_steps,
)
from anchang.inventory.commands.scheme import (
    add_discounts,
    add_payment_plans,
    edit_discount,
    edit_payment_plan,
)
from anchang.inventory.commands.schemes import (
    add_price_schemes,
    apply_scheme,
    approve_scheme,
    edit_price_scheme,
    new_scheme_version,
    refuse_scheme,
    submit_scheme,
    try_scheme,
)
from anchang.inventory.commands.states import (
    add_lock,
    announce,
    change_unit_state,
    clear_locks,
    confirm_price,
    control_unit,
    control_units,
    lock_unit,
    move_units,
    release_unit,
    release_units,
    retain_unit,
    set_unit_clock,
    unlock_unit,
)
from anchang.inventory.commands.tree import (
    add_units,
    approve_area,
    edit_building,
    edit_unit,
    measure_unit,
)
from anchang.platform.commands import constraint_errors

constraint_errors({
    "phase_code_once": "code_taken",
    "building_code_once": "code_taken",
    "layout_code_once": "code_taken",
    "batch_code_once": "code_taken",
    "dictionary_code_once": "code_taken",
    "discount_code_once": "code_taken",
    "payment_plan_code_once": "code_taken",
    "licence_number_once": "licence_exists",
    "unit_code_once": "unit_code_taken",
    "unit_lock_once": "lock_set_already",
    "unit_not_above_filed": "above_filed_price",
    "unit_on_sale_has_licence": "not_on_sale_without_licence",
    "unit_price_positive": ("price_not_positive", 422),
    "price_row_positive": ("price_not_positive", 422),
    "inventory_pricerow_posted": "price_list_published",
    "inventory_pricelist_posted": "price_list_published",
    "price_list_edition_once": "busy",
    "discount_factor_at_most_one": ("discount_out_of_range", 422),
    "discount_points_below_hundred": ("discount_out_of_range", 422),
    "discount_value_positive": ("discount_out_of_range", 422),
    "discount_most_positive": ("discount_out_of_range", 422),
    "discount_uses_left": "discount_used_up",
    "price_scheme_edition_once": "busy",
    "price_scheme_floor_ratio": ("discount_out_of_range", 422),
    "scheme_price_positive": ("price_not_positive", 422),
})  # fmt: skip

__all__ = [
    "PriceResult", "add_discounts", "add_licences", "add_lock", "add_payment_plans", "add_price_adjustments",
    "add_price_lists", "add_price_schemes", "add_release_batches", "add_units", "adjust_draft",
    "adjust_prices", "after_import", "after_undo", "announce", "apply_scheme", "approve_adjustment",
    "approve_area", "approve_price_list", "approve_scheme", "change_unit_state", "clear_locks",
    "confirm_price", "control_unit", "control_units", "edit_building", "edit_discount", "edit_licence",
    "edit_payment_plan", "edit_price_list", "edit_price_scheme", "edit_unit", "generate_units",
    "import_price_list", "lock_unit", "match_units", "measure_unit", "move_units", "new_scheme_version",
    "preview_plans_with", "price_unit", "publish", "publish_due_lists",
    "publish_price_list", "quote_unit", "recalculated",
    "refuse_adjustment", "refuse_scheme", "release_unit", "release_units",
    "remind_of_publication", "reopen_price_list",
    "retain_unit", "set_head", "set_prices", "set_unit_clock", "slow_movers", "submit_scheme", "tick_check",
    "try_scheme", "undo_price_list", "unlock_unit", "usable_discounts", "worded_steps",
]  # fmt: skip
