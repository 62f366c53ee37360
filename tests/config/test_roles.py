"""The standard roles name only rights that exist."""

from __future__ import annotations

from anchang.config.roles import HIDDEN, STANDARD
from anchang.platform import commands, resources


def test_every_right_exists() -> None:
    known = {"*", "reports.own", "reports.project", "reports.ranking", "reports.*", "views.share"}
    for resource in resources.all_resources():
        known |= {f"{resource.name}.{verb}" for verb in ("view", "export", "*")}
    known |= {commands.permission_of(c) for c in commands.all_commands()}
    for role, (_, rights) in STANDARD.items():
        assert set(rights) <= known, (role, set(rights) - known)


def test_own_scope_only_where_rows_have_an_owner() -> None:
    """An own-scoped right on rows that nobody owns would reach nothing."""
    for role, (_, rights) in STANDARD.items():
        for right, scope in rights.items():
            resource = resources.find(right.split(".")[0])
            if scope == "own" and resource is not None and not resource.group_level:
                assert resource.owner, (role, right)


def test_hidden_fields_exist() -> None:
    for fields in HIDDEN.values():
        for name, hidden in fields.items():
            assert set(hidden) <= set(resources.get(name).by_name)
