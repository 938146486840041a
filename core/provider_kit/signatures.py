"""What is hashed so that the bytes sent can be held against the bytes approved (RELIABILITY P5)."""

from __future__ import annotations

import hashlib


def call_sha256(method: str, path: str, body: bytes) -> bytes:
    """32 bytes over one visible call, without token, host or anything derived from a token."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).digest()
