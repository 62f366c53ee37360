"""Which connection may do what."""

from typing import Any


class OwnerMigrates:
    """Tables are made and changed by their owner only; the application's role owns nothing."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
