"""Live streams as the composition root finds them (settings.LIVE_APPS)."""

from anchang.platform.ui.live import application

__all__ = ["application"]
