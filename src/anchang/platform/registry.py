"""Loads every installed app's declarations, once, and checks them at start-up."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.checks import Error, register

_MODULES = ("errors", "commands", "resources", "tasks", "parameters", "messages")
_done = False


def discover() -> None:
    """Import `errors`, `commands`, `resources`, `tasks`, ... of each app of ours that has them."""
    global _done
    if _done:
        return
    _done = True
    for config in apps.get_app_configs():
        if not config.name.startswith("anchang."):
            continue
        for module in _MODULES:
            name = f"{config.name}.{module}"
            if find_spec(name) is not None:
                import_module(name)


@register()
def check_declarations(app_configs: Any, **kwargs: Any) -> list[Error]:
    from anchang.platform import commands, resources

    return [
        Error(text, id="anchang.E001") for text in [*resources.problems(), *commands.problems()]
    ]
