"""The installation itself as an app: it has jobs of its own (`tasks`)."""

from django.apps import AppConfig


class ConfigApp(AppConfig):
    name = "anchang.config"
    label = "config"
