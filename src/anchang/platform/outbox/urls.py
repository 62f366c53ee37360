"""Addresses of the outbox."""

from django.urls import path

from anchang.platform.outbox import views

urlpatterns = [path("message-texts/", views.texts, name="ui-message-texts")]
