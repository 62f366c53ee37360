"""A lookup for many values: `digest__any_of=[…]` is `in` with one array parameter, however many there are.

The models' base imports this module, so the lookup is there wherever models are.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.fields.related import ForeignObject


class AnyOf(models.Lookup):
    """`in` prepares, splits and quotes every value by itself; an array is one parameter."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        kind = str(self.lhs.output_field.db_type(connection)).split("(")[0].replace("varchar", "text")
        return f"{left} = ANY (%s::{kind}[])", (*params, list(self.rhs))


models.Field.register_lookup(AnyOf)
ForeignObject.register_lookup(AnyOf)
