"""Addresses of the reports' pages."""

from django.urls import path

from anchang.insight import views

urlpatterns = [
    path("reports/", views.catalogue_page, name="reports"),
    path("reports/<slug:key>/", views.report_page, name="report"),
]
