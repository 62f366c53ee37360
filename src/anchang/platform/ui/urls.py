"""Addresses of the shell and of the pages made from resources."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

from anchang.platform.ui import (
    acting,
    catalogue,
    condition_views,
    desk,
    finding,
    gate,
    lists,
    messages,
    places,
    pwa,
    records,
    roles,
    shapes,
    totals,
    welcome,
)

urlpatterns = [
    path("", gate.home, name="ui-home"),
    path("sw.js", login_not_required(pwa.worker), name="ui-worker"),
    path("manifest.webmanifest", login_not_required(pwa.manifest), name="ui-manifest"),
    path("offline/", login_not_required(pwa.offline), name="ui-offline"),
    path("language/", login_not_required(set_language), name="ui-language"),
    path("ui-catalogue", catalogue.catalogue, name="ui-catalogue"),
    path("project/", gate.switch_project, name="ui-project"),
    path("palette/", finding.palette, name="ui-palette"),
    path("messages/", messages.messages_page, name="ui-messages"),
    path("messages/unread", messages.unread, name="ui-unread"),
    path("messages/read-all", messages.read_all, name="ui-read-all"),
    path("messages/<int:notice_id>/", messages.open_notice, name="ui-notice"),
    path("messages/tasks/<int:task_id>/done", messages.task_done, name="ui-task-done"),
    path("roles/<int:role_id>/", roles.role_page, name="ui-role"),
    path("roles/<int:role_id>/<slug:name>/", roles.role_object, name="ui-role-object"),
    path("me/", desk.me, name="ui-me"),
    path("lock/", desk.lock, name="ui-lock"),
    path("switch/", desk.switch, name="ui-switch"),
    path("password/<str:text>", desk.password_link, name="ui-password-link"),
    path("welcome/", welcome.welcome, name="ui-welcome"),
    path("r/<slug:name>/", shapes.list_page, name="ui-list"),
    path("r/<slug:name>/totals", totals.totals, name="ui-totals"),
    path("r/<slug:name>/filter", lists.filter_editor, name="ui-filter"),
    path("r/<slug:name>/condition", condition_views.whole, name="ui-condition"),
    path("r/<slug:name>/condition/part", condition_views.part, name="ui-condition-part"),
    path("r/<slug:name>/condition/row", condition_views.row, name="ui-condition-row"),
    path("r/<slug:name>/condition/told", condition_views.told, name="ui-condition-told"),
    path("r/<slug:name>/columns", lists.columns_editor, name="ui-columns"),
    path("r/<slug:name>/save-view", lists.save_view, name="ui-save-view"),
    path("r/<slug:name>/views/<int:view_id>/delete", lists.delete_view, name="ui-delete-view"),
    path("r/<slug:name>/pick", finding.pick, name="ui-pick"),
    path("r/<slug:name>/new", acting.command_page, {"verb": "create"}, name="ui-new"),
    path("r/<slug:name>/do/<slug:verb>", acting.command_page, name="ui-do"),
    path("r/<slug:name>/bulk/<slug:verb>", acting.bulk_page, name="ui-bulk"),
    path("r/<slug:name>/<int:record_id>/", records.record_page, name="ui-record"),
    path("r/<slug:name>/<int:record_id>/panel", records.record_panel, name="ui-panel"),
    path("r/<slug:name>/<int:record_id>/do/<slug:verb>", acting.command_page, name="ui-do-record"),
    path("r/<slug:name>/<int:record_id>/fact/<slug:field>", acting.fact_page, name="ui-fact"),
    path("r/<slug:name>/<int:record_id>/reveal/<slug:field>", acting.reveal, name="ui-reveal"),
    path("r/<slug:name>/<int:record_id>/upload", records.upload, name="ui-upload"),
]

places.register_resource_places()
