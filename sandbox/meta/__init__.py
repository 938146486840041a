"""Meta as the sandbox plays it: login dialog, Graph API, Facebook Pages. Specification: docs/providers/meta.md."""
