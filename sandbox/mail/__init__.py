"""Mail as the sandbox takes it: SMTP on loopback, kept in the world, shown to people (PRODUCT 6, 8)."""
