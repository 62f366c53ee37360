from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlatformConfig(AppConfig):
    name = "anchang.platform"
    label = "platform"
    verbose_name = _("Platform")

    def ready(self) -> None:
        from anchang.platform import registry

        registry.discover()
