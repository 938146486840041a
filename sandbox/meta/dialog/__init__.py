"""The login dialog of www.facebook.com (meta 2.1)."""
