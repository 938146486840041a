"""What people do with posts: one transaction and one audit line each, idempotent under a double click.

Writing is in `writing` and `discarding`, asking in `submitting`, deciding in `reviewing`; this is the way in for pages.
"""

from core.posts.discarding import delete, undelete
from core.posts.exporting import export
from core.posts.holding import EditConflict
from core.posts.library import delete_file, undelete_file
from core.posts.reviewing import approve, approve_all, comment, request_changes
from core.posts.submitting import submit, withdraw
from core.posts.writing import WouldCost, create, duplicate, save, would_void

__all__ = [
    "EditConflict",
    "WouldCost",
    "approve",
    "approve_all",
    "comment",
    "create",
    "delete",
    "delete_file",
    "duplicate",
    "export",
    "request_changes",
    "save",
    "submit",
    "undelete",
    "undelete_file",
    "withdraw",
    "would_void",
]
