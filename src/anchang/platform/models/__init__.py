"""Rows that every other app stands on: tenancy, identity, access, history, messages, files."""

from anchang.platform.models.access import FieldRule, Grant, PersonalGrant, Role, RolePermission
from anchang.platform.models.base import ProjectModel
from anchang.platform.models.exports import ExportRequest
from anchang.platform.models.history import AuditRow, Event, IdempotencyKey, RevealLog
from anchang.platform.models.identity import ApiToken, ResetLink, User
from anchang.platform.models.messages import Notice, Task
from anchang.platform.models.outgoing import MessageChannel, MessageTemplate, OutgoingMessage
from anchang.platform.models.settings import NumberBook, Parameter, SavedView
from anchang.platform.models.storage import (
    FileChunk,
    ImportJob,
    ImportRefusal,
    JobReport,
    SearchRecord,
    SearchToken,
    StoredFile,
)
from anchang.platform.models.tenancy import Company, ConfigStamp, Project, Team, TeamMember

__all__ = [
    "ApiToken", "AuditRow", "Company", "ConfigStamp", "Event", "ExportRequest", "FieldRule", "FileChunk",
    "Grant",
    "IdempotencyKey", "ImportJob", "ImportRefusal", "JobReport", "MessageChannel", "MessageTemplate", "Notice",
    "NumberBook", "OutgoingMessage", "Parameter", "PersonalGrant", "Project", "ProjectModel", "ResetLink", "RevealLog",
    "Role", "RolePermission", "SavedView", "SearchRecord", "SearchToken", "StoredFile", "Task", "Team",
    "TeamMember", "User",
]  # fmt: skip
