"""What admins look after: who did what, and how this organization works."""

SECTION = "Admin"
