"""Anchang (案场): one system for a developer's sales offices."""

__version__ = "0.1.0"
