"""Units that were sold before this system knew of them: claimed, so that nobody sells them again."""

from __future__ import annotations

from collections.abc import Sequence

from anchang.deals.models import UnitClaim
from anchang.inventory.commands import after_import, after_undo
from anchang.inventory.models import Unit
from anchang.inventory.queries import legacy_sold_units
from anchang.platform.context import Context


def claim_sold_units(ctx: Context) -> int:
    """Give every imported sold unit without a claim a legacy one (no deal, no amounts, outside reports).

    One statement; running it again changes nothing. Answers how many claims the project then has.
    """
    free = legacy_sold_units(ctx.here).filter(state=Unit.State.SIGNED)
    UnitClaim.objects.bulk_create(
        [
            UnitClaim(project=ctx.here, unit_id=unit_id, kind=UnitClaim.Kind.LEGACY, since=ctx.now)
            for unit_id in free.values_list("id", flat=True)
        ],
        ignore_conflicts=True,
        batch_size=2000,
    )
    return UnitClaim.objects.filter(project=ctx.here, kind=UnitClaim.Kind.LEGACY).count()


def claim_imported_units(ctx: Context, _units: Sequence[Unit]) -> None:
    """In the transaction of the import: between import and claim nobody sells such a unit."""
    claim_sold_units(ctx)


def unclaim_units(ctx: Context, unit_ids: Sequence[int]) -> None:
    """Units of an import that was undone are not there any more, and nobody claims them."""
    UnitClaim.objects.filter(project=ctx.here, kind=UnitClaim.Kind.LEGACY, unit_id__in=list(unit_ids)).delete()


after_import.append(claim_imported_units)
after_undo.append(unclaim_units)
