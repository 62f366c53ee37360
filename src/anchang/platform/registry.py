"""Loads every installed app's declarations, once, and checks them at start-up."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.checks import Error, register

from anchang.platform import commands, plain, resources, wording

_MODULES = ("errors", "parameters", "commands", "resources", "tasks", "imports", "exports")
_PLATFORM = ("office", "outbox", "exporting")  # the platform's own parts that declare something
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
        homes = [f"{config.name}.{part}" for part in _PLATFORM] if config.label == "platform" else [config.name]
        for name in (f"{home}.{module}" for home in homes for module in _MODULES):
            if find_spec(name) is not None:
                import_module(name)
    plain.complete()


@register()
def check_declarations(app_configs: Any, **kwargs: Any) -> list[Error]:
    found = [*resources.problems(), *commands.problems()]
    found += [f"the code {code} is worded twice" for code in wording.worded_twice()]
    return [Error(text, id="anchang.E001") for text in found]
