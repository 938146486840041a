"""Tokens at rest: what was sealed for one row opens there and nowhere else."""

from __future__ import annotations

import base64
import logging
import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from core.infra import crypto
from core.infra.crypto import CredentialContext, CredentialTampered, KeyRing, Sealed
from core.infra.settings import Settings

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
RING = KeyRing({"2026-11": NEW, "2025-01": OLD})

contexts = st.builds(
    CredentialContext,
    organization_id=st.uuids(),
    connection_id=st.uuids(),
    account_id=st.none() | st.uuids(),
    credential_id=st.uuids(),
    purpose=st.sampled_from(["grant", "account", "offer"]),
)
tokens = st.text(min_size=1, max_size=300)
COLUMNS = ("key_id", "wrapped_key", "nonce", "ciphertext")


@given(tokens, contexts)
def test_a_token_comes_back_as_it_was(token: str, context: CredentialContext) -> None:
    assert RING.open_sealed(RING.seal(SecretStr(token), context), context).get_secret_value() == token


@given(tokens, tokens, contexts, contexts, st.sets(st.sampled_from(COLUMNS), min_size=1))
def test_any_swap_of_columns_between_two_rows_fails_closed(
    token: str, other: str, row: CredentialContext, other_row: CredentialContext, swapped: set[str]
) -> None:
    if row == other_row:
        return
    mine, theirs = RING.seal(SecretStr(token), row), RING.seal(SecretStr(other), other_row)
    mixed = replace(mine, **{column: getattr(theirs, column) for column in swapped})
    if mixed == mine:  # only the key id was swapped, and both rows have the same
        assert swapped == {"key_id"}
        return
    with pytest.raises(CredentialTampered):
        RING.open_sealed(mixed, row)


@given(tokens, contexts, contexts)
def test_a_whole_row_opens_in_no_other_place(token: str, row: CredentialContext, other_row: CredentialContext) -> None:
    sealed = RING.seal(SecretStr(token), row)
    for column in ("organization_id", "connection_id", "account_id", "credential_id", "purpose"):
        if getattr(row, column) != getattr(other_row, column):
            with pytest.raises(CredentialTampered):
                RING.open_sealed(sealed, replace(row, **{column: getattr(other_row, column)}))


@given(tokens, contexts, st.sampled_from(COLUMNS[1:]), st.integers(min_value=0), st.integers(1, 255))
def test_one_changed_byte_anywhere_fails_closed(
    token: str, row: CredentialContext, column: str, where: int, change: int
) -> None:
    sealed = RING.seal(SecretStr(token), row)
    value = bytearray(getattr(sealed, column))
    value[where % len(value)] ^= change
    with pytest.raises(CredentialTampered):
        RING.open_sealed(replace(sealed, **{column: bytes(value)}), row)


@given(tokens, contexts, st.sampled_from(COLUMNS[1:]), st.integers(0, 11))
def test_a_cut_or_emptied_column_fails_closed(token: str, row: CredentialContext, column: str, length: int) -> None:
    sealed = RING.seal(SecretStr(token), row)
    with pytest.raises(CredentialTampered):
        RING.open_sealed(replace(sealed, **{column: getattr(sealed, column)[:length]}), row)


@given(tokens, contexts)
def test_an_old_key_still_opens_and_rewrapping_leaves_the_token_alone(token: str, row: CredentialContext) -> None:
    before = KeyRing({"2025-01": OLD}).seal(SecretStr(token), row)
    assert RING.open_sealed(before, row).get_secret_value() == token
    after = RING.rewrap(before, row)
    assert (after.key_id, after.nonce, after.ciphertext) == ("2026-11", before.nonce, before.ciphertext)
    assert after.wrapped_key != before.wrapped_key
    assert KeyRing({"2026-11": NEW}).open_sealed(after, row).get_secret_value() == token
    assert RING.rewrap(after, row) is after


def test_rewrapping_for_another_row_fails_closed() -> None:
    row, other = _context(), _context()
    with pytest.raises(CredentialTampered):
        RING.rewrap(KeyRing({"2025-01": OLD}).seal(SecretStr("EAAtoken"), row), other)


def test_a_key_id_of_another_key_fails_closed() -> None:
    row = _context()
    sealed = RING.seal(SecretStr("EAAtoken"), row)
    for key_id in ("2025-01", "unheard-of", ""):
        with pytest.raises(CredentialTampered):
            RING.open_sealed(replace(sealed, key_id=key_id), row)


def test_the_same_key_under_another_id_fails_closed() -> None:
    row = _context()
    sealed = KeyRing({"a": NEW}).seal(SecretStr("EAAtoken"), row)
    with pytest.raises(CredentialTampered):
        KeyRing({"b": NEW}).open_sealed(replace(sealed, key_id="b"), row)


def test_two_seals_of_one_token_share_no_column() -> None:
    row = _context()
    one, two = RING.seal(SecretStr("EAAtoken"), row), RING.seal(SecretStr("EAAtoken"), row)
    assert all(getattr(one, column) != getattr(two, column) for column in COLUMNS[1:])


def test_tampering_is_logged_with_the_row_and_without_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    row, other = _context(), _context()
    sealed = RING.seal(SecretStr("EAAcanary0123456789"), row)
    with caplog.at_level(logging.DEBUG), pytest.raises(CredentialTampered) as caught:
        RING.open_sealed(sealed, other)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "credential_tampered")
    assert record.__dict__["credential_id"] == str(other.credential_id)
    told = repr(record.__dict__) + repr(caught.value) + str(caught.value)
    assert "EAAcanary" not in told
    assert NEW.hex() not in told


def test_nothing_shows_a_token_or_its_key() -> None:
    row = _context()
    sealed = RING.seal(SecretStr("EAAcanary0123456789"), row)
    assert repr(sealed) == "Sealed(key_id='2026-11')"
    assert "canary" not in repr(RING.open_sealed(sealed, row)) + str(RING.open_sealed(sealed, row))


@pytest.mark.parametrize("keys", [{}, {"short": b"x" * 31}, {"good": NEW, "long": b"x" * 33}])
def test_a_ring_without_whole_keys_is_refused(keys: dict[str, bytes]) -> None:
    with pytest.raises(ValueError, match="key ring"):
        KeyRing(keys)


def test_an_installation_uses_the_keys_of_its_settings() -> None:
    secret = "one installation's secret, 32 characters or more"
    row = _context()
    try:
        crypto.use(Settings(MASTHEAD_SECRET_KEY=secret))
        derived = crypto.seal(SecretStr("EAAtoken"), row)
        assert derived.key_id == "derived-1"
        assert crypto.open_sealed(derived, row).get_secret_value() == "EAAtoken"
        mac = crypto.keyed_digest("a purpose", b"message")
        assert mac != crypto.keyed_digest("another purpose", b"message")

        ring = f"k2:{base64.b64encode(NEW).decode()},derived-1:{base64.b64encode(OLD).decode()}"
        crypto.use(Settings(MASTHEAD_SECRET_KEY=secret, MASTHEAD_CREDENTIAL_KEYS=ring))
        with pytest.raises(CredentialTampered):
            crypto.open_sealed(derived, row)
        assert crypto.keyed_digest("a purpose", b"message") == mac
        assert crypto.rewrap(crypto.seal(SecretStr("EAAtoken"), row), row).key_id == "k2"
    finally:
        crypto.use(None)


def test_settings_are_read_when_nobody_gave_any(monkeypatch: pytest.MonkeyPatch) -> None:
    crypto.use(None)
    monkeypatch.setenv("MASTHEAD_SECRET_KEY", "a secret from the environment, long enough")
    try:
        row = _context()
        assert crypto.open_sealed(crypto.seal(SecretStr("EAAtoken"), row), row).get_secret_value() == "EAAtoken"
    finally:
        crypto.use(None)


def test_a_sealed_row_that_was_never_sealed_is_refused() -> None:
    with pytest.raises(CredentialTampered):
        RING.open_sealed(Sealed("2026-11", b"", b"", b""), _context())


def _context() -> CredentialContext:
    return CredentialContext(uuid.uuid4(), uuid.uuid4(), None, uuid.uuid4(), "grant")
