"""Secrets inside words that others wrote."""

from __future__ import annotations

import logging

import pytest

from core.provider_kit.redaction import DropQueries, masked


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Malformed access token s3cret-value", "Malformed access token [redacted]"),
        ("s3cret-value and s3cret-value-longer", "[redacted] and [redacted]"),
        ("GET /x?access_token=abc&limit=5", "GET /x?access_token=[redacted]&limit=5"),
        ("appsecret_proof=00ff, client_secret=zz", "appsecret_proof=[redacted], client_secret=[redacted]"),
        ("Malformed access token EAABsbCS1iHgBAKZC", "Malformed access token [redacted]"),
        ("(#190) Error validating access token: expired", "(#190) Error validating access token: expired"),
        ("nothing in here", "nothing in here"),
    ],
)
def test_masked(text: str, left: str) -> None:
    assert masked(text, ["s3cret-value", "s3cret-value-longer", "", "in"]) == left


def test_queries_are_cut_off_log_records() -> None:
    record = logging.LogRecord("x", 10, "", 1, '%s "%s %s" %d', ("GET", "/a?token=1", None, 7), None)
    assert DropQueries().filter(record)
    assert record.getMessage() == 'GET "/a None" 7'
    assert DropQueries().filter(logging.LogRecord("x", 10, "", 1, "plain", None, None))
