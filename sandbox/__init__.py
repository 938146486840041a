"""Stand-ins for Meta and an OpenID provider, over HTTP, with faults on demand.

A program of its own: it imports nothing of the console, ingest, jobs or core, and is written from the provider
specifications (`docs/providers/*`), so that client and stand-in check each other. See README.md.
"""
