"""Files, search tokens, imports."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anchang.platform.models.base import ProjectFact, ProjectKey, ProjectModel


class StoredFile(ProjectModel):
    """A file that belongs to a record (附件): name, size, SHA-256; the bytes are in chunks."""

    name = models.CharField(_("Name"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    resource = models.CharField(max_length=60, blank=True)
    record_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "resource", "record_id"], name="file_record"),
            models.Index(fields=["project", "sha256"], name="file_sha"),
        ]

    def __str__(self) -> str:
        return self.name


class FileChunk(ProjectFact):
    """One piece of a file's bytes, shared by files of a project with the same SHA-256."""

    sha256 = models.CharField(max_length=64)
    seq = models.IntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("project", "sha256", "seq", name="chunk_once")]


class SearchToken(models.Model):
    """`token` finds `record_id` of `resource`: bigrams, pinyin, initials, phone tails (see platform.search)."""

    append_only = False
    frozen: tuple[str, ...] = ()
    frozen_when = ""
    audited = False

    pk = models.CompositePrimaryKey("project_id", "resource", "token", "record_id")
    # Without a constraint: a check per token would cost an import more than its records do. The record that
    # the tokens come from has one.
    project = models.ForeignKey(
        "platform.Project", models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    resource = models.CharField(max_length=30, db_collation="C")
    record_id = models.BigIntegerField()
    token = models.CharField(max_length=40, db_collation="C")


class SearchRecord(models.Model):
    """The tokens that a record has in `SearchToken`, so that they are found again when it changes.

    One row per record instead of an index over all tokens: that index was half the cost of writing them.
    """

    append_only = False
    frozen: tuple[str, ...] = ()
    frozen_when = ""
    audited = False

    pk = models.CompositePrimaryKey("project_id", "resource", "record_id")
    project = models.ForeignKey(
        "platform.Project", models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    resource = models.CharField(max_length=30, db_collation="C")
    record_id = models.BigIntegerField()
    tokens = models.TextField()  # parted by `bulk.TOKEN_END`


class ImportJob(ProjectModel):
    """One import of a file: mapping, progress, report; undone while its rows are untouched."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Preview")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    audited = False

    kind = models.CharField(_("Kind"), max_length=40)
    file_name = models.CharField(_("File"), max_length=200)
    sha256 = models.CharField(max_length=64)
    file = ProjectKey(StoredFile, null=True)
    mapping = models.JSONField(default=dict)
    header_signature = models.CharField(max_length=64, blank=True)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.DRAFT)
    done_rows = models.IntegerField(_("Rows done"), default=0)
    rows = models.IntegerField(_("Rows"), default=0)
    created = models.IntegerField(_("Created"), default=0)
    updated = models.IntegerField(_("Updated"), default=0)
    unchanged = models.IntegerField(_("Unchanged"), default=0)
    refused_count = models.IntegerField(_("Refused"), default=0)
    report = models.JSONField(default=dict)
    user = models.ForeignKey("platform.User", models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.file_name


class ImportRefusal(ProjectFact):
    """One row of a file that an import left out, kept so that it can be corrected and imported again.

    `content` is {"cells": […], "problems": […]} as encrypted JSON: cells hold phones as people typed them.
    """

    job = ProjectKey(ImportJob)
    row = models.IntegerField()
    sheet = models.CharField(max_length=60, blank=True)
    content = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["project", "job", "row"], name="import_refusal_row")]


class JobReport(ProjectModel):
    """A long task (任务) that a person started: export, batch print, recalculation."""

    class State(models.TextChoices):
        APPROVAL = "approval", _("Waiting for approval")
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    audited = False

    kind = models.CharField(_("Kind"), max_length=40)
    title = models.CharField(_("Title"), max_length=200)
    state = models.CharField(_("State"), max_length=10, choices=State.choices, default=State.WAITING)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    params = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    file = ProjectKey(StoredFile, null=True)
    user = models.ForeignKey("platform.User", models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.title
