"""Addresses of "today" and of the reports' pages."""

from django.urls import path

from anchang.insight import views
from anchang.insight.today.views import today_page

urlpatterns = [
    path("", today_page, name="today"),
    path("reports/", views.catalogue_page, name="reports"),
    path("reports/closed/<int:close_id>/", views.closed_page, name="report-closed"),
    path("reports/statements/<int:record_id>/", views.statement_page, name="month-statement"),
    path("reports/<slug:key>/", views.report_page, name="report"),
]
