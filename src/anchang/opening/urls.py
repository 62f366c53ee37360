"""Addresses of openings. /opening/ itself is the hot path (live.py)."""

from django.urls import path

from anchang.opening import drawn, views

urlpatterns = [
    path("choose/<str:text>/", views.choose, name="choose"),
    path("choose/<str:text>/identify", views.identify, name="choose-identify"),
    path("choose/<str:text>/favourites", views.favour, name="choose-favour"),
    path("choose/<str:text>/confirm", views.confirm, name="choose-confirm"),
    path("openings/", views.home, name="openings"),
    path("openings/lotteries/<int:lottery_id>/", drawn.lottery_page, name="lottery-list"),
    path("openings/lotteries/<int:lottery_id>/list.csv", drawn.lottery_file, name="lottery-file"),
    path("openings/<int:opening_id>/board/", views.live_board, name="opening-board"),
    path("openings/<int:opening_id>/links/", views.links, name="opening-links"),
    path("openings/<int:opening_id>/log.<str:form>", views.log_file, name="opening-log"),
]
