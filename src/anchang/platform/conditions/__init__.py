"""Condition (条件): a test on a record, stored as JSON, with one meaning in SQL and in Python.

    {"field": "grade", "op": "eq", "value": "A"}
    {"all": [...]}   {"any": [...]}   {"not": ...}

Two-valued: an empty value compares false, `not` is the complement. Paths cross relations with dots; a
path through a to-many relation means "some". `now` is passed in. Every hop needs the right to read it.
"""

from anchang.platform.conditions import values
from anchang.platform.conditions.evaluate import evaluate
from anchang.platform.conditions.parse import Both, Either, Negated, Node, Test, parse, paths, read
from anchang.platform.conditions.sql import compile_condition

__all__ = ["Both", "Either", "Negated", "Node", "Test", "compile_condition", "evaluate", "parse", "paths",
           "read", "values"]  # fmt: skip
