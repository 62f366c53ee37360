"""Addresses of imports, exports, jobs and files."""

from django.urls import path

from anchang.platform.exporting import views as exporting
from anchang.platform.importing import views

urlpatterns = [
    path("importing/", views.home, name="ui-imports"),
    path("importing/<int:job_id>/", views.detail, name="ui-import"),
    path("importing/<int:job_id>/begin", views.begin, name="ui-import-begin"),
    path("importing/<int:job_id>/progress", views.progress, name="ui-import-progress"),
    path("importing/<int:job_id>/cancel", views.cancel, name="ui-import-cancel"),
    path("importing/<int:job_id>/undo", views.undo, name="ui-import-undo"),
    path("importing/<int:job_id>/refused.xlsx", views.refused, name="ui-import-refused"),
    path("r/<str:name>/export", exporting.export, name="ui-export"),
    path("jobs/", exporting.my_jobs, name="ui-jobs"),
    path("jobs/list", exporting.jobs_list, name="ui-jobs-list"),
    path("jobs/<int:job_id>/cancel", exporting.cancel, name="ui-job-cancel"),
    path("files/<int:file_id>/download", exporting.download, name="ui-file"),
]
