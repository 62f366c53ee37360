"""Addresses of the API, found by their first segment: a resource's name.

Django tries patterns one after the other, and the API has several per resource.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.urls import ResolverMatch, URLPattern, URLResolver, path

from anchang.platform.rest.api import build


class BySegment(URLResolver):
    """As the resolver that it is made from."""

    def __init__(self, of: URLResolver) -> None:
        super().__init__(of.pattern, of.urlconf_name, of.default_kwargs, of.app_name, of.namespace)

    def resolve(self, path: Any) -> ResolverMatch:
        match = self.pattern.match(str(path))
        inner = self._by_segment.get(match[0].partition("/")[0]) if match else None
        return inner.resolve(path) if inner else super().resolve(path)

    @cached_property
    def _by_segment(self) -> dict[str, URLResolver]:
        groups: dict[str, list[Any]] = {}
        for one in self.url_patterns:
            groups.setdefault(str(one.pattern).partition("/")[0], []).append(one)
        if any("<" in segment for segment in groups):
            return {}
        return {
            segment: URLResolver(self.pattern, patterns, self.default_kwargs, self.app_name, self.namespace)
            for segment, patterns in groups.items()
        }


urlpatterns: list[URLPattern | URLResolver] = [BySegment(path("api/v1/", build().urls))]
