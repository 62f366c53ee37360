"""The platform's own objects as resources: projects, teams, users, roles, to-dos, notices, parameters."""
