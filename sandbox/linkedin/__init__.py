"""LinkedIn as the sandbox plays it: OAuth, Rest.li resources, Page posts. Specification: docs/providers/linkedin.md."""
