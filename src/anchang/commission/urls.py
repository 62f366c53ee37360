"""Addresses of the pages of pay."""

from django.urls import path

from anchang.commission import views

urlpatterns = [
    path("commission/", views.settlement_page, name="commission"),
    path("commission/recalculate/", views.recalculate_page, name="commission-recalculate"),
    path("commission/statement/<int:record_id>/", views.statement_page, name="commission-statement"),
    path("commission/statement/<int:record_id>.pdf", views.statement_paper, name="commission-statement-paper"),
]
