"""Workspaces: a user's folder, loaded and looked up. It has no verbs."""

from discretion.workspace.desk import Workspace, open_workspace
from discretion.workspace.folder import LOG, SETTINGS, TUNING, Contents, read_folder
from discretion.workspace.notes import notes
from discretion.workspace.orphans import Orphans, orphans
from discretion.workspace.secret import SECRET, make_secret, new_secret, read_secret
from discretion.workspace.settings import Simulated, WorkspaceSettings

__all__ = [
    "LOG",
    "SECRET",
    "SETTINGS",
    "TUNING",
    "Contents",
    "Orphans",
    "Simulated",
    "Workspace",
    "WorkspaceSettings",
    "make_secret",
    "new_secret",
    "notes",
    "open_workspace",
    "orphans",
    "read_folder",
    "read_secret",
]
