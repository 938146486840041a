"""Organizations, their people and roles, and who is signed in."""

from core.organizations.claims import Claims, session_key

__all__ = ["Claims", "session_key"]
